//! The key that this host signs its questions with: made once, kept where only root reads.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use writ_signed::HostKey;

/// What the file begins with; the 64 hexadecimal digits of the seed follow.
const PREFIX: &str = "writ-host-key-1 ";

/// The longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 256;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostKeyError {
    /// The system refuses.
    #[error("the key of this host, {}, cannot be read or made: {source}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others may read it, or it is not root's.
    #[error(
        "the key of this host, {}, is not root's alone, so that others may have signed with it: move it away and restart writd, which makes a new one, and tell approvers its fingerprint",
        .0.display()
    )]
    Exposed(PathBuf),
    /// It is not one.
    #[error(
        "the file {} is no key of a host: bring it back from a backup, or move it away and restart writd, which makes a new one, and tell approvers its fingerprint",
        .0.display()
    )]
    Damaged(PathBuf),
}

/// Reads the key, or makes one where there is none. What is there is never written over.
///
/// # Errors
/// When it cannot be used.
pub(crate) fn read_or_make(path: &Path) -> Result<HostKey, HostKeyError> {
    let system = |source| HostKeyError::System { path: path.to_owned(), source };
    match read(path) {
        Err(HostKeyError::System { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            make(path).map_err(system)?;
            read(path)
        }
        read => read,
    }
}

fn read(path: &Path) -> Result<HostKey, HostKeyError> {
    let system = |source| HostKeyError::System { path: path.to_owned(), source };
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other).map_err(system)?;
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(system)?;
    let found = file.metadata().map_err(system)?;
    let own = rustix::process::geteuid().as_raw();
    if !found.is_file() || found.uid() != own || found.mode() & 0o077 != 0 {
        return Err(HostKeyError::Exposed(path.to_owned()));
    }
    let mut text = String::new();
    io::Read::read_to_string(&mut io::Read::take(file, FILE_BYTES_MAX), &mut text)
        .map_err(system)?;
    seed(&text)
        .map(|seed| HostKey::from_seed(&seed))
        .ok_or_else(|| HostKeyError::Damaged(path.to_owned()))
}

fn seed(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(PREFIX)?.strip_suffix('\n')?;
    let mut seed = [0; 32];
    if digits.len() != 2 * seed.len() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(seed)
}

/// Whole or not at all, and never in the place of another.
fn make(path: &Path) -> io::Result<()> {
    let seed = crate::random::seed().ok_or_else(|| io::Error::other("no random numbers"))?;
    let mut text = PREFIX.to_owned();
    for byte in seed {
        text.push_str(&format!("{byte:02x}"));
    }
    text.push('\n');
    let fresh = path.with_extension("new");
    let _ = fs::remove_file(&fresh);
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::hard_link(&fresh, path)?;
    fs::remove_file(&fresh)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_for_root_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host_key");
        let made = read_or_make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read_or_make(&path).unwrap().fingerprint(), made.fingerprint());
        let other = read_or_make(&folder.path().join("other")).unwrap();
        assert_ne!(other.fingerprint(), made.fingerprint());
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_cut_is_not_used_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host_key");
        read_or_make(&path).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read_or_make(&path), Err(HostKeyError::Exposed(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for text in ["", &whole[..40], &whole.replace('\n', ""), &format!("{whole}{whole}")] {
            fs::write(&path, text).unwrap();
            assert!(matches!(read_or_make(&path), Err(HostKeyError::Damaged(_))), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), *text);
        }
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
        assert!(read_or_make(&path).is_err());
    }
}
