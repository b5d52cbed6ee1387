//! Files that only root can have written.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, open};

/// Write permission of the group and of others (inode(7)).
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The whole of a regular file of root's that nobody else may write and that is no link,
/// if it is no longer than that.
///
/// # Errors
/// When it is another.
pub(super) fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = open_roots(path, FileType::RegularFile)?;
    let mut contents = Vec::new();
    let read = File::from(file).take(bytes_max + 1).read_to_end(&mut contents)?;
    if u64::try_from(read).is_ok_and(|read| read <= bytes_max) {
        Ok(contents)
    } else {
        Err(io::Error::other(format!("it is longer than {bytes_max} bytes")))
    }
}

/// A folder of root's that nobody else may write, and that is no link.
///
/// # Errors
/// When it is another.
pub(super) fn folder(path: &Path) -> io::Result<File> {
    open_roots(path, FileType::Directory).map(File::from)
}

fn open_roots(path: &Path, kind: FileType) -> io::Result<OwnedFd> {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer.
    let flags =
        OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = open(path, flags, Mode::empty())?;
    let stat = fstat(&opened)?;
    if FileType::from_raw_mode(stat.st_mode) != kind {
        return Err(io::Error::other("it is something else than it should be"));
    }
    if stat.st_uid != 0 {
        return Err(io::Error::other(format!("it belongs to the user {}", stat.st_uid)));
    }
    if stat.st_mode & WRITABLE_BY_OTHERS != 0 {
        return Err(io::Error::other("its group or others may write it"));
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    #[test]
    fn a_file_is_taken_only_from_root_alone_whole_and_in_person() {
        let place = tempfile::tempdir().unwrap();
        let (path, link) = (place.path().join("file"), place.path().join("link"));
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        fs::write(&path, "1234").unwrap();
        mode(0o640);
        assert_eq!(read(&path, 4).unwrap(), b"1234");
        assert!(read(&path, 3).is_err(), "it is longer");
        for writable in [0o660, 0o606] {
            mode(writable);
            assert!(read(&path, 4).is_err(), "{writable:o}");
        }
        mode(0o640);
        symlink(&path, &link).unwrap();
        assert!(read(&link, 4).is_err(), "a link");
        assert!(read(place.path(), 4).is_err(), "a folder");
        assert!(folder(&path).is_err() && folder(place.path()).is_ok());
        chown(&path, Some(1000), None).unwrap();
        assert!(read(&path, 4).is_err(), "another's");
        assert!(read(&place.path().join("none"), 4).is_err());
    }

    #[test]
    fn a_pipe_in_its_place_holds_nobody_up() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("pipe");
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &path, FileType::Fifo, mode, 0).unwrap();
        assert!(read(&path, 4).is_err());
    }
}
