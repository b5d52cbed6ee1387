//! Files in folders come, go and change: a watch wakes who waits (inotify(7)).

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

/// How much of what has changed is read at once, in bytes.
const CHANGES_BYTES: usize = 4096;

/// Changes from now on, for as long as it is kept.
#[derive(Debug)]
pub(crate) struct FolderChanges(AsyncFd<OwnedFd>);

impl FolderChanges {
    /// Watches no folder yet. Must be made inside of the runtime.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub(crate) fn new() -> io::Result<Self> {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        #[allow(
            deprecated,
            reason = "the descriptor is owned by what registers it, and so lives as long"
        )]
        AsyncFd::new(watch).map(Self)
    }

    /// Watches a folder too; one that is watched already is watched for these changes.
    ///
    /// # Errors
    /// When it is not there, or there are no watches left.
    pub(crate) fn watch(&self, folder: &Path, changes: WatchFlags) -> io::Result<()> {
        inotify::add_watch(self.0.get_ref(), folder, changes)?;
        Ok(())
    }

    /// Waits until something has changed since the last time.
    ///
    /// # Errors
    /// What the event queue says.
    pub(crate) async fn next(&self) -> io::Result<()> {
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
