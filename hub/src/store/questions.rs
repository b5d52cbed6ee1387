//! Questions, as their hosts signed them.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::writes::Write;
use super::{Store, StoreError, audit};
use crate::limits::{
    AUDIT_ENTRIES_MAX, LIST_MAX, QUESTIONS_KEPT_PER_HOST_MAX, QUESTIONS_OPEN_PER_HOST_MAX,
};
use crate::store::{Host, Person};

/// A question that came, its signature checked.
#[derive(Debug)]
pub struct Put<'a> {
    /// SHA-256 of the text, hexadecimal.
    pub digest: &'a str,
    /// The ID of the request at its host.
    pub id: &'a str,
    /// Who asks, for lists.
    pub requester: &'a str,
    /// What for, in a few words, for lists.
    pub summary: &'a str,
    /// The exact text.
    pub text: &'a str,
    /// The host's signature of it, armoured.
    pub signature: &'a str,
    /// When silence is a no, by the hub's clock.
    pub closes_ms: i64,
}

/// What became of a question that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is new.
    New,
    /// It came before.
    Known,
    /// It is another host's.
    Others,
    /// The host has as many open as one may have.
    TooMany,
}

/// A question in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// SHA-256 of the text, hexadecimal.
    pub digest: String,
    /// The host's name.
    pub host: String,
    /// The ID at the host.
    pub id: String,
    /// Who asks.
    pub requester: String,
    /// What for.
    pub summary: String,
    /// When it came.
    pub received_ms: i64,
    /// When silence is a no.
    pub closes_ms: i64,
    /// When somebody looked at it first.
    pub seen_ms: Option<i64>,
    /// When it was over, where it is.
    pub over_ms: Option<i64>,
    /// How.
    pub outcome: Option<String>,
    /// By whom, where somebody decided.
    pub over_by: Option<String>,
}

/// One question, whole.
#[derive(Debug, Clone)]
pub struct Received {
    /// As in lists.
    pub listed: Listed,
    /// The hub's name for the host.
    pub host_id: String,
    /// The host's public key line.
    pub host_key_line: String,
    /// The fingerprint of the key that signed it.
    pub host_key: String,
    /// The exact text.
    pub text: String,
    /// The host's signature, armoured.
    pub signature: String,
}

/// How a question ended, as its host says.
#[derive(Debug)]
pub struct Over<'a> {
    /// SHA-256 of its text.
    pub digest: &'a str,
    /// In one word.
    pub outcome: &'a str,
    /// By whom.
    pub by: Option<&'a str>,
}

macro_rules! listed {
    ($($rest:expr),+) => {
        concat!(
            "SELECT q.digest, h.name AS host, q.id, q.requester, q.summary, q.received_ms, ",
            "q.closes_ms, q.seen_ms, q.over_ms, q.outcome, q.over_by ",
            "FROM questions q JOIN hosts h ON h.id = q.host ",
            $($rest),+
        )
    };
}

/// Of what `h` names, only what that person sees: his ID is bound twice.
macro_rules! seen_by {
    ($first:literal, $second:literal) => {
        concat!(
            "(NOT EXISTS (SELECT 1 FROM views v WHERE v.person = ",
            $first,
            ") OR EXISTS (SELECT 1 FROM views v WHERE v.person = ",
            $second,
            " AND h.name LIKE v.matching ESCAPE '!'))"
        )
    };
}

