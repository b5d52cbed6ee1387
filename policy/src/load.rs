//! Reads the files of a policy folder.
//!
//! Every file is judged by the descriptor that it is read from, and opened below
//! the descriptor of its folder without following links, so that nothing can be
//! put in its place between the look and the reading.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Dir, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use writ_protocol::text;

use crate::diagnostic::{Diagnostic, Refusal};
use crate::host::HostName;
use crate::loaded::Loaded;
use crate::parse::parse;
use crate::source::{APPROVERS_FOLDER, HOST_FILE, ROLES_FOLDER, SourceFile, is_policy_name};
use crate::trust::{Distrust, Kind, Trust};

/// The largest file, in bytes.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// All files together, in bytes.
pub const POLICY_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The most files.
pub const FILES_MAX: usize = 1024;

/// Reads the policy of a folder, `/etc/writ` on a host, for the host of that
/// name. A folder or file that does not exist says nothing: without any, the
/// policy is the one of a fresh install, which observes and blocks nothing.
///
/// # Errors
/// Everything that is wrong: with the files themselves (owner, mode, size), or
/// else with what they say.
pub fn load(folder: &Path, host: &HostName, trust: Trust) -> Result<Loaded, Refusal> {
    parse(read(folder, trust)?, host)
}

/// The files of a policy folder, as [`load`] reads them; what they say is not looked at.
///
/// # Errors
/// What is wrong with the files themselves.
pub fn read(folder: &Path, trust: Trust) -> Result<Vec<SourceFile>, Refusal> {
    let mut reading = Reading { trust, files: Vec::new(), bytes: 0, errors: Vec::new() };
    reading.policy(folder);
    match Refusal::of(reading.errors) {
        Some(refusal) => Err(refusal),
        None => Ok(reading.files),
    }
}

/// What keeps a file from being read.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("this cannot be opened: {0}")]
    Open(Errno),
    #[error("this is a symbolic link, and links are not followed")]
    Link,
    #[error("this cannot be read: {0}")]
    Read(io::Error),
    #[error("{0}")]
    Distrust(Distrust),
    #[error("this file is larger than {} KiB", FILE_BYTES_MAX / 1024)]
    FileTooLarge,
    #[error("with this file the policy is larger than {} MiB", POLICY_BYTES_MAX / 1024 / 1024)]
    PolicyTooLarge,
    #[error("with this file there are more than {FILES_MAX}")]
    TooManyFiles,
    #[error("the name of this file is not UTF-8")]
    Name,
}

struct Reading {
    trust: Trust,
    files: Vec<SourceFile>,
    bytes: u64,
    errors: Vec<Diagnostic>,
}

impl Reading {
    fn policy(&mut self, path: &Path) {
        let Some(folder) = self.open(CWD, path, path, Kind::Folder) else {
            return;
        };
        self.file(&folder, HOST_FILE.as_ref(), HOST_FILE, &path.join(HOST_FILE));
        for name in [ROLES_FOLDER, APPROVERS_FOLDER] {
            let path = path.join(name);
            if let Some(folder) = self.open(&folder, name.as_ref(), &path, Kind::Folder) {
                self.folder(&folder, name, &path);
            }
        }
    }

    fn folder(&mut self, folder: &OwnedFd, name: &str, path: &Path) {
        let names = match names(folder) {
            Ok(names) => names,
            Err(error) => return self.fail(path, &ReadError::Read(error)),
        };
        for file in names {
            let path = path.join(text::encode(&file));
            match str::from_utf8(&file) {
                Ok(file) if !is_policy_name(file) => {}
                Ok(_) if self.files.len() == FILES_MAX => {
                    return self.fail(&path, &ReadError::TooManyFiles);
                }
                Ok(file) => self.file(folder, file.as_ref(), &format!("{name}/{file}"), &path),
                Err(_) if file.ends_with(b".toml") && !file.starts_with(b".") => {
                    self.fail(&path, &ReadError::Name);
                }
                Err(_) => {}
            }
        }
    }

    fn file(&mut self, folder: &OwnedFd, at: &Path, name: &str, path: &Path) {
        let Some(file) = self.open(folder, at, path, Kind::File) else {
            return;
        };
        match contents(file) {
            Err(error) => self.fail(path, &error),
            Ok(contents) => {
                self.bytes += u64::try_from(contents.len()).unwrap_or(FILE_BYTES_MAX);
                if self.bytes > POLICY_BYTES_MAX {
                    self.fail(path, &ReadError::PolicyTooLarge);
                } else {
                    self.files.push(SourceFile::new(name, contents).found_at(path.to_owned()));
                }
            }
        }
    }

    /// Opens and judges; nothing when it does not exist, or after noting why not.
    fn open(
        &mut self,
        below: impl std::os::fd::AsFd,
        at: &Path,
        path: &Path,
        kind: Kind,
    ) -> Option<OwnedFd> {
        // Without O_NONBLOCK, opening a FIFO would wait for a writer.
        let flags =
            OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = openat(below, at, flags, Mode::empty())
            .map_err(|errno| match errno {
                Errno::LOOP => ReadError::Link,
                errno => ReadError::Open(errno),
            })
            .and_then(|opened| {
                let stat = fstat(&opened).map_err(ReadError::Open)?;
                self.trust.judge(&stat, kind).map_err(ReadError::Distrust)?;
                Ok(opened)
            });
        match opened {
            Ok(opened) => Some(opened),
            Err(ReadError::Open(Errno::NOENT)) => None,
            Err(error) => {
                self.fail(path, &error);
                None
            }
        }
    }

    fn fail(&mut self, path: &Path, error: &ReadError) {
        let help = match error {
            ReadError::Distrust(distrust) => distrust.help(&path.to_string_lossy()),
            ReadError::Link => Some("put the thing itself here".to_owned()),
            _ => None,
        };
        self.errors.push(Diagnostic::about(path, &error.to_string(), help.as_deref()));
    }
}

/// The names in a folder, in the order of their bytes.
fn names(folder: &OwnedFd) -> io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        names.push(entry?.file_name().to_bytes().to_vec());
    }
    names.sort();
    Ok(names)
}

fn contents(file: OwnedFd) -> Result<Vec<u8>, ReadError> {
    let mut contents = Vec::new();
    // One byte more tells a file that is too large from one that just fits.
    let mut limited = File::from(file).take(FILE_BYTES_MAX + 1);
    let read = limited.read_to_end(&mut contents).map_err(ReadError::Read)?;
    if u64::try_from(read).is_ok_and(|read| read <= FILE_BYTES_MAX) {
        Ok(contents)
    } else {
        Err(ReadError::FileTooLarge)
    }
}
