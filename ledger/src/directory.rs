//! The ledger's directory: its mode, its lock, and how its files are opened.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

const DIRECTORY_MODE: u32 = 0o750;
const FILE_MODE: u32 = 0o640;
const WRITABLE_BY_OTHERS: u32 = 0o022;
const LOCK_NAME: &str = "lock";

/// What the system said about one file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// The system's answer.
    pub source: io::Error,
}

impl FileError {
    /// For `map_err`: names the file that an error is about.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self { path: path.to_path_buf(), source }
    }
}

/// Why the directory cannot be written in.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Another process has the lock.
    #[error(
        "another process is writing the ledger in {}; only one may, so stop that one first",
        .0.display()
    )]
    Locked(PathBuf),
    /// Somebody besides its owner could exchange the files.
    #[error("{} is writable by group or others; run chmod go-w on it", .0.display())]
    Loose(PathBuf),
    /// The system refused.
    #[error("the ledger's directory cannot be used: {0}")]
    File(#[from] FileError),
}

/// The directory, locked for writing as long as the value lives.
pub(crate) struct Directory {
    path: PathBuf,
    handle: File,
    group: Option<u32>,
    lock: File,
}

impl Directory {
    /// Creates the directory if it is not there, and takes its lock: flock(2), which
    /// ends with the process however that ends.
    pub(crate) fn lock(path: &Path, group: Option<u32>) -> Result<Self, DirectoryError> {
        let handle = open_or_create(path, group)?;
        let mode = handle.metadata().map_err(FileError::at(path))?.mode();
        if mode & WRITABLE_BY_OTHERS != 0 {
            return Err(DirectoryError::Loose(path.to_path_buf()));
        }
        let lock_path = path.join(LOCK_NAME);
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(FILE_MODE)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&lock_path)
            .map_err(FileError::at(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_path_buf(), handle, group, lock }),
            Err(TryLockError::WouldBlock) => Err(DirectoryError::Locked(path.to_path_buf())),
            Err(TryLockError::Error(source)) => Err(FileError::at(&lock_path)(source).into()),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// For syncing the names in it.
    pub(crate) fn handle(&self) -> &File {
        &self.handle
    }

    /// Creates a file that must not be there yet, for appending. After an error it
    /// is not there.
    pub(crate) fn create(&self, path: &Path) -> io::Result<File> {
        let file = appending().create_new(true).mode(FILE_MODE).open(path)?;
        if let Err(error) = self.own(&file) {
            // The error that came first is the one to tell.
            let _ = fs::remove_file(path);
            return Err(error);
        }
        Ok(file)
    }

    /// Opens a file for appending, and creates it if it is not there.
    pub(crate) fn open_or_create(&self, path: &Path) -> io::Result<File> {
        let file = appending().create(true).mode(FILE_MODE).open(path)?;
        self.own(&file)?;
        Ok(file)
    }

    /// Sets mode and group whatever the umask was.
    fn own(&self, file: &File) -> io::Result<()> {
        if let Some(group) = self.group {
            fchown(file, None, Some(group))?;
        }
        file.set_permissions(Permissions::from_mode(FILE_MODE))
    }
}

impl Drop for Directory {
    /// A child that is between fork(2) and exec(2) shares the lock, so that closing
    /// our descriptor would not end it.
    fn drop(&mut self) {
        // Should this fail, the end of both processes ends it.
        let _ = self.lock.unlock();
    }
}

fn open_or_create(path: &Path, group: Option<u32>) -> Result<File, FileError> {
    let at = || FileError::at(path);
    match DirBuilder::new().mode(DIRECTORY_MODE).create(path) {
        Ok(()) => {
            let directory = open_directory(path).map_err(at())?;
            if let Some(group) = group {
                fchown(&directory, None, Some(group)).map_err(at())?;
            }
            let mode = Permissions::from_mode(DIRECTORY_MODE);
            directory.set_permissions(mode).map_err(at())?;
            if let Some(parent) = path.parent().filter(|parent| *parent != Path::new("")) {
                let synced = File::open(parent).and_then(|parent| parent.sync_all());
                synced.map_err(FileError::at(parent))?;
            }
            Ok(directory)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            open_directory(path).map_err(at())
        }
        Err(error) => Err(at()(error)),
    }
}

fn open_directory(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_DIRECTORY).open(path)
}

fn appending() -> OpenOptions {
    let mut options = OpenOptions::new();
    // O_NONBLOCK so that a FIFO in the place of a file cannot hang the agent;
    // O_CLOEXEC is what std always sets.
    options.append(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options
}

/// Opens a segment for appending.
pub(crate) fn open_to_append(path: &Path) -> io::Result<File> {
    appending().open(path).and_then(regular)
}

/// Opens a segment for reading.
pub(crate) fn open_to_read(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .and_then(regular)
}

fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it has the name of a segment but is not a regular file",
    ))
}

/// Renames without ever replacing a file; `false` if the name is taken.
pub(crate) fn rename_if_free(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(to) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::rename(from, to).map(|()| true)
        }
        Err(error) => Err(error),
    }
}
