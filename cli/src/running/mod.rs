//! A command that runs with what a role lends: found, started by the agent, and
//! accompanied to its end.

mod command;
mod journey;
mod relay;
mod signals;
mod stdio;
mod terminal;

use std::time::{Duration, Instant};

use writ_protocol::answers::RunState;
use writ_protocol::calls::{Ending, PrepareRun, Replies, Request, Run};
use writ_protocol::text::shown;
use writ_protocol::{CallError, Connection, ErrorReply};

use crate::agent::{Agent, REPLY_PATIENCE};
use crate::asking::{self, Grounds};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::span::in_ms;

pub(crate) use command::Command;
use journey::Journey;
use signals::Signals;
use stdio::Stdio;

/// What shells exit with for a command that is not there.
pub(crate) const NOT_FOUND: u8 = 127;

/// What shells exit with for a command that cannot be executed.
pub(crate) const NOT_EXECUTABLE: u8 = 126;

/// What shells exit with for a command that a signal ended, without its number.
const SIGNALLED: u8 = 128;

/// How long the agent may take to have PID 1 start a command.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// Runs a command under a window of a role; asks for one where none is open.
///
/// # Errors
/// When the agent is not there or says no.
pub(crate) fn run_under(
    host: &Host,
    role: &str,
    lasts: Option<Duration>,
    grounds: &Grounds,
    command: &Command,
) -> Result<Exit, Failure> {
    let mut connection = match prepare(host, role)? {
        Some(connection) => connection,
        None => {
            let wanted = Request {
                command: None,
                role: Some(role.to_owned()),
                reason: None,
                ticket: None,
                lasts_ms: lasts.map(in_ms),
                uses: None,
            };
            match asking::ask_first(host, wanted, grounds)? {
                Exit::Done => {}
                exit => return Ok(exit),
            }
            let gone = "the window has ended already; ask for it anew";
            prepare(host, role)?.ok_or_else(|| Failure::verb(Exit::Denied, gone))?
        }
    };
    let stdio = Stdio::of_caller().map_err(|error| no_stdio(&error))?;
    let signals = Signals::open().map_err(|error| no_stdio(&error))?;
    let run = command.call(role);
    connection.send_with(&run, Replies::More, &stdio.for_command(), REPLY_PATIENCE)?;
    let (begun, _) = connection.reply::<Run>(Instant::now() + START_PATIENCE)?;
    let ended = match begun.state {
        RunState::Ended => begun,
        RunState::Started => {
            let running = stdio.started().map_err(|error| no_stdio(&error))?;
            Journey::new(host, connection, begun.attempt, running, signals).finish()?
        }
    };
    if let Some(message) = &ended.message {
        eprintln!("writ: {}", shown(message));
    }
    exit(ended.ending)
}

/// A connection on which the command may be started; none where no window is open.
fn prepare(host: &Host, role: &str) -> Result<Option<Connection>, Failure> {
    let mut connection = Agent::connect(host)?.into_connection();
    match connection.call(&PrepareRun { role: role.to_owned() }, REPLY_PATIENCE) {
        Ok(_) => Ok(Some(connection)),
        Err(CallError::Reply(ErrorReply::NotOpen { .. })) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn exit(ending: Ending) -> Result<Exit, Failure> {
    let of_signal = |signal: i32| u8::try_from(signal).unwrap_or_default();
    match ending {
        Ending { exit_status: Some(status), .. } => {
            // waitid(2): a status has eight bits.
            Ok(Exit::Command(u8::try_from(status).unwrap_or(u8::MAX)))
        }
        Ending { signal: Some(signal), .. } => {
            Ok(Exit::Command(SIGNALLED.saturating_add(of_signal(signal))))
        }
        Ending { exec_errno: Some(_), .. } => Ok(Exit::Command(NOT_EXECUTABLE)),
        Ending { exit_status: None, signal: None, exec_errno: None } => Err(Failure::verb(
            Exit::Failed,
            "the command has ended, and nobody can tell how; `writ audit list` has what is known",
        )),
    }
}

fn no_stdio(error: &dyn std::fmt::Display) -> Failure {
    Failure::verb(Exit::Failed, format!("the terminal cannot be handed on: {error}"))
}
