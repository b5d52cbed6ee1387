//! The store: SQLite in a file of the hub's own, or PostgreSQL where several replicas share
//! one. Both understand the same statements; what differs is here.
//!
//! Nothing of it decides. It keeps what hosts and approvers have signed, as they signed it.

mod accounts;
mod answers;
mod audit;
mod hosts;
mod notices;
mod people;
mod questions;
mod schema;
mod sessions;
mod subscriptions;
mod views;
mod writes;

use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyArguments, AnyQueryResult};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::query::Query;
use sqlx::{Any, AnyPool, Executor as _};

pub use self::accounts::{AccountListed, Binding};
pub use self::answers::{Given, Standing, Submitted, Taking};
pub use self::audit::Entry;
pub use self::hosts::{Enrolment, Host, HostListed};
pub use self::notices::{Notice, NoticeState};
pub use self::people::{Added, Passkey, Person};
pub use self::questions::{Listed, Over, Put, Received, Stored};
pub use self::sessions::{Session, SessionKind};
pub use self::subscriptions::Subscription;
pub use self::views::Sees;
use self::writes::{Write, Writer};

/// Readers of one SQLite file, or connections to PostgreSQL of one hub.
const CONNECTIONS_MAX: u32 = 8;

/// How long a statement waits for a connection, and SQLite for another process's write.
const BUSY_MAX: Duration = Duration::from_secs(10);

/// The store does not answer, or not as it should.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no.
    #[error("the database does not do it: {0}")]
    Database(#[from] sqlx::Error),
    /// It said no to all that was to be written at one time.
    #[error("the database does not keep it: {0}")]
    Commit(Arc<str>),
    /// It is of a later version.
    #[error(
        "the database is of version {0}, and this writ-hub knows versions up to {known}; install the writ-hub that wrote it",
        known = schema::VERSION
    )]
    Newer(i64),
    /// The setting names no database.
    #[error(
        "{0:?} names no database; write sqlite:///path/to/hub.db or postgres://user@host/database"
    )]
    Address(String),
    /// A file that cannot be prepared.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
}

/// What keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file of this hub alone.
    Sqlite,
    /// A server that replicas share.
    Postgres,
}

/// An open store.
#[derive(Debug, Clone)]
pub struct Store {
    kind: Kind,
    reads: AnyPool,
    writer: Writer,
    address: String,
}

impl Store {
    /// Opens the database that an address names, and brings its tables up to date.
    ///
    /// # Errors
    /// When it names none, cannot be reached, or is of a later version.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (kind, store) = if let Some(file) = address.strip_prefix("sqlite://") {
            (Kind::Sqlite, Self::sqlite(address, file).await?)
        } else if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            (Kind::Postgres, Self::postgres(address).await?)
        } else {
            return Err(StoreError::Address(address.to_owned()));
        };
        schema::bring_up_to_date(&store, kind).await?;
        Ok(store)
    }

    /// What keeps it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it is, for whoever listens to PostgreSQL.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Hands a notice to every replica, this one too; PostgreSQL alone can.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn notify(&self, channel: &str, text: &str) -> Result<(), StoreError> {
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(channel)
            .bind(text)
            .execute(&self.reads)
            .await?;
        Ok(())
    }

    async fn begin(&self) -> Result<Write, StoreError> {
        self.writer.begin().await
    }

    /// One statement that is a write of its own.
    async fn write(
        &self,
        query: Query<'_, Any, AnyArguments>,
    ) -> Result<AnyQueryResult, StoreError> {
        let mut transaction = self.begin().await?;
        let done = query.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done)
    }

    async fn sqlite(address: &str, file: &str) -> Result<Self, StoreError> {
        let file = Path::new(file);
        prepare(file)
            .map_err(|error| StoreError::File { path: file.display().to_string(), error })?;
        let options = AnyConnectOptions::from_str(&format!("{address}?mode=rwc"))?;
        let pool = |connections| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .min_connections(1)
                .acquire_timeout(BUSY_MAX)
                .idle_timeout(None)
                .max_lifetime(None)
                .after_connect(|connection, _| {
                    Box::pin(async move {
                        // Every commit is on the disk: an answer that was taken is not lost.
                        connection
                            .execute(
                                "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
                                 PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
                            )
                            .await?;
                        Ok(())
                    })
                })
        };
        let writer = pool(1).connect_with(options.clone()).await?.acquire().await?;
        let reads = pool(CONNECTIONS_MAX).connect_with(options).await?;
        Ok(Self {
            kind: Kind::Sqlite,
            reads,
            writer: Writer::sqlite(writer),
            address: address.to_owned(),
        })
    }

    async fn postgres(address: &str) -> Result<Self, StoreError> {
        let options = AnyConnectOptions::from_str(address)?;
        let pool = AnyPoolOptions::new()
            .max_connections(2 * CONNECTIONS_MAX)
            .acquire_timeout(BUSY_MAX)
            .connect_with(options)
            .await?;
        Ok(Self {
            kind: Kind::Postgres,
            reads: pool.clone(),
            writer: Writer::Postgres(pool),
            address: address.to_owned(),
        })
    }
}

/// Makes the file, for its owner alone: who made the folder has it, also where root runs
/// `writ-hub token` before the service was ever started.
fn prepare(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match made {
        Ok(made) => {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            let owner = folder.unwrap_or_else(|| Path::new(".")).metadata()?;
            if made.metadata()?.uid() != owner.uid() {
                chown(file, Some(owner.uid()), Some(owner.gid()))?;
            }
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
