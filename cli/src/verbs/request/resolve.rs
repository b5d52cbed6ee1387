//! A command as sudo would run it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};
use writ_protocol::calls::{Command, RunAs};
use writ_protocol::text::{encode, shown};

use crate::exit::Exit;
use crate::host::Host;

/// Where sudo looks for a command without a slash: sudoers(5) `secure_path`, as
/// Debian and most others ship it.
const SECURE_PATH: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Why a command cannot be asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    /// No words at all.
    #[error("name the command behind `--`")]
    Empty,
    /// Nothing to run has that name.
    #[error("{0}: sudo would not find this command; give its whole path")]
    NoCommand(String),
    /// Whom it shall run as is unknown.
    #[error("there is no user {0} on this host")]
    NoUser(String),
    /// The user database did not answer.
    #[error("the user {0} cannot be looked up: {1}")]
    UserDatabase(String, nix::Error),
    /// There is no working directory.
    #[error("the working directory cannot be told: {0}")]
    NoDirectory(io::Error),
}

impl ResolveError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Empty | Self::NoCommand(_) | Self::NoUser(_) => Exit::Usage,
            Self::UserDatabase(..) | Self::NoDirectory(_) => Exit::Failed,
        }
    }
}

/// The command that `sudo -u USER WORDS…` typed here would run.
///
/// # Errors
/// When sudo would not run it either.
pub(crate) fn command(
    host: &Host,
    words: &[OsString],
    user: &str,
) -> Result<Command, ResolveError> {
    let name = words.first().ok_or(ResolveError::Empty)?;
    let cwd = std::env::current_dir().map_err(ResolveError::NoDirectory)?;
    Ok(Command {
        path: path_of(host, name)?,
        argv: words.iter().map(|word| encode(word.as_bytes())).collect(),
        cwd: encode(cwd.as_os_str().as_bytes()),
        run_as: account(user)?,
        edit: false,
    })
}

/// The path of the command that sudo would run under that name, in the wire's form.
///
/// # Errors
/// When sudo would not find it.
pub(crate) fn path_of(host: &Host, name: &OsStr) -> Result<String, ResolveError> {
    let path =
        find(host, name).ok_or_else(|| ResolveError::NoCommand(shown(&encode(name.as_bytes()))))?;
    Ok(encode(path.as_os_str().as_bytes()))
}

/// A name with a slash is taken as it stands; any other is looked up. What cannot
/// be executed is passed over (sudo's find_path.c).
fn find(host: &Host, name: &OsStr) -> Option<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        let path = PathBuf::from(name);
        return is_executable(&path).then_some(path);
    }
    SECURE_PATH
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| is_executable(&host.path(path)))
}

fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// A user by name, or by number as `#1000` (sudo -u).
pub(crate) fn account(user: &str) -> Result<RunAs, ResolveError> {
    let number = user.strip_prefix('#').and_then(|digits| digits.parse().ok());
    let found = match number {
        Some(number) => User::from_uid(Uid::from_raw(number)),
        None => User::from_name(user),
    };
    let found = found
        .map_err(|errno| ResolveError::UserDatabase(shown(user), errno))?
        .ok_or_else(|| ResolveError::NoUser(shown(user)))?;
    Ok(RunAs { user: found.name, uid: found.uid.as_raw(), group: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn host_with_programs() -> (tempfile::TempDir, Host) {
        let root = tempfile::tempdir().unwrap();
        for (path, mode) in
            [("usr/sbin/reboot", 0o755), ("usr/bin/reboot", 0o755), ("usr/local/bin/notes", 0o644)]
        {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let host = Host::at(root.path());
        (root, host)
    }

    #[test]
    fn a_name_is_looked_up_in_the_order_of_sudo() {
        let (_root, host) = host_with_programs();
        let command = command(&host, &["reboot".into(), "-f".into()], "root").unwrap();
        assert_eq!(command.path, "/usr/sbin/reboot");
        assert_eq!(command.argv, ["reboot", "-f"]);
        assert_eq!(command.run_as.uid, 0);
    }

    #[test]
    fn what_cannot_be_executed_is_not_found() {
        let (_root, host) = host_with_programs();
        for name in ["notes", "nothing", "/usr/local/bin/nothing"] {
            let found = command(&host, &[name.into()], "root");
            assert!(matches!(found, Err(ResolveError::NoCommand(_))), "{name}");
        }
    }

    #[test]
    fn an_unknown_user_is_wrong_usage() {
        let (_root, host) = host_with_programs();
        let error = command(&host, &["reboot".into()], "no-such-user").unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
    }
}
