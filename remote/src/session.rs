//! What the hub knows the user by for an hour after a login, kept where only he reads it and
//! where it is gone when he has logged out of this machine: $XDG_RUNTIME_DIR/writ. It lets
//! who has it look at questions, and answer none.
//!
//! Without such a folder that is the caller's own, nothing is kept, and each call logs in.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use writ_signed::{Origin, digest};

use crate::limits::SESSION_BYTES_MAX;
use crate::signer::Signer;

/// A login that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    /// Where.
    pub(crate) hub: String,
    /// Who, as the hub says.
    pub(crate) person: String,
    /// What shows it.
    pub(crate) token: String,
    /// Until when, in milliseconds since 1970-01-01 UTC.
    pub(crate) expires_wall_ms: u64,
    /// The key that it was made with.
    pub(crate) signer: Signer,
}

/// The one that is kept of a hub, where it is still good.
pub(crate) fn kept(hub: &Origin, now_wall_ms: u64) -> Option<Session> {
    let path = folder()?.join(name(hub));
    let session = read(&path).ok()?;
    (session.hub == hub.as_str() && session.expires_wall_ms > now_wall_ms).then_some(session)
}

/// Keeps one, where there is a place for it.
pub(crate) fn keep(hub: &Origin, session: &Session) -> io::Result<()> {
    let Some(folder) = folder() else { return Ok(()) };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let (path, fresh) = (folder.join(name(hub)), folder.join(format!("{}.new", name(hub))));
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(flags)
        .open(&fresh)?;
    file.write_all(&serde_json::to_vec(session)?)?;
    fs::rename(&fresh, &path)
}

/// Keeps none.
pub(crate) fn forget(hub: &Origin) -> io::Result<()> {
    let Some(folder) = folder() else { return Ok(()) };
    match fs::remove_file(folder.join(name(hub))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Ours, and below a folder that is the caller's own and nobody else's.
fn folder() -> Option<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)?;
    is_own(&runtime).then(|| runtime.join("writ")).filter(|ours| {
        // What is not there yet is made.
        fs::symlink_metadata(ours).is_err() || is_own(ours)
    })
}

fn is_own(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|found| {
        found.is_dir()
            && found.uid() == rustix::process::geteuid().as_raw()
            && found.mode() & 0o077 == 0
    })
}

/// A name that each hub has for itself.
fn name(hub: &Origin) -> String {
    format!("session-{}.json", digest(hub.as_str()))
}

fn read(path: &Path) -> io::Result<Session> {
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let mut text = Vec::new();
    file.take(SESSION_BYTES_MAX).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}
