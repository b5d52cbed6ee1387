//! Login sessions come and go: logind keeps a file for each (sd-login(3)), and a watch on
//! their folder wakes who waits (inotify(7)).

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

use crate::sessions::SESSIONS_DIR;

/// How much of what has changed is read at once, in bytes.
const CHANGES_BYTES: usize = 4096;

/// Changes from now on, for as long as it is kept.
#[derive(Debug)]
pub(super) struct SessionChanges(AsyncFd<OwnedFd>);

impl SessionChanges {
    /// # Errors
    /// Where logind does not run, or the process has no descriptor left.
    pub(super) fn new() -> io::Result<Self> {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        // A file that has changed is put in the place of the old one.
        inotify::add_watch(&watch, SESSIONS_DIR, WatchFlags::DELETE | WatchFlags::MOVED_TO)?;
        #[allow(
            deprecated,
            reason = "the descriptor is owned by what registers it, and so lives as long"
        )]
        AsyncFd::new(watch).map(Self)
    }

    /// Waits until something has changed since the last time.
    ///
    /// # Errors
    /// What the event queue says.
    pub(super) async fn next(&self) -> io::Result<()> {
        let mut ready = self.0.readable().await?;
        let mut buffer = [0u8; CHANGES_BYTES];
        loop {
            match rustix::io::read(self.0.get_ref(), &mut buffer) {
                Ok(read) if read > 0 => {}
                Ok(_) | Err(Errno::AGAIN) => break,
                Err(errno) => return Err(errno.into()),
            }
        }
        ready.clear_ready();
        Ok(())
    }
}
