//! A service of PAM: its name, and its file in /etc/pam.d.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use writ_engine::question::digest;

use super::lines;
use super::stack::{Act, parse};
use crate::host::Host;
use crate::replace;
use crate::sudo::plugin::only_root_writes;

/// Where the admin's files lie.
pub const PAM_FOLDER: &str = "/etc/pam.d";

/// Where packages put those that the admin may replace.
const VENDOR_FOLDER: &str = "/usr/lib/pam.d";

/// A file longer than this is none that PAM is given, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// A name longer than this is no service's, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// By this, approvers prove who they are: if it asked, who would answer?
const OWN: &str = "writ";

/// In everybody's stack: `other` is taken where a service has no file, `systemd-user` is
/// run beside every login, and the rest is taken in by other services.
const EVERYBODYS: [&str; 5] =
    ["other", "systemd-user", "system-auth", "password-auth", "postlogin"];

/// The service of pkexec, run0 and what else asks through polkit.
const POLKIT: &str = "polkit-1";

/// Where polkit 127 and later has its helper started: by then, everybody's is root's.
const HELPER_UNIT: &str = "/usr/lib/systemd/system/polkit-agent-helper.socket";

/// What runs by itself: nobody is there to wait for an answer.
const UNATTENDED: [&str; 4] = ["cron", "crond", "atd", "anacron"];

/// Why a service is not one to put lines into, or to take them out of.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Not a name.
    #[error("{0}: this is no name of a service; they are those of the files in {PAM_FOLDER}")]
    Name(String),
    /// Not for one service alone.
    #[error("{0}: this is in the stack of other services too ({1}); name those that are to ask")]
    Everybodys(String, String),
    /// Nobody is there.
    #[error(
        "{0}: nobody waits at it for an answer, so that jobs would fail; --force puts the lines in all the same"
    )]
    Unattended(String),
    /// Who asks is not to be told.
    #[error(
        "{0}: this host's polkit has its helper started by systemd ({HELPER_UNIT}), so that who asks cannot be told and everybody would be refused"
    )]
    Activated(String),
    /// There is none.
    #[error("{0}: there is no such service in {PAM_FOLDER} or {VENDOR_FOLDER}")]
    Missing(String),
    /// A symbolic link, a folder.
    #[error(
        "{0}: this is not a regular file, so that others than this service may be meant; put a file of its own there first"
    )]
    NotAFile(String),
    /// Somebody else could let in whom he likes.
    #[error(
        "{0}: this must be root's and not writable by others; `chown root:root {0}; chmod go-w {0}`"
    )]
    Loose(String),
    /// Too long, or not text.
    #[error("{0}: this is longer than a service's file can be, or not text in UTF-8")]
    NotText(String),
    /// It cannot be read or written.
    #[error("{0}: {1}")]
    File(String, io::Error),
}

/// The name of a service, which is that of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service(String);

/// What a service's file is.
#[derive(Debug)]
pub struct Present {
    /// Its text.
    pub text: String,
    /// Whether it is the vendor's: there is none in [`PAM_FOLDER`].
    pub vendors: bool,
}

impl Service {
    /// Takes a name as people write it.
    ///
    /// # Errors
    /// When no file of that name would be read as a service's.
    pub fn named(name: &str) -> Result<Self, ServiceError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
        let backup = [".dpkg-", ".rpm", ".writ-"].iter().any(|part| name.contains(part));
        match name.is_empty()
            || name.len() > NAME_BYTES_MAX
            || name.starts_with('.')
            || backup
            || !name.chars().all(plain)
        {
            true => Err(ServiceError::Name(name.to_owned())),
            false => Ok(Self(name.to_owned())),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Its file, where the admin's are.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(PAM_FOLDER).join(&self.0)
    }

