//! Hosts, and the tokens that they enrol with.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Store, StoreError, audit};

/// A host that has enrolled.
#[derive(Debug, Clone)]
pub struct Host {
    /// The hub's name for it.
    pub id: String,
    /// Its own name, as its questions have it.
    pub name: String,
    /// Its public key, an OpenSSH line.
    pub key_line: String,
    /// The fingerprint of that key.
    pub fingerprint: String,
}

/// A host in a list.
#[derive(Debug, Clone)]
pub struct HostListed {
    /// Which.
    pub host: Host,
    /// When it enrolled, in milliseconds since 1970-01-01 UTC.
    pub enrolled_ms: i64,
    /// When it was heard of last.
    pub seen_ms: i64,
    /// How many of its questions are open.
    pub open: i64,
}

/// A host that wants to enrol, its signature checked.
#[derive(Debug)]
pub struct Enrolment<'a> {
    /// The digest of its token.
    pub token: &'a str,
    /// A name for it, should it be new.
    pub id: &'a str,
    /// Its own name.
    pub name: &'a str,
    /// Its key.
    pub key_line: &'a str,
    /// The key's fingerprint.
    pub fingerprint: &'a str,
    /// The digest of the credential that it will get.
    pub credential: &'a str,
}

const COLUMNS: &str = "SELECT id, name, key_line, fingerprint FROM hosts \
                       WHERE credential = $1 AND removed_ms IS NULL";

/// Hosts of which is noted at once that they were heard of: an answer waits no longer for that.
const SEEN_AT_ONCE: usize = 100;

impl Store {
    /// Lets one host of a name enrol, once, until the token expires.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn add_token(
        &self,
        digest: &str,
        host: &str,
        now_ms: i64,
        expires_ms: i64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO tokens (digest, host, expires_ms) VALUES ($1, $2, $3)")
            .bind(digest)
            .bind(host)
            .bind(expires_ms)
            .execute(&mut *transaction)
            .await?;
        audit::record(&mut transaction, now_ms, "token.made", "admin", host, "").await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes the token and has the host; one that is known by its name gets a new key and
    /// credential. `None` when the token is none, used or expired, or another host's.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn enrol(
        &self,
        host: &Enrolment<'_>,
        now_ms: i64,
    ) -> Result<Option<String>, StoreError> {
        let mut transaction = self.begin().await?;
        let used = sqlx::query(
            "UPDATE tokens SET used_ms = $1 \
             WHERE digest = $2 AND host = $3 AND used_ms IS NULL AND expires_ms > $4",
        )
        .bind(now_ms)
        .bind(host.token)
        .bind(host.name)
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        if used.rows_affected() != 1 {
            return Ok(None);
        }
        let row = sqlx::query(
            "INSERT INTO hosts (id, name, key_line, fingerprint, credential, enrolled_ms, seen_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (name) DO UPDATE SET key_line = excluded.key_line, \
             fingerprint = excluded.fingerprint, credential = excluded.credential, \
             enrolled_ms = excluded.enrolled_ms, seen_ms = excluded.seen_ms, removed_ms = NULL \
             RETURNING id",
        )
        .bind(host.id)
        .bind(host.name)
        .bind(host.key_line)
        .bind(host.fingerprint)
        .bind(host.credential)
        .bind(now_ms)
        .bind(now_ms)
        .fetch_one(&mut *transaction)
        .await?;
        let id: String = row.try_get("id")?;
        // What another key has signed is answered no more.
        sqlx::query(
            "UPDATE questions SET over_ms = $1, outcome = 'host enrolled anew' \
             WHERE host = $2 AND over_ms IS NULL AND host_key <> $3",
        )
        .bind(now_ms)
        .bind(&id)
        .bind(host.fingerprint)
        .execute(&mut *transaction)
        .await?;
        let who = format!("host {}", host.name);
        audit::record(&mut transaction, now_ms, "host.enrolled", &who, host.name, host.fingerprint)
            .await?;
        transaction.commit().await?;
        Ok(Some(id))
    }

    /// The host that has a credential.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn host_by_credential(&self, digest: &str) -> Result<Option<Host>, StoreError> {
        let row = sqlx::query(COLUMNS).bind(digest).fetch_optional(&self.reads).await?;
        row.as_ref().map(host).transpose()
    }

    /// Every host that has enrolled and was not removed, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hosts(&self) -> Result<Vec<HostListed>, StoreError> {
        let rows = sqlx::query(
            "SELECT h.id, h.name, h.key_line, h.fingerprint, h.enrolled_ms, h.seen_ms, \
             (SELECT COUNT(*) FROM questions q WHERE q.host = h.id AND q.over_ms IS NULL) AS open \
             FROM hosts h WHERE h.removed_ms IS NULL ORDER BY h.name",
        )
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(HostListed {
                    host: host(row)?,
                    enrolled_ms: row.try_get("enrolled_ms")?,
                    seen_ms: row.try_get("seen_ms")?,
                    open: row.try_get("open")?,
                })
            })
            .collect()
    }

    /// Takes a host's credential away and closes what it asked. Whether there was one.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn remove_host(&self, name: &str, now_ms: i64) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let removed = sqlx::query(
            "UPDATE hosts SET removed_ms = $1, credential = NULL \
             WHERE name = $2 AND removed_ms IS NULL RETURNING id",
        )
        .bind(now_ms)
        .bind(name)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(removed) = removed else { return Ok(false) };
        let id: String = removed.try_get("id")?;
        sqlx::query(
            "UPDATE questions SET over_ms = $1, outcome = 'host removed' \
             WHERE host = $2 AND over_ms IS NULL",
        )
        .bind(now_ms)
        .bind(id)
        .execute(&mut *transaction)
        .await?;
        audit::record(&mut transaction, now_ms, "host.removed", "admin", name, "").await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Notes when hosts were heard of.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn hosts_seen(&self, hosts: &[(String, i64)]) -> Result<(), StoreError> {
        for hosts in hosts.chunks(SEEN_AT_ONCE) {
            let mut transaction = self.begin().await?;
            for (id, at_ms) in hosts {
                sqlx::query("UPDATE hosts SET seen_ms = $1 WHERE id = $2")
                    .bind(*at_ms)
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }
}

fn host(row: &AnyRow) -> Result<Host, StoreError> {
    Ok(Host {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        key_line: row.try_get("key_line")?,
        fingerprint: row.try_get("fingerprint")?,
    })
}
