//! The socket in systemd's folder, which is there only while something is lent.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use super::interface::SERVICE;

/// Everybody looks up groups.
const MODE: u32 = 0o666;

/// The place of the socket.
#[derive(Debug)]
pub(super) struct Place {
    socket: PathBuf,
    /// Where it is made; systemd passes over hidden names.
    hidden: PathBuf,
}

impl Place {
    /// In `folder`, which is `/run/systemd/userdb` on a host.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { socket: folder.join(SERVICE), hidden: folder.join(format!(".{SERVICE}")) }
    }

    /// Listens. The socket shows up when it can be connected to, and not before.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub(super) fn listen(&self) -> io::Result<UnixListener> {
        self.clear()?;
        let listener = UnixListener::bind(&self.hidden)?;
        listener.set_nonblocking(true)?;
        fs::set_permissions(&self.hidden, Permissions::from_mode(MODE))?;
        fs::rename(&self.hidden, &self.socket)?;
        Ok(listener)
    }

    /// Takes the socket away: from then on no look-up finds it.
    ///
    /// # Errors
    /// When it stays.
    pub(super) fn clear(&self) -> io::Result<()> {
        for path in [&self.socket, &self.hidden] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}