    /// Checks that it is for one service alone. With `force`, jobs may be meant.
    ///
    /// # Errors
    /// When others take it in, or nobody waits at it.
    pub fn is_one(&self, host: &Host, force: Force) -> Result<(), ServiceError> {
        if self.0 == OWN {
            let use_ = "Writ itself asks approvers by it".to_owned();
            return Err(ServiceError::Everybodys(self.0.clone(), use_));
        }
        if EVERYBODYS.contains(&self.name()) || self.0.starts_with("common-") {
            return Err(ServiceError::Everybodys(
                self.0.clone(),
                "it is there for that".to_owned(),
            ));
        }
        // Those that are named after it are the same program in another mood: su-l, sudo-i.
        let own = format!("{}-", self.0);
        let takers: Vec<String> = all(host)?
            .into_iter()
            .filter(|other| {
                other != self && !other.0.starts_with(&own) && other.takes_in(host, self)
            })
            .map(|other| other.0)
            .collect();
        if !takers.is_empty() {
            return Err(ServiceError::Everybodys(self.0.clone(), takers.join(", ")));
        }
        if self.0 == POLKIT && fs::exists(host.path(HELPER_UNIT)).unwrap_or(false) {
            return Err(ServiceError::Activated(self.0.clone()));
        }
        match UNATTENDED.contains(&self.name()) && force == Force::No {
            true => Err(ServiceError::Unattended(self.0.clone())),
            false => Ok(()),
        }
    }

    /// Whether its file takes in that of another service.
    pub fn takes_in(&self, host: &Host, other: &Self) -> bool {
        let text = text_of(host, self.name()).unwrap_or_default();
        parse(&text).unwrap_or_default().iter().any(|rule| match &rule.act {
            Act::Include(file) => *file == other.0 || Some(file.as_str()) == other.path().to_str(),
            _ => false,
        })
    }

    /// Its file as it is: the admin's, or else the vendor's.
    ///
    /// # Errors
    /// When there is none, or it is not root's alone, a regular file, and text.
    pub fn read(&self, host: &Host) -> Result<Present, ServiceError> {
        for (folder, vendors) in [(PAM_FOLDER, false), (VENDOR_FOLDER, true)] {
            let path = PathBuf::from(folder).join(&self.0);
            if let Some(text) = read_file(host, &path)? {
                check_alone(host, &path)?;
                return Ok(Present { text, vendors });
            }
        }
        Err(ServiceError::Missing(self.0.clone()))
    }

    /// The text of its file with Writ's lines ([`lines::with_writ`]).
    ///
    /// # Errors
    /// When they have no place there.
    pub fn with_writ(
        &self,
        host: &Host,
        present: &Present,
        wait: Option<u32>,
    ) -> Result<String, lines::PlaceError> {
        let others = |file: &str| text_of(host, file);
        let text = lines::with_writ(self.name(), &present.text, wait, &others)?;
        let original = match (present.vendors, lines::copied_digest(&present.text)) {
            (true, _) => digest(&present.text),
            (false, Some(digest)) => digest.to_owned(),
            (false, None) => return Ok(text),
        };
        Ok(lines::copy_line(&format!("{VENDOR_FOLDER}/{}", self.0), &original) + &text)
    }

    /// Puts this text in its place.
    ///
    /// # Errors
    /// When it cannot be written; then all is as it was.
    pub fn write(&self, host: &Host, text: &str) -> Result<(), ServiceError> {
        let failed = |error| ServiceError::File(self.path().display().to_string(), error);
        replace::replace(&host.path(self.path()), text.as_bytes()).map_err(failed)
    }

    /// Removes its file, so that the vendor's counts again.
    ///
    /// # Errors
    /// When it stays.
    pub fn remove(&self, host: &Host) -> Result<(), ServiceError> {
        let failed = |error| ServiceError::File(self.path().display().to_string(), error);
        replace::remove(&host.path(self.path())).map_err(failed)
    }

