//! Logins: challenges that are signed once, and the sessions that follow.

use sqlx::Row as _;

use super::{Person, Store, StoreError, audit};
use crate::limits::{CHALLENGES_MAX, SESSIONS_PER_PERSON_MAX};

/// How a session shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// By a cookie of the page; what changes something also needs its second secret.
    Cookie,
    /// By a bearer token, of a program.
    Bearer,
}

impl SessionKind {
    const fn text(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Bearer => "bearer",
        }
    }
}

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who.
    pub person: Person,
    /// What the page sends along with what changes something.
    pub csrf: String,
    /// When it ends, in milliseconds since 1970-01-01 UTC.
    pub expires_ms: i64,
}

impl Store {
    /// Keeps a challenge until it is used or over. Whether there was room.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn add_challenge(
        &self,
        digest: &str,
        now_ms: i64,
        expires_ms: i64,
    ) -> Result<bool, StoreError> {
        let added = self
            .write(
                sqlx::query(
                    "INSERT INTO challenges (digest, expires_ms) SELECT $1, $2 \
             WHERE (SELECT COUNT(*) FROM challenges WHERE expires_ms > $3) < $4",
                )
                .bind(digest)
                .bind(expires_ms)
                .bind(now_ms)
                .bind(CHALLENGES_MAX),
            )
            .await?;
        Ok(added.rows_affected() == 1)
    }

    /// Uses a challenge up. Whether it stood.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn use_challenge(&self, digest: &str, now_ms: i64) -> Result<bool, StoreError> {
        let used = self
            .write(
                sqlx::query("DELETE FROM challenges WHERE digest = $1 AND expires_ms > $2")
                    .bind(digest)
                    .bind(now_ms),
            )
            .await?;
        Ok(used.rows_affected() == 1)
    }

    /// Begins a session.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn add_session(
        &self,
        digest: &str,
        kind: SessionKind,
        session: &Session,
        how: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "DELETE FROM sessions WHERE person = $1 AND digest NOT IN \
             (SELECT digest FROM sessions WHERE person = $2 ORDER BY made_ms DESC LIMIT $3)",
        )
        .bind(&session.person.id)
        .bind(&session.person.id)
        .bind(SESSIONS_PER_PERSON_MAX - 1)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO sessions (digest, person, kind, csrf, made_ms, expires_ms) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(digest)
        .bind(&session.person.id)
        .bind(kind.text())
        .bind(&session.csrf)
        .bind(now_ms)
        .bind(session.expires_ms)
        .execute(&mut *transaction)
        .await?;
        let name = &session.person.name;
        audit::record(&mut transaction, now_ms, "login", name, name, how).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The session of a secret, while it lasts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session(
        &self,
        digest: &str,
        kind: SessionKind,
        now_ms: i64,
    ) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(
            "SELECT p.id, p.name, s.csrf, s.expires_ms FROM sessions s \
             JOIN people p ON p.id = s.person \
             WHERE s.digest = $1 AND s.kind = $2 AND s.expires_ms > $3",
        )
        .bind(digest)
        .bind(kind.text())
        .bind(now_ms)
        .fetch_optional(&self.reads)
        .await?;
        row.map(|row| {
            Ok(Session {
                person: Person { id: row.try_get("id")?, name: row.try_get("name")? },
                csrf: row.try_get("csrf")?,
                expires_ms: row.try_get("expires_ms")?,
            })
        })
        .transpose()
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn end_session(&self, digest: &str) -> Result<(), StoreError> {
        self.write(sqlx::query("DELETE FROM sessions WHERE digest = $1").bind(digest)).await?;
        Ok(())
    }
}
