//! `writ disable sudo`: sudo no longer asks Writ.

use std::fs;
use std::io;

use super::Arguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::replace;
use crate::sudo::conf::{self, SUDO_CONF};
use crate::sudo::probe;
use crate::trial::{self, TrialLock};
use crate::verbs::Door;

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

/// Disables it; returns what to tell.
pub(super) fn run(host: &Host, arguments: &Arguments) -> Result<&'static str, Failure> {
    Ok(disable(host, arguments)?)
}

fn disable(host: &Host, arguments: &Arguments) -> Result<&'static str, DisableError> {
    let _lock = TrialLock::take(host)?;
    if arguments.if_unconfirmed && trial::pending(host, Door::Sudo)?.is_none() {
        return Ok("Nothing waits for a confirmation; nothing was changed.\n");
    }
    let changed = take_out(host)?;
    trial::end(host, Door::Sudo)?;
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