impl Store {
    /// Takes a question of a host, once.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn put_question(
        &self,
        host: &Host,
        question: &Put<'_>,
        now_ms: i64,
    ) -> Result<Stored, StoreError> {
        let mut transaction = self.begin().await?;
        let count = sqlx::query(
            "SELECT COUNT(*) AS count FROM questions WHERE host = $1 AND over_ms IS NULL",
        )
        .bind(&host.id)
        .fetch_one(&mut *transaction)
        .await?;
        let full = count.try_get::<i64, _>("count")? >= QUESTIONS_OPEN_PER_HOST_MAX;
        let known = sqlx::query("SELECT host FROM questions WHERE digest = $1")
            .bind(question.digest)
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(known) = known {
            let owner: String = known.try_get("host")?;
            return Ok(if owner == host.id { Stored::Known } else { Stored::Others });
        }
        if full {
            return Ok(Stored::TooMany);
        }
        let added = sqlx::query(
            "INSERT INTO questions (digest, host, id, requester, summary, text, signature, \
             host_key, received_ms, closes_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (digest) DO NOTHING",
        )
        .bind(question.digest)
        .bind(&host.id)
        .bind(question.id)
        .bind(question.requester)
        .bind(question.summary)
        .bind(question.text)
        .bind(question.signature)
        .bind(&host.fingerprint)
        .bind(now_ms)
        .bind(question.closes_ms)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(if added.rows_affected() == 1 { Stored::New } else { Stored::Known })
    }

    /// Closes a question of a host. Whether that changed anything.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn close_question(
        &self,
        host: &Host,
        over: &Over<'_>,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        // A question that ran out here is over as its host says, which knows.
        let closed = sqlx::query(
            "UPDATE questions SET over_ms = COALESCE(over_ms, $1), outcome = $2, over_by = $3 \
             WHERE digest = $4 AND host = $5 AND (over_ms IS NULL OR outcome = 'expired')",
        )
        .bind(now_ms)
        .bind(over.outcome)
        .bind(over.by)
        .bind(over.digest)
        .bind(&host.id)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(closed.rows_affected() == 1)
    }

    /// Whether a host has put a question.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_question(&self, host: &Host, digest: &str) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 AS one FROM questions WHERE digest = $1 AND host = $2")
            .bind(digest)
            .bind(&host.id)
            .fetch_optional(&self.reads)
            .await?;
        Ok(row.is_some())
    }

    /// What is open now of what somebody sees, the newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_questions(
        &self,
        person: &Person,
        now_ms: i64,
    ) -> Result<Vec<Listed>, StoreError> {
        let rows = sqlx::query(listed!(
            "WHERE q.over_ms IS NULL AND q.closes_ms > $1 AND ",
            seen_by!("$2", "$3"),
            " ORDER BY q.received_ms DESC LIMIT $4"
        ))
        .bind(now_ms)
        .bind(&person.id)
        .bind(&person.id)
        .bind(LIST_MAX)
        .fetch_all(&self.reads)
        .await?;
        rows.iter().map(listed).collect()
    }

    /// How many of these are open now, also those beyond the list.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_count(&self, person: &Person, now_ms: i64) -> Result<i64, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT COUNT(*) AS count FROM questions q JOIN hosts h ON h.id = q.host \
             WHERE q.over_ms IS NULL AND q.closes_ms > $1 AND ",
            seen_by!("$2", "$3")
        ))
        .bind(now_ms)
        .bind(&person.id)
        .bind(&person.id)
        .fetch_one(&self.reads)
        .await?;
        Ok(row.try_get("count")?)
    }

    /// What was over before an instant of what somebody sees, the latest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn closed_questions(
        &self,
        person: &Person,
        before_ms: i64,
    ) -> Result<Vec<Listed>, StoreError> {
        let rows = sqlx::query(listed!(
            "WHERE q.over_ms IS NOT NULL AND q.over_ms < $1 AND ",
            seen_by!("$2", "$3"),
            " ORDER BY q.over_ms DESC LIMIT $4"
        ))
        .bind(before_ms)
        .bind(&person.id)
        .bind(&person.id)
        .bind(LIST_MAX)
        .fetch_all(&self.reads)
        .await?;
        rows.iter().map(listed).collect()
    }

    /// The name of a question's host.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn host_of_question(&self, digest: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(
            "SELECT h.name FROM questions q JOIN hosts h ON h.id = q.host WHERE q.digest = $1",
        )
        .bind(digest)
        .fetch_optional(&self.reads)
        .await?;
        row.map(|row| Ok(row.try_get("name")?)).transpose()
    }

    /// One question.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn question(&self, digest: &str) -> Result<Option<Received>, StoreError> {
        let row = sqlx::query(
            "SELECT q.digest, h.name AS host, q.id, q.requester, q.summary, q.received_ms, \
             q.closes_ms, q.seen_ms, q.over_ms, q.outcome, q.over_by, h.id AS host_id, \
             h.key_line, q.host_key, q.text, q.signature \
             FROM questions q JOIN hosts h ON h.id = q.host WHERE q.digest = $1",
        )
        .bind(digest)
        .fetch_optional(&self.reads)
        .await?;
        row.map(|row| {
            Ok(Received {
                listed: listed(&row)?,
                host_id: row.try_get("host_id")?,
                host_key_line: row.try_get("key_line")?,
                host_key: row.try_get("host_key")?,
                text: row.try_get("text")?,
                signature: row.try_get("signature")?,
            })
        })
        .transpose()
    }

    /// Notes that somebody looks at a question. Whether he is the first.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn question_seen(
        &self,
        digest: &str,
        who: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let seen =
            sqlx::query("UPDATE questions SET seen_ms = $1 WHERE digest = $2 AND seen_ms IS NULL")
                .bind(now_ms)
                .bind(digest)
                .execute(&mut *transaction)
                .await?;
        if seen.rows_affected() == 1 {
            audit::record(&mut transaction, now_ms, "question.seen", who, digest, "").await?;
        }
        transaction.commit().await?;
        Ok(seen.rows_affected() == 1)
    }

    /// Closes what nobody has answered in time, clears away what is past keeping. The digests
    /// of what was closed.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn sweep(&self, now_ms: i64, kept_since_ms: i64) -> Result<Vec<String>, StoreError> {
        let mut transaction = self.begin().await?;
        let closed = sqlx::query(
            "UPDATE questions SET over_ms = closes_ms, outcome = 'expired' \
             WHERE over_ms IS NULL AND closes_ms <= $1 RETURNING digest",
        )
        .bind(now_ms)
        .fetch_all(&mut *transaction)
        .await?;
        for statement in [
            "DELETE FROM challenges WHERE expires_ms <= $1",
            "DELETE FROM sessions WHERE expires_ms <= $1",
            "DELETE FROM invitations WHERE expires_ms <= $1",
            "DELETE FROM oidc_logins WHERE expires_ms <= $1",
        ] {
            sqlx::query(statement).bind(now_ms).execute(&mut *transaction).await?;
        }
        for statement in [
            "DELETE FROM tokens WHERE expires_ms <= $1",
            "DELETE FROM questions WHERE over_ms <= $1",
            "DELETE FROM audit WHERE at_ms <= $1",
        ] {
            sqlx::query(statement).bind(kept_since_ms).execute(&mut *transaction).await?;
        }
        thin_out(&mut transaction).await?;
        transaction.commit().await?;
        closed.iter().map(|row| Ok(row.try_get("digest")?)).collect()
    }
}

