//! Groups that are lent, through systemd's user database.
//!
//! While something is lent there is a socket in `/run/systemd/userdb` that speaks
//! `io.systemd.UserDatabase` (systemd.io/USER_GROUP_API); nss-systemd(8) asks it
//! in every group look-up of every process of the host. `/etc/group` is as it was,
//! so that nothing is left behind when the agent is gone.
//!
//! Each such look-up waits for this server, up to 45 seconds: so it answers from a
//! [`snapshot`], on a thread of its own ([`serve`]) that waits for nobody, and a
//! [`watchdog`] ends an agent that hangs. A dead socket holds nobody up, and ends
//! what was lent.
//!
//! Invariants: [`UserDatabase::publish`] returns when every later look-up sees what
//! was published; this process never sees what it lends; at rest there is no socket.

mod answer;
mod bounds;
mod call;
mod client;
mod desk;
mod interface;
mod refusal;
mod serve;
mod snapshot;
mod socket;
mod watchdog;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use rustix::process::getpid;
use tokio::sync::Notify;

use bounds::Patience;
use desk::{Desk, Order};
use serve::Server;
pub use snapshot::Lent;
use snapshot::Snapshot;
use socket::Place;

/// Where systemd looks for the sockets of user databases.
pub const FOLDER: &str = "/run/systemd/userdb";

/// Groups cannot be lent.
#[derive(Debug, thiserror::Error)]
pub enum LendError {
    /// The socket cannot be made.
    #[error(
        "groups cannot be lent: no socket can be made in {folder} ({why}); see to that folder, which is systemd's, then restart writd"
    )]
    Socket {
        /// Where it is to be.
        folder: String,
        /// Why not.
        why: io::Error,
    },
    /// The thread that answers has ended.
    #[error("groups cannot be lent: what answers look-ups has ended; restart writd")]
    Ended,
}

/// What lends groups.
#[derive(Debug)]
pub struct UserDatabase {
    place: Place,
    folder: String,
    desk: Arc<Desk>,
    thread: JoinHandle<()>,
    lends: AtomicBool,
    /// The watchdog is to come round sooner.
    pace_changed: Notify,
}

impl UserDatabase {
    /// Starts the thread, which rests until something is lent, and takes away the
    /// socket that a dead agent has left behind.
    ///
    /// # Errors
    /// When the system has no thread or no descriptor left.
    pub fn start(folder: &Path) -> io::Result<Self> {
        Self::start_with(folder, getpid().as_raw_nonzero().get(), Patience::USUAL)
    }

    fn start_with(folder: &Path, own_pid: i32, patience: Patience) -> io::Result<Self> {
        let place = Place::in_folder(folder);
        // What stays is dead and holds nobody up; lending says why it stays.
        let _ = place.clear();
        let desk = Arc::new(Desk::new()?);
        let server = Server::new(Arc::clone(&desk), own_pid, patience);
        let thread = thread::Builder::new().name("userdb".to_owned()).spawn(|| server.run())?;
        Ok(Self {
            place,
            folder: folder.display().to_string(),
            desk,
            thread,
            lends: AtomicBool::new(false),
            pace_changed: Notify::new(),
        })
    }

    /// Lends this, and nothing else from now on: when it returns, every look-up that
    /// begins sees it. Never waits.
    ///
    /// It is for one caller at a time, on the event loop that
    /// [`UserDatabase::keep_watchdog`] runs on. Of several changes at one moment, only
    /// the last needs to be published: each takes time in proportion to what is lent.
    ///
    /// # Errors
    /// When there cannot be a socket; nothing is lent then.
    pub fn publish(&self, lent: BTreeSet<Lent>) -> Result<(), LendError> {
        let snapshot = Arc::new(Snapshot::of(lent));
        match (self.lends(), snapshot.is_empty()) {
            (false, true) => {}
            (true, true) => self.end(snapshot),
            (_, false) if self.thread.is_finished() => return Err(LendError::Ended),
            (false, false) => self.begin(snapshot)?,
            (true, false) => self.desk.put(snapshot, None),
        }
        Ok(())
    }

    /// Whether anything is lent.
    #[must_use]
    pub fn lends(&self) -> bool {
        self.lends.load(Ordering::Acquire)
    }

    /// How many connections were refused for their number, or ended because they
    /// sent what is no call, sent it too slowly or did not read their answers.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.desk.turned_away()
    }

    fn begin(&self, snapshot: Arc<Snapshot>) -> Result<(), LendError> {
        // Before anybody can come to wait for this process.
        watchdog::tighten();
        let listener = match self.place.listen() {
            Ok(listener) => listener,
            Err(why) => {
                watchdog::relax();
                return Err(LendError::Socket { folder: self.folder.clone(), why });
            }
        };
        self.desk.put(snapshot, Some(Order::Listen(listener)));
        self.lends.store(true, Ordering::Release);
        self.pace_changed.notify_one();
        Ok(())
    }

    fn end(&self, snapshot: Arc<Snapshot>) {
        self.desk.put(snapshot, Some(Order::Close));
        // A file that stays is a dead socket, and what it answered is ended already.
        let _ = self.place.clear();
        self.lends.store(false, Ordering::Release);
        watchdog::relax();
        self.pace_changed.notify_one();
    }
}

impl Drop for UserDatabase {
    /// An agent that stops lends nothing; the thread ends with the process.
    fn drop(&mut self) {
        if self.lends() {
            self.end(Arc::default());
        }
    }
}

#[cfg(test)]
mod tests;
