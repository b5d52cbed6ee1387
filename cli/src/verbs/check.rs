//! `writ check`: is a policy as it should be?

use std::path::{Path, PathBuf};

use writ_policy::{Colour, HostName, Loaded, Refusal, Trust};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::{Screen, print};

/// Where the policy lies.
const POLICY_FOLDER: &str = "/etc/writ";

/// Say what is wrong with policy files, before an agent reads them
///
/// Everything that is wrong is told at once, with its file and line. Exits with 1 if
/// anything is; warnings alone are no error. Another folder than /etc/writ may
/// belong to anybody: a checkout, say.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder with writ.toml, roles.d and approvers.d; left out: /etc/writ
    dir: Option<PathBuf>,
}

/// Reads the files as an agent would.
pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let Some(loaded) = load_or_tell(host, arguments.dir.as_deref(), None)? else {
        return Ok(Exit::Failed);
    };
    for warning in &loaded.warnings {
        print(&format!("{}\n", warning.render(colour()).trim_end()))?;
    }
    let (files, roles) = (loaded.sources.len(), loaded.policy.settings().roles.len());
    print(&format!("{files} files with {roles} roles; nothing is wrong with them.\n"))?;
    Ok(Exit::Done)
}

/// The policy of this host as its agent reads it, or that of another folder; or what is
/// wrong with the files is told, and there is none.
///
/// # Errors
/// When the host cannot be looked at, or nothing can be told.
pub(super) fn load_or_tell(
    host: &Host,
    dir: Option<&Path>,
    host_name: Option<&str>,
) -> Result<Option<Loaded>, Failure> {
    match load(host, dir, host_name)? {
        Ok(loaded) => Ok(Some(loaded)),
        Err(refusal) => {
            print(&format!("{}\n", refusal.render(colour()).trim_end()))?;
            Ok(None)
        }
    }
}

/// The policy of this host as its agent reads it, or that of another folder; for this
/// host, or for the one of that name.
///
/// # Errors
/// When the host cannot be looked at; the inner error is what is wrong with the files.
pub(super) fn load(
    host: &Host,
    dir: Option<&Path>,
    host_name: Option<&str>,
) -> Result<Result<Loaded, Refusal>, Failure> {
    let (folder, trust) = match dir {
        Some(dir) => (dir.to_owned(), Trust::Anybody),
        None => (host.path(POLICY_FOLDER), Trust::OwnedBy(host.owner()?.as_raw())),
    };
    let name = match host_name {
        Some(name) => HostName::of(name.as_bytes()),
        None => HostName::of(rustix::system::uname().nodename().to_bytes()),
    };
    Ok(writ_policy::load(&folder, &name, trust))
}

fn colour() -> Colour {
    if Screen::of_stdout().has_colours() { Colour::Ansi } else { Colour::Plain }
}
