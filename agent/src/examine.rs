//! The file of a command: its digest, and whether the requester may change it.
//!
//! Asking about a command whose file the requester may write would approve
//! whatever it becomes, so the engine refuses that. The walk goes as the kernel's
//! does (path_resolution(7)): component by component, through every symbolic
//! link, and every folder on the way counts, because who may write a folder may
//! put another file in a name's place.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use writ_engine::facts::Evidence;

use crate::acl;

/// The longest file that is digested, in bytes. A longer one cannot be asked about.
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How many symbolic links are followed (the kernel's own limit, path_resolution(7)).
const LINKS_MAX: usize = 40;

/// Somebody who may be able to write: one of the accounts of a requester.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Writer {
    /// The account.
    pub uid: u32,
    /// The numbers of its groups.
    pub groups: BTreeSet<u32>,
}

/// Looks at the file at `path` (in the wire's form) for a requester who has these
/// accounts. Blocks on the disk.
#[must_use]
pub(crate) fn examine(path: &str, writers: &[Writer]) -> Evidence {
    let Some(path) = decoded(path) else {
        return Evidence { sha256: None, writable: None };
    };
    Evidence { sha256: digest(&path), writable: first_writable(&path, writers) }
}

/// What of a file at `path` (in the wire's form), or above it, one of these may write.
#[must_use]
pub(crate) fn writable(path: &str, writers: &[Writer]) -> Option<String> {
    match decoded(path) {
        Some(decoded) => first_writable(&decoded, writers),
        // Nobody can say what it is.
        None => Some(path.to_owned()),
    }
}

fn first_writable(path: &Path, writers: &[Writer]) -> Option<String> {
    let writable = writers.iter().find_map(|writer| writable_on_the_way(path, writer));
    writable.map(|found| shown(&found))
}

/// The path behind its wire's form.
#[must_use]
pub(crate) fn decoded(path: &str) -> Option<PathBuf> {
    let bytes = writ_protocol::text::decode(path).ok()?;
    Some(PathBuf::from(OsString::from_vec(bytes)))
}

/// SHA-256 of a program, hexadecimal; `None` where it is no regular executable
/// file, is too long or cannot be read. Only files that may be executed are
/// digested: the digest of a file that its requester may not read is not told.
#[must_use]
pub(crate) fn digest(path: &Path) -> Option<String> {
    let before = fs::metadata(path).ok()?;
    if !is_program(&before) {
        return None;
    }
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).ok()?;
    let file = File::options().read(true).custom_flags(flags).open(path).ok()?;
    let opened = file.metadata().ok()?;
    if !is_program(&opened) || opened.len() > FILE_BYTES_MAX {
        return None;
    }
    digest_of(file.take(FILE_BYTES_MAX + 1)).ok()
}

fn is_program(file: &Metadata) -> bool {
    file.is_file() && file.mode() & 0o111 != 0
}