    /// Takes Writ's lines out; whether there were any. A copy of the vendor's file that
    /// nobody has edited goes as a whole.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn take_out(&self, host: &Host) -> Result<bool, ServiceError> {
        let Some(text) = read_file(host, &self.path())? else {
            return Ok(false);
        };
        let without = lines::without_writ(&text);
        if without == text {
            return Ok(false);
        }
        match lines::copied_digest(&text) {
            Some(copied) if copied == digest(&without) => self.remove(host)?,
            _ => self.write(host, &without)?,
        }
        Ok(true)
    }

    /// Whether the vendor's file has changed since this one was copied from it.
    pub fn is_stale(&self, host: &Host, text: &str) -> bool {
        let vendors = fs::read_to_string(host.path(PathBuf::from(VENDOR_FOLDER).join(&self.0)));
        lines::copied_digest(text)
            .is_some_and(|copied| vendors.is_ok_and(|vendors| digest(&vendors) != copied))
    }
}

/// Whether what usually is refused is wanted all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// No.
    No,
    /// `--force`.
    Yes,
}

/// Every service with a file of the admin's or the vendor's, by name.
///
/// # Errors
/// When the admin's folder cannot be read.
pub fn all(host: &Host) -> Result<Vec<Service>, ServiceError> {
    let mut found = Vec::new();
    for folder in [PAM_FOLDER, VENDOR_FOLDER] {
        let entries = match fs::read_dir(host.path(folder)) {
            Ok(entries) => entries,
            Err(error) if folder == VENDOR_FOLDER && error.kind() == ErrorKind::NotFound => {
                continue;
            }
            Err(error) => return Err(ServiceError::File(folder.to_owned(), error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        found.extend(names.filter_map(|name| Service::named(&name).ok()));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Every service whose own file has lines of Writ's, with its text.
///
/// # Errors
/// When the folder cannot be read.
pub fn enabled(host: &Host) -> Result<Vec<(Service, String)>, ServiceError> {
    let with_text = |service: Service| {
        let text = fs::read(host.path(service.path())).ok()?;
        let text = String::from_utf8_lossy(&text).into_owned();
        lines::has_writ(&text).then_some((service, text))
    };
    Ok(all(host)?.into_iter().filter_map(with_text).collect())
}

/// The text of a file that a stack takes in: a service's name, or a path.
fn text_of(host: &Host, file: &str) -> Option<String> {
    let places = match file.starts_with('/') {
        true => vec![PathBuf::from(file)],
        false => {
            vec![PathBuf::from(PAM_FOLDER).join(file), PathBuf::from(VENDOR_FOLDER).join(file)]
        }
    };
    places.iter().find_map(|path| fs::read_to_string(host.path(path)).ok())
}

/// Checks that nobody but root writes a file or what is above it.
///
/// # Errors
/// Names the place where others may.
pub fn check_alone(host: &Host, path: &Path) -> Result<(), ServiceError> {
    match path.ancestors().find(|place| !only_root_writes(host, place)) {
        Some(place) => Err(ServiceError::Loose(place.display().to_string())),
        None => Ok(()),
    }
}

/// The text of a regular file that is no link; `None` where there is none.
fn read_file(host: &Host, path: &Path) -> Result<Option<String>, ServiceError> {
    let name = || path.display().to_string();
    let metadata = match fs::symlink_metadata(host.path(path)) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ServiceError::File(name(), error)),
    };
    if !metadata.is_file() {
        return Err(ServiceError::NotAFile(name()));
    }
    if metadata.len() > FILE_BYTES_MAX {
        return Err(ServiceError::NotText(name()));
    }
    match fs::read_to_string(host.path(path)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(ServiceError::NotText(name())),
        Err(error) => Err(ServiceError::File(name(), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polkit_is_not_enabled_where_who_asks_cannot_be_told() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc/pam.d")).unwrap();
        let (host, polkit) = (Host::at(root.path()), Service::named(POLKIT).unwrap());
        assert!(polkit.is_one(&host, Force::No).is_ok());
        let unit = host.path(HELPER_UNIT);
        fs::create_dir_all(unit.parent().unwrap()).unwrap();
        fs::write(unit, "[Socket]\n").unwrap();
        for force in [Force::No, Force::Yes] {
            let refused = polkit.is_one(&host, force);
            assert!(matches!(refused, Err(ServiceError::Activated(_))), "{refused:?}");
        }
    }
}
