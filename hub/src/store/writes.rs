//! Writing. PostgreSQL takes transactions side by side. SQLite has one writer at a time, and
//! what lasts is not the writing but that the disk has it: whoever comes while a commit is on
//! its way there waits, and all who have waited are committed together. Each is a savepoint of
//! the one transaction, so that it is undone without the others; none is told that it was done
//! before the disk has it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Executor as _, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::{BUSY_MAX, StoreError};

/// How a transaction ended; not yet, at first.
type Outcome = Option<Result<(), Arc<str>>>;

/// Who writes.
#[derive(Debug, Clone)]
pub(super) enum Writer {
    /// One after the other. Whoever waits for the lock gets it in his turn (it is fair).
    Sqlite(Arc<Mutex<Turn>>),
    /// Side by side.
    Postgres(AnyPool),
}

/// One write, until it is committed; undone if it is dropped before.
#[derive(Debug)]
pub(super) enum Write {
    Sqlite(OwnedMutexGuard<Turn>),
    Postgres(Transaction<'static, Any>),
}

/// What the one writer of SQLite has.
#[derive(Debug)]
pub(super) struct Turn {
    connection: PoolConnection<Any>,
    /// Of a transaction that is open: where those hear of its end who are in it.
    open: Option<watch::Sender<Outcome>>,
    last: Last,
}

/// How the last write of a transaction stands. Its savepoint is released together with what
/// comes next: each call wakes SQLite's thread and is woken by it, which lasts longer than
/// what is done there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// There is none, or it is released.
    Settled,
    /// It is under way, or was given up and is to be undone.
    Half,
    /// It is to be released.
    Whole,
}

impl Writer {
    pub(super) fn sqlite(connection: PoolConnection<Any>) -> Self {
        Self::Sqlite(Arc::new(Mutex::new(Turn { connection, open: None, last: Last::Settled })))
    }

    /// Begins a write.
    ///
    /// # Errors
    /// When the database does not do it, or has too much to do.
    pub(super) async fn begin(&self) -> Result<Write, StoreError> {
        let turn = match self {
            Self::Postgres(pool) => return Ok(Write::Postgres(pool.begin().await?)),
            Self::Sqlite(turn) => Arc::clone(turn),
        };
        // A task of its own: it is whole also when its caller has gone.
        let begun = tokio::spawn(async move {
            let mine = tokio::time::timeout(BUSY_MAX, Arc::clone(&turn).lock_owned()).await;
            let mut mine = mine.map_err(|_| sqlx::Error::PoolTimedOut)?;
            mine.begin(turn).await?;
            Ok(Write::Sqlite(mine))
        });
        begun.await.map_err(|error| StoreError::Commit(error.to_string().into()))?
    }
}

impl Write {
    /// Comes back when the disk has it.
    ///
    /// # Errors
    /// When it is undone instead.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let mut turn = match self {
            Self::Postgres(transaction) => return Ok(transaction.commit().await?),
            Self::Sqlite(turn) => turn,
        };
        let mut ended = turn.done()?;
        drop(turn);
        let outcome = ended.wait_for(Option::is_some).await;
        match outcome.as_deref() {
            Ok(Some(Ok(()))) => Ok(()),
            Ok(Some(Err(why))) => Err(StoreError::Commit(Arc::clone(why))),
            Ok(None) | Err(_) => Err(StoreError::Commit("it was given up".into())),
        }
    }
}

impl Turn {
    /// Begins a write, in the transaction that is open, or in one that ends when those have
    /// written who wait already.
    async fn begin(&mut self, turn: Arc<Mutex<Self>>) -> Result<(), StoreError> {
        self.undo().await;
        let script = match (&self.open, self.last) {
            // It takes SQLite's lock at once, and so waits for another process that writes:
            // one that has read before it locks would be turned away.
            (None, _) => "BEGIN IMMEDIATE; SAVEPOINT one",
            (Some(_), Last::Whole) => "RELEASE one; SAVEPOINT one",
            (Some(_), _) => "SAVEPOINT one",
        };
        if let Err(error) = self.connection.execute(script).await {
            self.give_up(&error).await;
            return Err(error.into());
        }
        self.last = Last::Half;
        if self.open.is_none() {
            self.open = Some(watch::Sender::new(None));
            tokio::spawn(async move { turn.lock_owned().await.end().await });
        }
        Ok(())
    }

    /// A write is whole; what it is told of its transaction's end.
    fn done(&mut self) -> Result<watch::Receiver<Outcome>, StoreError> {
        self.last = Last::Whole;
        let open = self.open.as_ref().map(watch::Sender::subscribe);
        open.ok_or_else(|| StoreError::Commit("its transaction is over".into()))
    }

