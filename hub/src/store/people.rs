//! People who approve, and their keys. What counts at a host is what its admin has pinned
//! there; the hub knows keys to let people in and to tell them early what a host would refuse.

use sqlx::Row as _;

use super::{Store, StoreError, audit};
use crate::limits::KEYS_PER_PERSON_MAX;

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The hub's name for him.
    pub id: String,
    /// His name, as approvers.d has it.
    pub name: String,
}

/// A passkey.
#[derive(Debug, Clone)]
pub struct Passkey {
    /// Whose.
    pub person: Person,
    /// Its line for approvers.d, which holds key and origin.
    pub line: String,
}

/// Whether something was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It was.
    Added,
    /// Somebody has that already.
    Taken,
    /// He has as many as one may have.
    Full,
    /// There is nobody of that name.
    Nobody,
    /// The invitation is none, used or expired.
    NotInvited,
}

impl Store {
    /// Adds a person, or finds him who has the name.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn add_person(
        &self,
        id: &str,
        name: &str,
        now_ms: i64,
    ) -> Result<Person, StoreError> {
        let mut transaction = self.begin().await?;
        let added = sqlx::query(
            "INSERT INTO people (id, name, added_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(id)
        .bind(name)
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        if added.rows_affected() == 1 {
            audit::record(&mut transaction, now_ms, "person.added", "admin", name, "").await?;
        }
        let row = sqlx::query("SELECT id FROM people WHERE name = $1")
            .bind(name)
            .fetch_one(&mut *transaction)
            .await?;
        let person = Person { id: row.try_get("id")?, name: name.to_owned() };
        transaction.commit().await?;
        Ok(person)
    }

    /// Takes a person away, with keys and sessions. Whether there was one.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn remove_person(&self, name: &str, now_ms: i64) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let gone = sqlx::query("DELETE FROM people WHERE name = $1")
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        if gone.rows_affected() == 0 {
            return Ok(false);
        }
        audit::record(&mut transaction, now_ms, "person.removed", "admin", name, "").await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        let rows =
            sqlx::query("SELECT id, name FROM people ORDER BY name").fetch_all(&self.reads).await?;
        rows.iter()
            .map(|row| Ok(Person { id: row.try_get("id")?, name: row.try_get("name")? }))
            .collect()
    }

    /// Somebody of a name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn person(&self, name: &str) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query("SELECT id FROM people WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.reads)
            .await?;
        row.map(|row| Ok(Person { id: row.try_get("id")?, name: name.to_owned() })).transpose()
    }

    /// The lines for approvers.d of somebody, SSH keys first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lines(&self, person: &Person) -> Result<Vec<String>, StoreError> {
        let mut lines = Vec::new();
        for statement in [
            "SELECT line FROM ssh_keys WHERE person = $1 ORDER BY added_ms, line",
            "SELECT line FROM passkeys WHERE person = $1 ORDER BY added_ms, line",
        ] {
            let rows = sqlx::query(statement).bind(&person.id).fetch_all(&self.reads).await?;
            for row in rows {
                lines.push(row.try_get("line")?);
            }
        }
        Ok(lines)
    }

    /// Those of somebody's lines that he enrolled by a login at the provider alone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn first_lines(&self, person: &Person) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("SELECT line FROM passkeys WHERE person = $1 AND first = 1")
            .bind(&person.id)
            .fetch_all(&self.reads)
            .await?;
        rows.iter().map(|row| Ok(row.try_get("line")?)).collect()
    }

    /// Adds an SSH key.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn add_ssh_key(
        &self,
        person: &Person,
        fingerprint: &str,
        line: &str,
        now_ms: i64,
    ) -> Result<Added, StoreError> {
        let mut transaction = self.begin().await?;
        let added = sqlx::query(
            "INSERT INTO ssh_keys (fingerprint, person, line, added_ms) \
             SELECT $1, $2, $3, $4 WHERE (SELECT COUNT(*) FROM ssh_keys WHERE person = $5) < $6 \
             ON CONFLICT (fingerprint) DO NOTHING",
        )
        .bind(fingerprint)
        .bind(&person.id)
        .bind(line)
        .bind(now_ms)
        .bind(&person.id)
        .bind(KEYS_PER_PERSON_MAX)
        .execute(&mut *transaction)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(Added::Taken);
        }
        audit::record(&mut transaction, now_ms, "key.added", "admin", &person.name, fingerprint)
            .await?;
        transaction.commit().await?;
        Ok(Added::Added)
    }

    /// Whose an SSH key is, and its line.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ssh_key(&self, fingerprint: &str) -> Result<Option<(Person, String)>, StoreError> {
        let row = sqlx::query(
            "SELECT p.id, p.name, k.line FROM ssh_keys k JOIN people p ON p.id = k.person \
             WHERE k.fingerprint = $1",
        )
        .bind(fingerprint)
        .fetch_optional(&self.reads)
        .await?;
        row.map(|row| {
            let person = Person { id: row.try_get("id")?, name: row.try_get("name")? };
            Ok((person, row.try_get("line")?))
        })
        .transpose()
    }

    /// Lets somebody enrol one passkey.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn invite(
        &self,
        person: &Person,
        digest: &str,
        now_ms: i64,
        expires_ms: i64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO invitations (digest, person, expires_ms) VALUES ($1, $2, $3)")
            .bind(digest)
            .bind(&person.id)
            .bind(expires_ms)
            .execute(&mut *transaction)
            .await?;
        audit::record(&mut transaction, now_ms, "person.invited", "admin", &person.name, "")
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Lets somebody who has no key yet enrol his first passkey, in a session that has begun
    /// since a time. Whether it has, and he has none.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn invite_first(
        &self,
        session: &str,
        since_ms: i64,
        digest: &str,
        expires_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let person = sqlx::query(
            "SELECT person FROM sessions s WHERE digest = $1 AND made_ms >= $2 \
             AND NOT EXISTS (SELECT 1 FROM passkeys k WHERE k.person = s.person) \
             AND NOT EXISTS (SELECT 1 FROM ssh_keys k WHERE k.person = s.person)",
        )
        .bind(session)
        .bind(since_ms)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(person) = person else { return Ok(false) };
        let person: String = person.try_get("person")?;
        sqlx::query("DELETE FROM invitations WHERE person = $1 AND first = 1")
            .bind(&person)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO invitations (digest, person, expires_ms, first) VALUES ($1, $2, $3, 1)",
        )
        .bind(digest)
        .bind(&person)
        .bind(expires_ms)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Who is invited by a link that still stands.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn invited(&self, digest: &str, now_ms: i64) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query(
            "SELECT p.id, p.name FROM invitations i JOIN people p ON p.id = i.person \
             WHERE i.digest = $1 AND i.expires_ms > $2",
        )
        .bind(digest)
        .bind(now_ms)
        .fetch_optional(&self.reads)
        .await?;
        row.map(|row| Ok(Person { id: row.try_get("id")?, name: row.try_get("name")? })).transpose()
    }

    /// Takes the invitation and has the passkey.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn add_passkey(
        &self,
        invitation: &str,
        id: &str,
        line: &str,
        now_ms: i64,
    ) -> Result<Added, StoreError> {
        let mut transaction = self.begin().await?;
        let used = sqlx::query(
            "DELETE FROM invitations WHERE digest = $1 AND expires_ms > $2 \
             RETURNING person, first",
        )
        .bind(invitation)
        .bind(now_ms)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(used) = used else { return Ok(Added::NotInvited) };
        let person: String = used.try_get("person")?;
        let first: i64 = used.try_get("first")?;
        let count = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM passkeys WHERE person = $1) AS passkeys, \
             (SELECT COUNT(*) FROM ssh_keys WHERE person = $2) AS ssh_keys",
        )
        .bind(&person)
        .bind(&person)
        .fetch_one(&mut *transaction)
        .await?;
        let passkeys: i64 = count.try_get("passkeys")?;
        // He may have got a key since.
        if first == 1 && passkeys + count.try_get::<i64, _>("ssh_keys")? > 0 {
            return Ok(Added::NotInvited);
        }
        if passkeys >= KEYS_PER_PERSON_MAX {
            return Ok(Added::Full);
        }
        let added = sqlx::query(
            "INSERT INTO passkeys (id, person, line, added_ms, first) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(id)
        .bind(&person)
        .bind(line)
        .bind(now_ms)
        .bind(first)
        .execute(&mut *transaction)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(Added::Taken);
        }
        let row = sqlx::query("SELECT name FROM people WHERE id = $1")
            .bind(&person)
            .fetch_one(&mut *transaction)
            .await?;
        let name: String = row.try_get("name")?;
        let how = if first == 1 { " on the word of the login provider" } else { "" };
        let detail = format!("{id}{how}");
        audit::record(&mut transaction, now_ms, "passkey.added", &name, &name, &detail).await?;
        transaction.commit().await?;
        Ok(Added::Added)
    }

    /// A passkey by the ID that its authenticator gave it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn passkey(&self, id: &str) -> Result<Option<Passkey>, StoreError> {
        let row = sqlx::query(
            "SELECT p.id, p.name, k.line FROM passkeys k JOIN people p ON p.id = k.person \
             WHERE k.id = $1",
        )
        .bind(id)
        .fetch_optional(&self.reads)
        .await?;
        row.map(|row| {
            Ok(Passkey {
                person: Person { id: row.try_get("id")?, name: row.try_get("name")? },
                line: row.try_get("line")?,
            })
        })
        .transpose()
    }

    /// The IDs of somebody's passkeys, for his browser to choose from.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn passkey_ids(&self, person: &Person) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("SELECT id FROM passkeys WHERE person = $1 ORDER BY added_ms")
            .bind(&person.id)
            .fetch_all(&self.reads)
            .await?;
        rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
    }

    /// Takes a key or passkey of somebody away, by its line. Whether there was one.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn remove_line(
        &self,
        person: &Person,
        line: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let mut gone = 0;
        for statement in [
            "DELETE FROM ssh_keys WHERE person = $1 AND line = $2",
            "DELETE FROM passkeys WHERE person = $1 AND line = $2",
        ] {
            gone += sqlx::query(statement)
                .bind(&person.id)
                .bind(line)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
        }
        if gone == 0 {
            return Ok(false);
        }
        // Sessions that the key may have opened go with it.
        sqlx::query("DELETE FROM sessions WHERE person = $1")
            .bind(&person.id)
            .execute(&mut *transaction)
            .await?;
        audit::record(&mut transaction, now_ms, "key.removed", "admin", &person.name, line).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
