//! What people are told beside the page, each with how it went. A notice is due at an instant;
//! whoever of several replicas moves that instant on has it, so that none is sent twice.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Store, StoreError};
use crate::secret;

/// How a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeState {
    /// It is to be sent, perhaps again.
    Waiting,
    /// The service has taken it.
    Sent,
    /// It was given up.
    Failed,
}

impl NoticeState {
    const fn text(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// A notice.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Its name.
    pub id: String,
    /// The digest of the question that it is about.
    pub question: String,
    /// Where it goes.
    pub channel: String,
    /// What it tells: `asked` or `over`.
    pub event: String,
    /// How it stands, in one word.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is due.
    pub due_ms: i64,
    /// When it was sent or given up.
    pub done_ms: Option<i64>,
    /// What the last attempt came to.
    pub why: Option<String>,
}

impl Store {
    /// Adds notices of an event to channels, due now.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn add_notices(
        &self,
        question: &str,
        event: &str,
        channels: &[String],
        now_ms: i64,
    ) -> Result<(), StoreError> {
        if channels.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        for channel in channels {
            let id = secret::name().map_err(|no| sqlx::Error::Io(std::io::Error::other(no)))?;
            sqlx::query(
                "INSERT INTO notices (id, question, channel, event, state, attempts, due_ms) \
                 VALUES ($1, $2, $3, $4, 'waiting', 0, $5)",
            )
            .bind(id)
            .bind(question)
            .bind(channel)
            .bind(event)
            .bind(now_ms)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Takes the notices that are due, so that nobody else does before an instant.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn due_notices(
        &self,
        now_ms: i64,
        until_ms: i64,
        limit: i64,
    ) -> Result<Vec<Notice>, StoreError> {
        let due = sqlx::query(
            "SELECT id, question, channel, event, state, attempts, due_ms, done_ms, why \
             FROM notices WHERE state = 'waiting' AND due_ms <= $1 ORDER BY due_ms LIMIT $2",
        )
        .bind(now_ms)
        .bind(limit)
        .fetch_all(&self.reads)
        .await?;
        let mut mine = Vec::new();
        for row in &due {
            let notice = notice(row)?;
            let taken = self
                .write(
                    sqlx::query(
                        "UPDATE notices SET due_ms = $1, attempts = attempts + 1 \
                 WHERE id = $2 AND state = 'waiting' AND due_ms = $3",
                    )
                    .bind(until_ms)
                    .bind(&notice.id)
                    .bind(notice.due_ms),
                )
                .await?;
            if taken.rows_affected() == 1 {
                mine.push(Notice { attempts: notice.attempts + 1, ..notice });
            }
        }
        Ok(mine)
    }

    /// When the next notice is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_notice(&self) -> Result<Option<i64>, StoreError> {
        let row = sqlx::query(
            "SELECT due_ms FROM notices WHERE state = 'waiting' ORDER BY due_ms LIMIT 1",
        )
        .fetch_optional(&self.reads)
        .await?;
        row.map(|row| Ok(row.try_get("due_ms")?)).transpose()
    }

    /// Notes how an attempt went.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn notice_tried(
        &self,
        id: &str,
        state: NoticeState,
        at_ms: i64,
        why: Option<&str>,
    ) -> Result<(), StoreError> {
        let done = (state != NoticeState::Waiting).then_some(at_ms);
        self.write(
            sqlx::query(
                "UPDATE notices SET state = $1, due_ms = $2, done_ms = $3, why = $4 WHERE id = $5",
            )
            .bind(state.text())
            .bind(at_ms)
            .bind(done)
            .bind(why)
            .bind(id),
        )
        .await?;
        Ok(())
    }

    /// The notices about a question.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn notices(&self, question: &str) -> Result<Vec<Notice>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, question, channel, event, state, attempts, due_ms, done_ms, why \
             FROM notices WHERE question = $1 ORDER BY channel, event",
        )
        .bind(question)
        .fetch_all(&self.reads)
        .await?;
        rows.iter().map(notice).collect()
    }
}

fn notice(row: &AnyRow) -> Result<Notice, StoreError> {
    Ok(Notice {
        id: row.try_get("id")?,
        question: row.try_get("question")?,
        channel: row.try_get("channel")?,
        event: row.try_get("event")?,
        state: row.try_get("state")?,
        attempts: row.try_get("attempts")?,
        due_ms: row.try_get("due_ms")?,
        done_ms: row.try_get("done_ms")?,
        why: row.try_get("why")?,
    })
}
