//! Which hosts somebody sees. It is about what the hub shows; whose answer counts is the
//! host's to say.

use sqlx::Row as _;

use super::{Person, Store, StoreError, audit};
use crate::name::is_like;

/// Which hosts somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sees {
    /// Every one.
    All,
    /// Those whose names are like one of these.
    Only(Vec<String>),
}

impl Sees {
    /// Whether that host is one of them.
    #[must_use]
    pub fn host(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(patterns) => patterns.iter().any(|pattern| is_like(name, pattern)),
        }
    }
}

impl Store {
    /// Which hosts somebody sees.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sees(&self, person: &Person) -> Result<Sees, StoreError> {
        let rows = sqlx::query("SELECT pattern FROM views WHERE person = $1 ORDER BY pattern")
            .bind(&person.id)
            .fetch_all(&self.reads)
            .await?;
        if rows.is_empty() {
            return Ok(Sees::All);
        }
        let patterns = rows.iter().map(|row| Ok(row.try_get("pattern")?));
        Ok(Sees::Only(patterns.collect::<Result<_, StoreError>>()?))
    }

    /// Says which hosts somebody sees from now on.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn let_see(
        &self,
        person: &Person,
        sees: &Sees,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM views WHERE person = $1")
            .bind(&person.id)
            .execute(&mut *transaction)
            .await?;
        let patterns = match sees {
            Sees::All => &[][..],
            Sees::Only(patterns) => patterns,
        };
        for pattern in patterns {
            sqlx::query(
                "INSERT INTO views (person, pattern, matching) VALUES ($1, $2, $3) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(&person.id)
            .bind(pattern)
            .bind(like(pattern))
            .execute(&mut *transaction)
            .await?;
        }
        let detail = if patterns.is_empty() { "*".to_owned() } else { patterns.join(" ") };
        audit::record(&mut transaction, now_ms, "person.sees", "admin", &person.name, &detail)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// A pattern as LIKE has it. It may let more through (SQLite takes A for a): what it finds is
/// held to the pattern itself.
fn like(pattern: &str) -> String {
    let mut like = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        match character {
            '*' => like.push('%'),
            '%' | '_' | '!' => like.extend(['!', character]),
            other => like.push(other),
        }
    }
    like
}
