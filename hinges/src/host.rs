//! Where things lie on the host.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, geteuid};

/// A host's file system, as seen from its root folder: `/`, or a folder that a
/// test made to look like one.
#[derive(Debug, Clone)]
pub struct Host {
    root: PathBuf,
}

impl Host {
    /// The host of this root folder.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where a file of the host lies; `absolute` is its path there.
    pub fn path(&self, absolute: impl AsRef<Path>) -> PathBuf {
        let absolute = absolute.as_ref();
        self.root.join(absolute.strip_prefix("/").unwrap_or(absolute))
    }

    /// Where the agent listens.
    pub fn socket(&self) -> PathBuf {
        self.path(writ_protocol::SOCKET_PATH)
    }

    /// Who owns the host: uid 0, or whoever made the folder that stands for one.
    ///
    /// # Errors
    /// When the root folder cannot be looked at.
    pub fn owner(&self) -> io::Result<Uid> {
        Ok(Uid::from_raw(std::fs::metadata(&self.root)?.uid()))
    }

    /// Whether the caller may change the host.
    pub fn is_mine(&self) -> bool {
        self.owner().is_ok_and(|owner| owner == geteuid())
    }
}
