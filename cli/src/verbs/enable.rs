//! `writ enable`: makes a door ask Writ, and takes that back if it does not work.

use std::fs;
use std::io;
use std::time::Duration;

use writ_protocol::calls;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::local;
use crate::replace;
use crate::screen::{print, shown_lines};
use crate::span::parse_span;
use crate::sudo::conf::{self, DoorState, SUDO_CONF, SudoConf};
use crate::sudo::trial::{self, TrialLock};
use crate::sudo::{plugin, probe};
use crate::verbs::Door;

/// The shortest trial: less is over before anybody could try it.
const TRIAL_MIN: Duration = Duration::from_secs(30);

/// Let a door ask Writ
///
/// Adds Writ's two plugins to /etc/sudo.conf, by rename, after checking that the
/// plugin is root's, that the agent answers, that its policy has no error and, with
/// a sudo that only this command sees, that sudo loads it; then asks sudo itself
/// (sudo -V), and takes the lines out again if it does not. Done twice, it changes
/// nothing.
///
/// With --rollback-after it undoes itself, also after a reboot, unless you run
/// `writ enable sudo --confirm` in time: try sudo from a second terminal first.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The door
    door: Door,

    /// Undo it after this time unless it is confirmed: 10m, 1h
    #[arg(long, value_name = "TIME", value_parser = parse_span, conflicts_with = "confirm")]
    rollback_after: Option<Duration>,

    /// Keep what --rollback-after would undo
    #[arg(long)]
    confirm: bool,

    /// Enable it though the agent does not answer, refuses everything, or has a
    /// policy with an error; people may be locked out of sudo
    #[arg(long, conflicts_with = "confirm")]
    force: bool,
}

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
    #[error(
        "the agent refuses everything ({0}), so nobody could use sudo; see `writ doctor`, or give --force"
    )]
    Sealed(String),
    #[error("the policy has an error; mend it, or give --force:\n{0}")]
    Policy(String),
    #[error(
        "{0}; while it does not answer nobody but root could use sudo, so give --force to enable it all the same"
    )]
    NoAgent(String),
    #[error("the time is too short to try anything; give {} s or more", TRIAL_MIN.as_secs())]
    ShortTrial,
    #[error("the trial is over: sudo does not ask Writ; `writ enable sudo` enables it again")]
    Over,
}

impl From<EnableError> for Failure {
    fn from(error: EnableError) -> Self {
        let exit = match error {
            EnableError::NoAgent(_) => Exit::Unreachable,
            EnableError::ShortTrial => Exit::Usage,
            _ => Exit::Failed,
        };
        Self::verb(exit, error)
    }
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let Door::Sudo = arguments.door;
    if !host.is_mine() {
        return Err(Failure::NotRoot("writ enable sudo"));
    }
    let said = if arguments.confirm { confirm(host)? } else { enable(host, arguments)? };
    print(&said)?;
    Ok(Exit::Done)
}

/// Enables it and returns what to tell.
fn enable(host: &Host, arguments: &Arguments) -> Result<String, EnableError> {
    if arguments.rollback_after.is_some_and(|lasts| lasts < TRIAL_MIN) {
        return Err(EnableError::ShortTrial);
    }
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
        Some(lasts) => Some(trial::begin(host, lasts)?),
        None => None,
    };
    if let Err(error) = put_in(host, former.as_deref(), &text) {
        // If it stays, its timer finds nothing to undo.
        let _ = trial::end(host);
        return Err(error);
    }
    Ok(match trial {
        Some(trial) => on_trial(trial),
        None => "sudo now asks Writ.\n".to_owned(),
    })
}

/// It is enabled already: only the trial may change.
fn already(host: &Host, arguments: &Arguments) -> Result<String, EnableError> {
    let said = match (trial::pending(host)?, arguments.rollback_after) {
        (None, _) => "sudo asks Writ already; nothing was changed.\n".to_owned(),
        (Some(trial), None) => on_trial(trial),
        (Some(_), Some(lasts)) => on_trial(trial::begin(host, lasts)?),
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

/// An agent that would refuse everybody is no agent to ask.
fn check_agent(host: &Host) -> Result<(), EnableError> {
    let unreachable = |error: String| EnableError::NoAgent(error);
    let mut agent = Agent::connect(host).map_err(|error| unreachable(error.to_string()))?;
    let status = agent.call(&calls::Status {}).map_err(|error| unreachable(error.to_string()))?;
    if let Some(why) = status.sealed {
        return Err(EnableError::Sealed(shown_lines(&why)));
    }
    match status.policy_error {
        Some(error) => Err(EnableError::Policy(error)),
        None => Ok(()),
    }
}

/// Keeps what is on trial, and returns what to tell.
fn confirm(host: &Host) -> Result<String, EnableError> {
    let _lock = TrialLock::take(host)?;
    let text = read(host)?.unwrap_or_default();
    let enabled = SudoConf::parse(&text).door_state() == DoorState::On;
    let tried = trial::pending(host)?.is_some();
    trial::end(host)?;
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
