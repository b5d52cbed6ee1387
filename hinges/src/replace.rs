//! Files are replaced whole: whoever reads one finds the old text or the new one,
//! also after a power cut.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{XattrFlags, fsetxattr, getxattr, listxattr};
use rustix::io::Errno;

/// The mode of a file that was not there before: everybody reads, root writes.
pub const NEW_FILE_MODE: u32 = 0o644;

/// The names of a file's extended attributes, and the value of each, are no longer than
/// this, in bytes (xattr(7)).
const ATTRIBUTE_BYTES_MAX: usize = 64 * 1024;

/// Puts `text` in the place of the file at `path`, which keeps its owner, mode and
/// extended attributes (access control list, SELinux' label).
/// A symbolic link stays, and the file that it leads to is replaced.
///
/// # Errors
/// When anything fails; then the old file is as it was.
pub fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    let written = write_beside(&target, text)?;
    let renamed = fs::rename(&written, &target).and_then(|()| sync_folder_of(&target));
    if renamed.is_err() {
        // It is gone already if the rename itself went well.
        let _ = fs::remove_file(&written);
    }
    renamed
}

/// Removes the file at `path`, durably. That it is not there is no error.
///
/// # Errors
/// When it is there and stays.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder_of(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes a new file in the same folder, so that a rename puts it in place.
fn write_beside(target: &Path, text: &[u8]) -> io::Result<PathBuf> {
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".writ-{}", std::process::id()));
    let beside = PathBuf::from(name);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let filled = fill(&mut file, target, text);
    if filled.is_err() {
        let _ = fs::remove_file(&beside);
    }
    filled.map(|()| beside)
}

fn fill(file: &mut File, target: &Path, text: &[u8]) -> io::Result<()> {
    let mode = match fs::metadata(target) {
        Ok(old) => {
            fchown(&*file, Some(old.uid()), Some(old.gid()))?;
            copy_attributes(file, target)?;
            old.mode() & 0o7777
        }
        Err(error) if error.kind() == ErrorKind::NotFound => NEW_FILE_MODE,
        Err(error) => return Err(error),
    };
    file.write_all(text)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.sync_all()
}

fn copy_attributes(file: &File, from: &Path) -> io::Result<()> {
    let mut names = vec![0; ATTRIBUTE_BYTES_MAX];
    let length = match listxattr(from, names.as_mut_slice()) {
        Ok(length) => length,
        // A file system without any.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    };
    names.truncate(length);
    let mut value = vec![0; ATTRIBUTE_BYTES_MAX];
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let length = getxattr(from, name, value.as_mut_slice())?;
        fsetxattr(file, name, value.get(..length).unwrap_or_default(), XattrFlags::empty())?;
    }
    Ok(())
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_keeps_its_mode_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sudo.conf");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_replaced_file_keeps_its_attributes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("su");
        fs::write(&path, "old").unwrap();
        let file = File::open(&path).unwrap();
        let set = fsetxattr(&file, "user.kept", b"yes", XattrFlags::empty());
        if set == Err(Errno::OPNOTSUPP) {
            return; // This folder's file system has none.
        }
        set.unwrap();
        replace(&path, b"new").unwrap();
        let mut value = [0; 8];
        assert_eq!(getxattr(&path, "user.kept", &mut value[..]).unwrap(), 3);
        assert_eq!(&value[..3], b"yes");
    }

    #[test]
    fn a_new_file_is_for_everybody_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("writ.toml");
        replace(&path, b"new").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, NEW_FILE_MODE);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        let link = folder.path().join("link");
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn removing_what_is_not_there_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(remove(&folder.path().join("none")).is_ok());
    }
}
