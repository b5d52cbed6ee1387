//! `writ enable sudo`: makes sudo ask Writ, and takes that back if it does not work.

use std::fs;
use std::io;

use super::{AgentError, Arguments, ShortTrial, check_agent};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::local;
use crate::replace;
use crate::sudo::conf::{self, DoorState, SUDO_CONF, SudoConf};
use crate::sudo::{plugin, probe};
use crate::trial::{self, TrialLock};
use crate::verbs::Door;

/// Why nothing was enabled.
#[derive(Debug, thiserror::Error)]
enum EnableError {
    #[error("{SUDO_CONF} cannot be read or written: {0}; nothing was changed")]
    File(#[from] io::Error),
    #[error(
        "sudo passes over {SUDO_CONF} while it is not root's alone, and runs commands as if it was empty; `chown root:root {SUDO_CONF}; chmod 0644 {SUDO_CONF}`, then try again"
    )]
    Loose,
    #[error("{0}; nothing was changed")]
    Plugin(#[from] plugin::PluginError),
    #[error("sudo does not work as it is: {0}; nothing was changed")]
    Before(probe::ProbeError),
    #[error("sudo would not work: {0}; nothing was changed")]
    Rehearsal(probe::ProbeError),
    #[error("{0}; the former {SUDO_CONF} is back")]
    After(probe::ProbeError),
    #[error(
        "{0}, and the former {SUDO_CONF} could not be put back: {1}; as root, take the lines between `# writ: begin` and `# writ: end` out of it"
    )]
    Stuck(probe::ProbeError, io::Error),
    #[error(transparent)]
    Trial(#[from] trial::TrialError),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error(transparent)]
    ShortTrial(#[from] ShortTrial),
    #[error("the trial is over: sudo does not ask Writ; `writ enable sudo` enables it again")]
    Over,
}

impl From<EnableError> for Failure {
    fn from(error: EnableError) -> Self {
        let exit = match error {
            EnableError::Agent(ref error) => error.exit(),
            EnableError::ShortTrial(_) => Exit::Usage,
            _ => Exit::Failed,
        };
        Self::verb(exit, error)
    }
}

/// Enables it, or keeps what is on trial; returns what to tell.
pub(super) fn run(host: &Host, arguments: &Arguments) -> Result<String, Failure> {
    Ok(if arguments.confirm { confirm(host)? } else { enable(host, arguments)? })
}

/// Enables it and returns what to tell.
fn enable(host: &Host, arguments: &Arguments) -> Result<String, EnableError> {
    arguments.check_trial()?;
    let _lock = TrialLock::take(host)?;
    let former = read(host)?;
    let parsed = SudoConf::parse(former.as_deref().unwrap_or_default());
    if former.is_some() && !plugin::only_root_writes(host, SUDO_CONF.as_ref()) {
        return Err(EnableError::Loose);
    }
    plugin::check(host, &parsed)?;
    if parsed.door_state() == DoorState::On {
        return already(host, arguments);
    }
    if !arguments.force {
        check_agent(host)?;
    }
    probe::sudo_works(host).map_err(EnableError::Before)?;
    let text = conf::with_writ(former.as_deref());
    probe::sudo_would_load_writ(host, &text).map_err(EnableError::Rehearsal)?;
    let trial = match arguments.rollback_after {
        Some(lasts) => Some(trial::begin(host, Door::Sudo, Vec::new(), lasts)?),
        None => None,
    };
    if let Err(error) = put_in(host, former.as_deref(), &text) {
        // If it stays, its timer finds nothing to undo.
        let _ = trial::end(host, Door::Sudo);
        return Err(error);
    }
    Ok(match trial {
        Some(trial) => on_trial(trial),
        None => "sudo now asks Writ.\n".to_owned(),
    })
}

/// It is enabled already: only the trial may change.
fn already(host: &Host, arguments: &Arguments) -> Result<String, EnableError> {
    let said = match (trial::pending(host, Door::Sudo)?, arguments.rollback_after) {
        (None, _) => "sudo asks Writ already; nothing was changed.\n".to_owned(),
        (Some(trial), None) => on_trial(trial),
        (Some(_), Some(lasts)) => on_trial(trial::begin(host, Door::Sudo, Vec::new(), lasts)?),
    };
    Ok(said)
}

fn on_trial(trial: trial::Trial) -> String {
    format!(
        "sudo now asks Writ. Try it from another terminal.\n\
         At {} it is undone, unless you keep it: `writ enable sudo --confirm`.\n",
        local(trial.until_wall_ms)
    )
}

/// Writes the lines and asks sudo; on a no, the former file comes back.
fn put_in(host: &Host, former: Option<&[u8]>, text: &[u8]) -> Result<(), EnableError> {
    let path = host.path(SUDO_CONF);
    replace::replace(&path, text)?;
    let Err(fault) = probe::sudo_loads_writ(host) else {
        return Ok(());
    };
    let restored = match former {
        Some(text) => replace::replace(&path, text),
        None => replace::remove(&path),
    };
    Err(match restored {
        Ok(()) => EnableError::After(fault),
        Err(error) => EnableError::Stuck(fault, error),
    })
}

/// Keeps what is on trial, and returns what to tell.
fn confirm(host: &Host) -> Result<String, EnableError> {
    let _lock = TrialLock::take(host)?;
    let text = read(host)?.unwrap_or_default();
    let enabled = SudoConf::parse(&text).door_state() == DoorState::On;
    let tried = trial::pending(host, Door::Sudo)?.is_some();
    trial::end(host, Door::Sudo)?;
    match (enabled, tried) {
        (true, true) => Ok("sudo goes on asking Writ.\n".to_owned()),
        (true, false) => Ok("sudo asks Writ already, for good; nothing was changed.\n".to_owned()),
        (false, _) => Err(EnableError::Over),
    }
}

/// The file's text; `None` where there is no file.
fn read(host: &Host) -> io::Result<Option<Vec<u8>>> {
    match fs::read(host.path(SUDO_CONF)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
