//! The command that is asked about.

use std::os::unix::ffi::OsStrExt;

use writ_engine::facts::{self, Action};
use writ_protocol::calls::{Command, RunAs};
use writ_protocol::text::encode;

use super::{Arguments, NO_NUMBER};
use crate::failure::Failure;
use crate::host::Host;
use crate::verbs::request::resolve::{self, ResolveError};

/// Whom it may run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Users {
    /// Users of this host.
    OfHost,
    /// Anybody: the files are those of another host.
    Any,
}

/// The command that sudo would be given. A path is taken as it stands: the program may
/// be another host's.
///
/// # Errors
/// When sudo would find no such command, or there is no such user.
pub(super) fn command(
    host: &Host,
    arguments: &Arguments,
    users: Users,
) -> Result<Command, Failure> {
    resolved(host, arguments, users).map_err(|error| Failure::verb(error.exit(), error))
}

fn resolved(host: &Host, arguments: &Arguments, users: Users) -> Result<Command, ResolveError> {
    let words = arguments.command.iter().map(|word| encode(word.as_bytes()));
    let mut argv: Vec<String> = words.collect();
    let name = arguments.command.first().ok_or(ResolveError::Empty)?;
    let edit = name == "sudoedit";
    let path = if name.as_bytes().starts_with(b"/") {
        encode(name.as_bytes())
    } else if edit {
        argv.remove(0);
        "/usr/bin/sudoedit".to_owned()
    } else {
        resolve::path_of(host, name)?
    };
    let cwd = match &arguments.cwd {
        Some(cwd) => cwd.clone(),
        None => std::env::current_dir().map_err(ResolveError::NoDirectory)?,
    };
    let mut run_as = match resolve::account(&arguments.run_as) {
        Err(ResolveError::NoUser(_)) if users == Users::Any => stranger(&arguments.run_as),
        found => found?,
    };
    run_as.group.clone_from(&arguments.run_as_group);
    Ok(Command { path, argv, cwd: encode(cwd.as_os_str().as_bytes()), run_as, edit })
}

/// A user whom this host does not have, by name or as `#1000`.
fn stranger(user: &str) -> RunAs {
    let number = user.strip_prefix('#').and_then(|digits| digits.parse().ok());
    RunAs { user: user.to_owned(), uid: number.unwrap_or(NO_NUMBER), group: None }
}

/// The same as the engine has it.
pub(super) fn of_engine(command: Command) -> facts::Command {
    let Command { path, argv, cwd, run_as, edit } = command;
    facts::Command {
        path,
        argv,
        cwd,
        run_as: facts::RunAs {
            user: run_as.user,
            uid: facts::Uid(run_as.uid),
            group: run_as.group,
        },
        action: if edit { Action::Edit } else { Action::Run },
    }
}