/// What one host has asked, and what was refused, has a bound also within its time.
async fn thin_out(transaction: &mut Write) -> Result<(), StoreError> {
    let full = sqlx::query("SELECT host FROM questions GROUP BY host HAVING COUNT(*) > $1")
        .bind(QUESTIONS_KEPT_PER_HOST_MAX)
        .fetch_all(&mut **transaction)
        .await?;
    for row in full {
        let host: String = row.try_get("host")?;
        sqlx::query(
            "DELETE FROM questions WHERE host = $1 AND over_ms IS NOT NULL AND received_ms <= \
             (SELECT received_ms FROM questions WHERE host = $2 \
              ORDER BY received_ms DESC LIMIT 1 OFFSET $3)",
        )
        .bind(&host)
        .bind(&host)
        .bind(QUESTIONS_KEPT_PER_HOST_MAX)
        .execute(&mut **transaction)
        .await?;
    }
    sqlx::query(
        "DELETE FROM audit WHERE at_ms <= \
         (SELECT at_ms FROM audit ORDER BY at_ms DESC LIMIT 1 OFFSET $1)",
    )
    .bind(AUDIT_ENTRIES_MAX)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn listed(row: &AnyRow) -> Result<Listed, StoreError> {
    Ok(Listed {
        digest: row.try_get("digest")?,
        host: row.try_get("host")?,
        id: row.try_get("id")?,
        requester: row.try_get("requester")?,
        summary: row.try_get("summary")?,
        received_ms: row.try_get("received_ms")?,
        closes_ms: row.try_get("closes_ms")?,
        seen_ms: row.try_get("seen_ms")?,
        over_ms: row.try_get("over_ms")?,
        outcome: row.try_get("outcome")?,
        over_by: row.try_get("over_by")?,
    })
}
