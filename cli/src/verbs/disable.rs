//! `writ disable`: a door no longer asks Writ.

use std::fs;
use std::io;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::replace;
use crate::screen::print;
use crate::sudo::conf::{self, SUDO_CONF};
use crate::sudo::probe;
use crate::sudo::trial::{self, TrialLock};
use crate::verbs::Door;

/// Let a door no longer ask Writ
///
/// Takes Writ's lines out of /etc/sudo.conf, by rename; everything else in it stays.
/// Needs no agent. Done twice, it changes nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The door
    door: Door,

    /// Do nothing unless an `enable --rollback-after` waits for its confirmation
    #[arg(long)]
    if_unconfirmed: bool,
}

/// Why it is not, or not wholly, disabled.
#[derive(Debug, thiserror::Error)]
enum DisableError {
    #[error(
        "{SUDO_CONF} cannot be read or written: {0}; as root, take the lines between `# writ: begin` and `# writ: end` out of it"
    )]
    File(#[from] io::Error),
    #[error(transparent)]
    Trial(#[from] trial::TrialError),
    #[error("Writ's lines are out of {SUDO_CONF}, but {0}")]
    After(probe::ProbeError),
}

impl From<DisableError> for Failure {
    fn from(error: DisableError) -> Self {
        Self::verb(Exit::Failed, error)
    }
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let Door::Sudo = arguments.door;
    if !host.is_mine() {
        return Err(Failure::NotRoot("writ disable sudo"));
    }
    print(disable(host, arguments)?)?;
    Ok(Exit::Done)
}

/// Disables it and returns what to tell.
fn disable(host: &Host, arguments: &Arguments) -> Result<&'static str, DisableError> {
    let _lock = TrialLock::take(host)?;
    if arguments.if_unconfirmed && trial::pending(host)?.is_none() {
        return Ok("Nothing waits for a confirmation; nothing was changed.\n");
    }
    let changed = take_out(host)?;
    trial::end(host)?;
    if !changed {
        return Ok("sudo does not ask Writ; nothing was changed.\n");
    }
    probe::sudo_is_without_writ(host).map_err(DisableError::After)?;
    Ok("sudo no longer asks Writ.\n")
}

/// Takes the lines out; whether there were any.
fn take_out(host: &Host) -> io::Result<bool> {
    let path = host.path(SUDO_CONF);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match conf::without_writ(&text) {
        Some(without) if without == text => return Ok(false),
        Some(without) => replace::replace(&path, &without)?,
        None => replace::remove(&path)?,
    }
    Ok(true)
}
