//! People's accounts at a provider, and the logins there that have begun. The admin names an
//! account by a claim, such as an address; whoever logs in by it first binds it to the
//! provider's own name for him, which never becomes another's.

use sqlx::Row as _;

use super::{Person, Store, StoreError, audit};
use crate::limits::OIDC_LOGINS_MAX;

/// What became of an account that logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// It is his, from now on by the provider's own name for it.
    Bound(Person),
    /// Another account of that name has logged in before.
    Another,
    /// The admin has named nobody so.
    Nobody,
}

/// An account, as the admin sees it.
#[derive(Debug, Clone)]
pub struct AccountListed {
    /// The name that the admin gave.
    pub name: String,
    /// Whether somebody has logged in by it.
    pub is_bound: bool,
}

impl Store {
    /// Names somebody's account. Whether it is nobody else's. Another name than he had ends
    /// his sessions, and whoever comes by the new one first has it; the same changes nothing.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn name_account(
        &self,
        person: &Person,
        name: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let holder = sqlx::query("SELECT person FROM accounts WHERE name = $1")
            .bind(name)
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(holder) = holder {
            return Ok(holder.try_get::<String, _>("person")? == person.id);
        }
        for statement in
            ["DELETE FROM accounts WHERE person = $1", "DELETE FROM sessions WHERE person = $1"]
        {
            sqlx::query(statement).bind(&person.id).execute(&mut *transaction).await?;
        }
        let added = sqlx::query(
            "INSERT INTO accounts (person, name, added_ms) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&person.id)
        .bind(name)
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(false);
        }
        audit::record(&mut transaction, now_ms, "account.named", "admin", &person.name, name)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Takes somebody's account away, with his sessions. Whether there was one.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn remove_account(&self, person: &Person, now_ms: i64) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let gone = sqlx::query("DELETE FROM accounts WHERE person = $1")
            .bind(&person.id)
            .execute(&mut *transaction)
            .await?;
        if gone.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("DELETE FROM sessions WHERE person = $1")
            .bind(&person.id)
            .execute(&mut *transaction)
            .await?;
        audit::record(&mut transaction, now_ms, "account.removed", "admin", &person.name, "")
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The account of somebody.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn account_of(&self, person: &Person) -> Result<Option<AccountListed>, StoreError> {
        let row = sqlx::query("SELECT name, bound_ms FROM accounts WHERE person = $1")
            .bind(&person.id)
            .fetch_optional(&self.reads)
            .await?;
        row.map(|row| {
            let bound: Option<i64> = row.try_get("bound_ms")?;
            Ok(AccountListed { name: row.try_get("name")?, is_bound: bound.is_some() })
        })
        .transpose()
    }

    /// Whose account the provider's own name is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn person_of_account(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query(
            "SELECT p.id, p.name FROM accounts a JOIN people p ON p.id = a.person \
             WHERE a.issuer = $1 AND a.subject = $2",
        )
        .bind(issuer)
        .bind(subject)
        .fetch_optional(&self.reads)
        .await?;
        row.map(|row| Ok(Person { id: row.try_get("id")?, name: row.try_get("name")? })).transpose()
    }

    /// Binds the account of a name to the provider's own name for it, once.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn bind_account(
        &self,
        name: &str,
        issuer: &str,
        subject: &str,
        now_ms: i64,
    ) -> Result<Binding, StoreError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "SELECT p.id, p.name FROM accounts a JOIN people p ON p.id = a.person \
             WHERE a.name = $1",
        )
        .bind(name)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(Binding::Nobody) };
        let person = Person { id: row.try_get("id")?, name: row.try_get("name")? };
        let bound = sqlx::query(
            "UPDATE accounts SET issuer = $1, subject = $2, bound_ms = $3 \
             WHERE name = $4 AND bound_ms IS NULL",
        )
        .bind(issuer)
        .bind(subject)
        .bind(now_ms)
        .bind(name)
        .execute(&mut *transaction)
        .await?;
        if bound.rows_affected() == 0 {
            return Ok(Binding::Another);
        }
        let detail = format!("{name} is {subject} at {issuer}");
        audit::record(
            &mut transaction,
            now_ms,
            "account.bound",
            &person.name,
            &person.name,
            &detail,
        )
        .await?;
        transaction.commit().await?;
        Ok(Binding::Bound(person))
    }

    /// Keeps a login that begins. Whether there was room.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn begin_oidc_login(
        &self,
        browser: &str,
        now_ms: i64,
        expires_ms: i64,
    ) -> Result<bool, StoreError> {
        let added = self
            .write(
                sqlx::query(
                    "INSERT INTO oidc_logins (browser, expires_ms) SELECT $1, $2 \
             WHERE (SELECT COUNT(*) FROM oidc_logins WHERE expires_ms > $3) < $4",
                )
                .bind(browser)
                .bind(expires_ms)
                .bind(now_ms)
                .bind(OIDC_LOGINS_MAX),
            )
            .await?;
        Ok(added.rows_affected() == 1)
    }

    /// Takes the answer to a login, once. Whether it stood.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn use_oidc_login(&self, browser: &str, now_ms: i64) -> Result<bool, StoreError> {
        let used = self
            .write(
                sqlx::query(
                    "UPDATE oidc_logins SET used_ms = $1 \
             WHERE browser = $2 AND expires_ms > $3 AND used_ms IS NULL",
                )
                .bind(now_ms)
                .bind(browser)
                .bind(now_ms),
            )
            .await?;
        Ok(used.rows_affected() == 1)
    }

    /// Keeps why a login did not go, for the page to show.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn fail_oidc_login(&self, browser: &str, why: &str) -> Result<(), StoreError> {
        self.write(
            sqlx::query("UPDATE oidc_logins SET why = $1 WHERE browser = $2")
                .bind(why)
                .bind(browser),
        )
        .await?;
        Ok(())
    }

    /// Why a login did not go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn oidc_login_failure(
        &self,
        browser: &str,
        now_ms: i64,
    ) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT why FROM oidc_logins WHERE browser = $1 AND expires_ms > $2")
            .bind(browser)
            .bind(now_ms)
            .fetch_optional(&self.reads)
            .await?;
        Ok(row.map(|row| row.try_get::<Option<String>, _>("why")).transpose()?.flatten())
    }
}
