//! `writ enable`: makes a door ask Writ.

mod pam;
mod sudo;

use std::time::Duration;

use writ_protocol::calls;
use writ_protocol::services::WAIT_SECONDS;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::pam::service::Force;
use crate::screen::{print, shown_lines};
use crate::span::parse_span;
use crate::verbs::Door;

/// The shortest trial: less is over before anybody could try it.
const TRIAL_MIN: Duration = Duration::from_secs(30);

/// Let a door ask Writ
///
/// `writ enable sudo` adds Writ's two plugins to /etc/sudo.conf, by rename, after
/// checking that the plugin is root's, that the agent answers, that its policy has no
/// error and, with a sudo that only this command sees, that sudo loads it; then asks sudo
/// itself (sudo -V), and takes the lines out again if it does not.
///
/// `writ enable pam SERVICE…` adds Writ's module to the account and session stacks of
/// these services of PAM, each in its own file in /etc/pam.d, before whatever could end a
/// stack early. Files that other services take in are refused. Before and after, PAM is
/// asked whether it lets root on; where its answer is another one with the lines, they
/// are taken out again. A service that only has a file in /usr/lib/pam.d gets a copy of it.
/// sshd and login give up on who takes long to come in: nobody waits there for longer than
/// half of sshd's LoginGraceTime and three quarters of login's LOGIN_TIMEOUT, or than --wait.
///
/// Done twice, it changes nothing. With --rollback-after it undoes itself, also after a
/// reboot, unless you run `writ enable DOOR --confirm` in time: try it from a second
/// terminal first.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The door
    door: Door,

    /// Services of PAM: su, sshd, login, …
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    /// How long anybody waits at these services at most (1s to 1h); left out: as before, or
    /// as their own time allows
    #[arg(long, value_name = "TIME", value_parser = parse_span, conflicts_with = "confirm")]
    wait: Option<Duration>,

    /// Undo it after this time unless it is confirmed: 10m, 1h
    #[arg(long, value_name = "TIME", value_parser = parse_span, conflicts_with = "confirm")]
    rollback_after: Option<Duration>,

    /// Keep what --rollback-after would undo
    #[arg(long)]
    confirm: bool,

    /// Enable it though the agent does not answer, refuses everything, or has a
    /// policy with an error, or though it is a service that nobody waits at; people may
    /// be locked out
    #[arg(long, conflicts_with = "confirm")]
    force: bool,
}

impl Arguments {
    fn check_trial(&self) -> Result<(), ShortTrial> {
        match self.rollback_after {
            Some(lasts) if lasts < TRIAL_MIN => Err(ShortTrial),
            _ => Ok(()),
        }
    }

    /// In seconds.
    fn wait(&self) -> Result<Option<u32>, OddWait> {
        let Some(wait) = self.wait else { return Ok(None) };
        let seconds = u32::try_from(wait.as_secs()).ok().filter(|it| WAIT_SECONDS.contains(it));
        seconds.map(Some).ok_or(OddWait)
    }

    fn force(&self) -> Force {
        if self.force { Force::Yes } else { Force::No }
    }
}

/// A trial that is over before it has begun.
#[derive(Debug, thiserror::Error)]
#[error("the time is too short to try anything; give {} s or more", TRIAL_MIN.as_secs())]
struct ShortTrial;

/// A wait that is none.
#[derive(Debug, thiserror::Error)]
#[error("--wait takes 1s to 1h")]
struct OddWait;

/// Why there is nobody to ask.
#[derive(Debug, thiserror::Error)]
enum AgentError {
    #[error(
        "the agent refuses everything ({0}), so nobody would get through; see `writ doctor`, or give --force"
    )]
    Sealed(String),
    #[error("the policy has an error; mend it, or give --force:\n{0}")]
    Policy(String),
    #[error(
        "{0}; while it does not answer nobody but root would get through, so give --force to enable it all the same"
    )]
    None(String),
}

impl AgentError {
    fn exit(&self) -> Exit {
        match self {
            Self::None(_) => Exit::Unreachable,
            Self::Sealed(_) | Self::Policy(_) => Exit::Failed,
        }
    }
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    if !host.is_mine() {
        return Err(Failure::NotRoot(match arguments.door {
            Door::Sudo => "writ enable sudo",
            Door::Pam => "writ enable pam SERVICE",
        }));
    }
    let said = match arguments.door {
        Door::Sudo if !arguments.services.is_empty() => {
            let sentence = "`writ enable sudo` takes no services; those are of `writ enable pam`";
            return Err(Failure::verb(Exit::Usage, sentence));
        }
        Door::Sudo if arguments.wait.is_some() => {
            let sentence =
                "`writ enable sudo` takes no --wait; sudo waits as long as the question stays open";
            return Err(Failure::verb(Exit::Usage, sentence));
        }
        Door::Sudo => sudo::run(host, arguments)?,
        Door::Pam => pam::run(host, arguments)?,
    };
    print(&said)?;
    Ok(Exit::Done)
}

/// An agent that would refuse everybody is no agent to ask.
fn check_agent(host: &Host) -> Result<(), AgentError> {
    let mut agent = Agent::connect(host).map_err(|error| AgentError::None(error.to_string()))?;
    let status =
        agent.call(&calls::Status {}).map_err(|error| AgentError::None(error.to_string()))?;
    if let Some(why) = status.sealed {
        return Err(AgentError::Sealed(shown_lines(&why)));
    }
    match status.policy_error {
        Some(error) => Err(AgentError::Policy(error)),
        None => Ok(()),
    }
}
