//! Browsers that want to be woken (web push), and the few settings that the hub makes itself.

use sqlx::Row as _;

use super::{Person, Store, StoreError};

/// Browsers of one person.
const PER_PERSON_MAX: i64 = 8;

/// A browser.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Where its push service takes messages for it.
    pub endpoint: String,
}

impl Store {
    /// Adds a browser of somebody; the oldest makes room.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn subscribe(
        &self,
        person: &Person,
        endpoint: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO subscriptions (endpoint, person, added_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (endpoint) DO UPDATE SET person = excluded.person, \
             added_ms = excluded.added_ms",
        )
        .bind(endpoint)
        .bind(&person.id)
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM subscriptions WHERE person = $1 AND endpoint NOT IN \
             (SELECT endpoint FROM subscriptions WHERE person = $2 ORDER BY added_ms DESC LIMIT $3)",
        )
        .bind(&person.id)
        .bind(&person.id)
        .bind(PER_PERSON_MAX)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Every browser that wants to be woken, of those who see a host.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn subscriptions(&self, host: &str) -> Result<Vec<Subscription>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.endpoint FROM subscriptions s WHERE \
             NOT EXISTS (SELECT 1 FROM views v WHERE v.person = s.person) OR \
             EXISTS (SELECT 1 FROM views v WHERE v.person = s.person \
                     AND $1 LIKE v.matching ESCAPE '!')",
        )
        .bind(host)
        .fetch_all(&self.reads)
        .await?;
        rows.iter().map(|row| Ok(Subscription { endpoint: row.try_get("endpoint")? })).collect()
    }

    /// Forgets a browser: it was switched off, or its service knows it no more.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn unsubscribe(&self, endpoint: &str) -> Result<(), StoreError> {
        self.write(sqlx::query("DELETE FROM subscriptions WHERE endpoint = $1").bind(endpoint))
            .await?;
        Ok(())
    }

    /// A setting that the first replica to need it makes, and all share.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn setting(&self, name: &str, first: &str) -> Result<String, StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .bind(first)
        .execute(&mut *transaction)
        .await?;
        let row = sqlx::query("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_one(&mut *transaction)
            .await?;
        let value = row.try_get("value")?;
        transaction.commit().await?;
        Ok(value)
    }
}
