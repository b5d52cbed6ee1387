//! Answers, as their approvers signed them, on their way to the host. Each has its place in
//! the host's own sequence, so that none is lost and none comes in another's place.

use sqlx::Row as _;

use super::{Store, StoreError, audit};
use crate::limits::{ANSWERS_PER_QUESTION_MAX, ANSWERS_PER_REPLY_MAX};
use crate::store::Host;
use crate::store::questions::Received;

/// An answer that came, its signature checked.
#[derive(Debug)]
pub struct Given<'a> {
    /// SHA-256 of the whole answer.
    pub digest: &'a str,
    /// As it came.
    pub answer: &'a str,
    /// Who signed it.
    pub approver: &'a str,
    /// His word.
    pub verdict: &'a str,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// It waits for the host, under this number.
    Waits(i64),
    /// It came before, under this number.
    Known(i64),
    /// He has answered already, and the host has not refused it.
    Answered,
    /// The question is over.
    Over,
    /// There are as many answers to it as there may be.
    TooMany,
}

/// How an answer stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its number in the host's sequence.
    pub seq: i64,
    /// Who.
    pub approver: String,
    /// His word.
    pub verdict: String,
    /// When.
    pub given_ms: i64,
    /// When the host has taken it, where it has.
    pub taken_ms: Option<i64>,
    /// Whether it counts there.
    pub accepted: Option<bool>,
    /// Why not.
    pub why: Option<String>,
}

/// What a host says of an answer.
#[derive(Debug)]
pub struct Taking<'a> {
    /// Its number.
    pub seq: i64,
    /// Whether it counts.
    pub accepted: bool,
    /// Why not.
    pub why: Option<&'a str>,
}

impl Store {
    /// Takes an answer to a question, once.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn submit(
        &self,
        question: &Received,
        answer: &Given<'_>,
        now_ms: i64,
    ) -> Result<Submitted, StoreError> {
        let mut transaction = self.begin().await?;
        // First, so that answers of one host queue here, on PostgreSQL too. What is not
        // committed leaves no gap.
        let row =
            sqlx::query("UPDATE hosts SET answers = answers + 1 WHERE id = $1 RETURNING answers")
                .bind(&question.host_id)
                .fetch_one(&mut *transaction)
                .await?;
        let seq: i64 = row.try_get("answers")?;
        let digest = &question.listed.digest;
        let before = sqlx::query(
            "SELECT seq, digest, approver, taken_ms, accepted FROM answers WHERE question = $1",
        )
        .bind(digest)
        .fetch_all(&mut *transaction)
        .await?;
        for row in &before {
            if row.try_get::<String, _>("digest")? == answer.digest {
                return Ok(Submitted::Known(row.try_get("seq")?));
            }
        }
        let open = sqlx::query(
            "SELECT 1 AS one FROM questions WHERE digest = $1 AND over_ms IS NULL AND closes_ms > $2",
        )
        .bind(digest)
        .bind(now_ms)
        .fetch_optional(&mut *transaction)
        .await?;
        if open.is_none() {
            return Ok(Submitted::Over);
        }
        for row in &before {
            let refused = row.try_get::<Option<i64>, _>("accepted")? == Some(0);
            if row.try_get::<String, _>("approver")? == answer.approver && !refused {
                return Ok(Submitted::Answered);
            }
        }
        if i64::try_from(before.len()).unwrap_or(i64::MAX) >= ANSWERS_PER_QUESTION_MAX {
            return Ok(Submitted::TooMany);
        }
        sqlx::query(
            "INSERT INTO answers (host, seq, question, digest, answer, approver, verdict, given_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&question.host_id)
        .bind(seq)
        .bind(digest)
        .bind(answer.digest)
        .bind(answer.answer)
        .bind(answer.approver)
        .bind(answer.verdict)
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        audit::record(
            &mut transaction,
            now_ms,
            "answer.given",
            answer.approver,
            digest,
            answer.verdict,
        )
        .await?;
        transaction.commit().await?;
        Ok(Submitted::Waits(seq))
    }

    /// What a host has not taken yet, after a number, in order: number and answer.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn waiting(&self, host: &Host, after: i64) -> Result<Vec<(i64, String)>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, answer FROM answers \
             WHERE host = $1 AND taken_ms IS NULL AND seq > $2 ORDER BY seq LIMIT $3",
        )
        .bind(&host.id)
        .bind(after)
        .bind(ANSWERS_PER_REPLY_MAX)
        .fetch_all(&self.reads)
        .await?;
        rows.iter().map(|row| Ok((row.try_get("seq")?, row.try_get("answer")?))).collect()
    }

    /// Notes that a host has taken an answer. The question's digest, where it is one of that
    /// host's; a second time changes nothing.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn taken(
        &self,
        host: &Host,
        taking: &Taking<'_>,
        now_ms: i64,
    ) -> Result<Option<String>, StoreError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "UPDATE answers SET taken_ms = COALESCE(taken_ms, $1), \
             accepted = COALESCE(accepted, $2), why = COALESCE(why, $3) \
             WHERE host = $4 AND seq = $5 RETURNING question, approver",
        )
        .bind(now_ms)
        .bind(i64::from(taking.accepted))
        .bind(taking.why)
        .bind(&host.id)
        .bind(taking.seq)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let question: String = row.try_get("question")?;
        transaction.commit().await?;
        Ok(Some(question))
    }

    /// How the answers to a question stand.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn standing(&self, question: &str) -> Result<Vec<Standing>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, approver, verdict, given_ms, taken_ms, accepted, why \
             FROM answers WHERE question = $1 ORDER BY seq",
        )
        .bind(question)
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Standing {
                    seq: row.try_get("seq")?,
                    approver: row.try_get("approver")?,
                    verdict: row.try_get("verdict")?,
                    given_ms: row.try_get("given_ms")?,
                    taken_ms: row.try_get("taken_ms")?,
                    accepted: row.try_get::<Option<i64>, _>("accepted")?.map(|it| it != 0),
                    why: row.try_get("why")?,
                })
            })
            .collect()
    }
}
