//! `writ breakglass`: goes ahead without a decision, in an emergency.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use writ_protocol::BREAK_GLASS_VARIABLE;
use writ_protocol::calls::BreakGlass;
use writ_protocol::text::shown;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;

/// Where sudo is.
const SUDO: &str = "/usr/bin/sudo";

/// How sudo is told why.
const REASON_VARIABLE: &str = "WRIT_REASON";

/// How long the agent may take to hear of it, before it counts as away: it writes nothing
/// down yet, and it is an emergency.
const TELLING_PATIENCE: Duration = Duration::from_secs(10);

/// Run a command with sudo without a decision, in an emergency
///
/// For those whom [break_glass] of writ.toml names. It is announced on every terminal and
/// at syslog's level alert, is on record, and stays open until somebody else has reviewed
/// it (`writ audit review`). sudoers still says whether you may use sudo, and how you
/// prove who you are. It works also while the agent is away, if the policy files are as
/// the agent read them; it goes on record then when the agent is back.
#[derive(Debug, clap::Args)]
#[command(override_usage = "writ breakglass --reason <TEXT> [OPTIONS] -- <COMMAND>...")]
#[command(after_help = "\
Exits with what sudo exits with; 5 where you may not break the glass.

Example: writ breakglass --reason 'oncall is unreachable, disk is full' -- rm /srv/huge")]
pub(crate) struct Arguments {
    /// Why; it goes on record and is read by everybody who is logged in
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Run the command as this user, as with sudo -u; left out: root
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,

    /// The command and its arguments, as you would give them to sudo
    #[arg(last = true, value_name = "COMMAND", required = true)]
    command: Vec<OsString>,
}

/// Tells the agent that this is an emergency.
fn tell(host: &Host, reason: &str) -> Result<(), Failure> {
    let mut agent = Agent::connect(host)?;
    agent.call_patiently(&BreakGlass { reason: reason.to_owned() }, TELLING_PATIENCE)?;
    Ok(())
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    // The agent knows this process; it must become sudo, and not start one.
    let mut sudo = Command::new(host.path(SUDO));
    match tell(host, &arguments.reason) {
        Ok(()) => {}
        // sudo finds out for itself that the agent is away, and is told the same.
        Err(failure) if failure.exit() == Exit::Unreachable => {
            sudo.env(BREAK_GLASS_VARIABLE, std::process::id().to_string());
            sudo.env(REASON_VARIABLE, &arguments.reason);
        }
        Err(failure) => return Err(failure),
    }
    if let Some(user) = &arguments.user {
        sudo.arg("-u").arg(user);
    }
    let error = sudo.arg("--").args(&arguments.command).exec();
    let sentence = format!("{SUDO} cannot be executed: {}", shown(&error.to_string()));
    Err(Failure::verb(Exit::Failed, sentence))
}
