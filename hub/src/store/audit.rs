//! The hub's own record: who enrolled, logged in, answered, and what was refused. What counts
//! is on record at the host.

use sqlx::Row as _;

use super::writes::Write;
use super::{Store, StoreError};
use crate::secret;

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// What, such as `host.enrolled`.
    pub event: String,
    /// Who: a person's name, `host NAME`, or an address.
    pub who: String,
    /// About what: a host's name, a question's digest, a person's name.
    pub about: String,
    /// In words.
    pub detail: String,
}

const ADD: &str = "INSERT INTO audit (id, at_ms, event, who, about, detail) \
                   VALUES ($1, $2, $3, $4, $5, $6)";

impl Store {
    /// Puts something on record that is in no other transaction.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn record(
        &self,
        now_ms: i64,
        event: &str,
        who: &str,
        about: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        record(&mut transaction, now_ms, event, who, about, detail).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The newest entries first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit(&self, limit: i64) -> Result<Vec<Entry>, StoreError> {
        let rows = sqlx::query(
            "SELECT at_ms, event, who, about, detail FROM audit \
             ORDER BY at_ms DESC, id DESC LIMIT $1",
        )
        .bind(limit)
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Entry {
                    at_ms: row.try_get("at_ms")?,
                    event: row.try_get("event")?,
                    who: row.try_get("who")?,
                    about: row.try_get("about")?,
                    detail: row.try_get("detail")?,
                })
            })
            .collect()
    }
}

/// Puts something on record with what it is about.
pub(super) async fn record(
    transaction: &mut Write,
    now_ms: i64,
    event: &str,
    who: &str,
    about: &str,
    detail: &str,
) -> Result<(), StoreError> {
    let id = secret::name().map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?;
    sqlx::query(ADD)
        .bind(id)
        .bind(now_ms)
        .bind(event)
        .bind(who)
        .bind(about)
        .bind(detail)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