fn digest_of(mut file: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The first thing on the way to `path` that the writer may change.
fn writable_on_the_way(path: &Path, writer: &Writer) -> Option<PathBuf> {
    let mut waiting: VecDeque<OsString> = components(path);
    let mut at = PathBuf::from("/");
    let mut links = 0;
    loop {
        let name = waiting.pop_front()?;
        if name == OsStr::new("..") {
            at.pop();
            continue;
        }
        let next = at.join(&name);
        let Ok(found) = fs::symlink_metadata(&next) else { return None };
        if writer.may_replace(&at, &found) {
            return Some(at);
        }
        if found.file_type().is_symlink() {
            links += 1;
            let target = fs::read_link(&next).ok()?;
            if links > LINKS_MAX {
                return Some(next);
            }
            if target.is_absolute() {
                at = PathBuf::from("/");
            }
            for component in components(&target).into_iter().rev() {
                waiting.push_front(component);
            }
            continue;
        }
        if !found.is_dir() {
            return writer.may_write(&next, &found).then_some(next);
        }
        at = next;
    }
}

fn components(path: &Path) -> VecDeque<OsString> {
    path.as_os_str()
        .as_bytes()
        .split(|byte| *byte == b'/')
        .filter(|name| !name.is_empty() && *name != b".")
        .map(|name| OsStr::from_bytes(name).to_owned())
        .collect()
}

impl Writer {
    /// Whether he may put something else in the place of `entry` of `folder`.
    fn may_replace(&self, folder: &Path, entry: &Metadata) -> bool {
        let Ok(found) = fs::metadata(folder) else { return true };
        // In a sticky folder only the owner of the entry or of the folder may
        // (unlink(2), rename(2)).
        let sticky = found.mode() & 0o1000 != 0;
        self.owns(&found) || self.may_write(folder, &found) && (!sticky || self.owns(entry))
    }

    /// Whether he may write it, or give himself the right to.
    fn may_write(&self, path: &Path, found: &Metadata) -> bool {
        if self.uid == 0 || found.file_type().is_socket() {
            return false;
        }
        if self.owns(found) {
            return true;
        }
        match acl::of(path) {
            Some(acl) => acl.lets_write(self.uid, &self.groups, found.gid()),
            None => {
                let bit = if self.groups.contains(&found.gid()) { 0o020 } else { 0o002 };
                found.mode() & bit != 0
            }
        }
    }

    fn owns(&self, found: &Metadata) -> bool {
        self.uid != 0 && found.uid() == self.uid
    }
}

fn shown(path: &Path) -> String {
    writ_protocol::text::encode(path.as_os_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    fn alice() -> Writer {
        Writer { uid: 1000, groups: BTreeSet::from([1000]) }
    }

    /// A folder of root's below `/`, where nothing on the way is writable.
    fn root_folder() -> tempfile::TempDir {
        let folder =
            tempfile::Builder::new().prefix("writ-examine-").tempdir_in("/var/lib").unwrap();
        set_mode(folder.path(), 0o755);
        folder
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn program(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        set_mode(&path, 0o755);
        path
    }

    fn found(path: &Path) -> Option<PathBuf> {
        writable_on_the_way(path, &alice())
    }

    #[test]
    fn a_program_of_roots_is_not_writable() {
        let folder = root_folder();
        let path = program(folder.path(), "tool");
        assert_eq!(found(&path), None);
        let evidence = examine(path.to_str().unwrap(), &[alice()]);
        assert_eq!(evidence.sha256.unwrap().len(), 64);
        assert_eq!(evidence.writable, None);
    }

    #[test]
    fn a_program_that_the_requester_may_write_is_found() {
        let folder = root_folder();
        for (mode, owner, group) in [(0o755, 1000, 0), (0o757, 0, 0), (0o775, 0, 1000)] {
            let path = program(folder.path(), "tool");
            chown(&path, Some(owner), Some(group)).unwrap();
            set_mode(&path, mode);
            assert_eq!(found(&path), Some(path), "{mode:o} {owner}:{group}");
        }
    }

    #[test]
    fn a_folder_above_that_the_requester_may_write_is_found() {
        let folder = root_folder();
        let inner = folder.path().join("bin");
        fs::create_dir(&inner).unwrap();
        let path = program(&inner, "tool");
        assert_eq!(found(&path), None);
        set_mode(&inner, 0o777);
        assert_eq!(found(&path), Some(inner.clone()));
        set_mode(&inner, 0o1777);
        assert_eq!(found(&path), None, "in a sticky folder nobody replaces what is root's");
    }

    #[test]
    fn a_link_is_followed_and_both_ways_count() {
        let folder = root_folder();
        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        let path = program(&open, "tool");
        let link = folder.path().join("link");
        symlink("open/tool", &link).unwrap();
        assert_eq!(found(&link), None);
        chown(&open, Some(1000), None).unwrap();
        assert_eq!(found(&link), Some(open));
        assert_eq!(found(&path), Some(folder.path().join("open")));
    }

    #[test]
    fn a_loop_of_links_is_not_trusted() {
        let folder = root_folder();
        let link = folder.path().join("loop");
        symlink("loop", &link).unwrap();
        assert!(found(&link).is_some());
    }

    #[test]
    fn what_is_no_program_is_not_digested() {
        assert_eq!(digest(Path::new("/etc/shadow")), None);
        assert_eq!(digest(Path::new("/dev/zero")), None);
        assert_eq!(digest(Path::new("/nowhere")), None);
        let folder = root_folder();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o777),
            0,
        )
        .unwrap();
        assert_eq!(digest(&pipe), None);
    }
}