    /// Undoes a write that was given up.
    async fn undo(&mut self) {
        if self.last != Last::Half {
            return;
        }
        self.last = Last::Settled;
        // Where SQLite has undone the whole of it (the disk is full, say), there is none.
        if let Err(error) = self.connection.execute("ROLLBACK TO one; RELEASE one").await {
            self.give_up(&error).await;
        }
    }

    /// Ends the transaction that is open.
    async fn end(&mut self) {
        self.undo().await;
        if self.open.is_none() {
            return;
        }
        let script = match self.last {
            Last::Whole => "RELEASE one; COMMIT",
            Last::Settled | Last::Half => "COMMIT",
        };
        match self.connection.execute(script).await {
            Ok(_) => {
                self.last = Last::Settled;
                self.tell(Ok(()));
            }
            Err(error) => self.give_up(&error).await,
        }
    }

    /// Undoes all of the transaction, and tells whoever is in it.
    async fn give_up(&mut self, error: &sqlx::Error) {
        self.last = Last::Settled;
        // There may be none any more.
        let _ = self.connection.execute("ROLLBACK").await;
        self.tell(Err(error.to_string().into()));
    }

    fn tell(&mut self, outcome: Result<(), Arc<str>>) {
        if let Some(open) = self.open.take() {
            open.send_replace(Some(outcome));
        }
    }
}

impl Deref for Write {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        match self {
            Self::Sqlite(turn) => &turn.connection,
            Self::Postgres(transaction) => transaction,
        }
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        match self {
            Self::Sqlite(turn) => &mut turn.connection,
            Self::Postgres(transaction) => transaction,
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;

    use super::*;
    use crate::store::Store;

    async fn store() -> (Store, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite://{}", folder.path().join("hub.db").display());
        (Store::open(&address).await.unwrap(), folder)
    }

    async fn add(to: &mut Write, name: &str) -> Result<(), StoreError> {
        let query = sqlx::query("INSERT INTO settings (name, value) VALUES ($1, '')");
        query.bind(name).execute(&mut **to).await?;
        Ok(())
    }

    /// The names of what was written, as another connection sees them.
    async fn there(store: &Store) -> Vec<String> {
        let query = sqlx::query("SELECT name FROM settings ORDER BY name");
        let rows = query.fetch_all(&store.reads).await.unwrap();
        rows.iter().map(|row| row.try_get("name").unwrap()).collect()
    }

    /// As many as wait for the turn that somebody has.
    async fn all_wait() {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn each_write_is_whole_or_undone_whatever_becomes_of_its_neighbours() {
        let (store, _folder) = store().await;
        let mut under_way = Vec::new();
        for number in 0..200 {
            let store = store.clone();
            under_way.push(tokio::spawn(async move {
                let mut write = store.begin().await.unwrap();
                let name = format!("{number:03}");
                add(&mut write, &name).await.unwrap();
                match number % 4 {
                    0 => drop(write),
                    1 => assert!(add(&mut write, &name).await.is_err(), "there already"),
                    // It stays in the midst of it until it is ended.
                    2 => std::future::pending::<()>().await,
                    _ => {
                        write.commit().await.unwrap();
                        assert!(there(&store).await.contains(&name), "when it is told");
                    }
                }
            }));
            if number % 4 == 2 {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                under_way.pop().unwrap().abort();
            }
        }
        for write in under_way {
            write.await.unwrap();
        }
        let whole: Vec<String> =
            (0..200).filter(|it| it % 4 == 3).map(|it| format!("{it:03}")).collect();
        assert_eq!(there(&store).await, whole);
    }

    #[tokio::test]
    async fn when_the_commit_fails_all_of_it_are_told_and_the_next_goes_on() {
        let (store, _folder) = store().await;
        let first = store.begin().await.unwrap();
        let good = tokio::spawn({
            let store = store.clone();
            async move {
                let mut write = store.begin().await.unwrap();
                add(&mut write, "good").await.unwrap();
                write.commit().await
            }
        });
        let bad = tokio::spawn({
            let store = store.clone();
            async move {
                let mut write = store.begin().await.unwrap();
                // Noticed by the commit, and not before.
                write.execute("PRAGMA defer_foreign_keys = ON").await.unwrap();
                let view = "INSERT INTO views (person, pattern, matching) VALUES ('x', 'y', 'z')";
                write.execute(view).await.unwrap();
                write.commit().await
            }
        });
        all_wait().await;
        first.commit().await.unwrap();
        for told in [good.await.unwrap(), bad.await.unwrap()] {
            let why = told.unwrap_err().to_string();
            assert!(why.contains("FOREIGN KEY"), "{why}");
        }
        assert!(there(&store).await.is_empty());
        let mut next = store.begin().await.unwrap();
        add(&mut next, "next").await.unwrap();
        next.commit().await.unwrap();
        assert_eq!(there(&store).await, ["next"]);
    }
}
