//! A run begins.

use std::rc::Rc;
use std::time::Instant;

use rustix::io::Errno;
use writ_engine::Event;
use writ_engine::effect::Done;
use writ_engine::facts::{
    Act, Action, Aim, AttemptId, Command, Door, Ending, Person, Presence, RunAs,
};
use writ_engine::id::RequestId;
use writ_engine::time::Span;
use writ_protocol::ErrorReply;
use writ_protocol::answers::PrepareRun;
use writ_protocol::calls;

use super::follow::Following;
use super::service::{Lent, Prepared};
use super::{Descriptors, finish, limit, watch};
use crate::agent::Agent;
use crate::connection::{Caller, fresh_attempt};
use crate::deciding::person;
use crate::stream::FrameStream;
use crate::units::{Ended, Kind, UnitError, UnitName};
use crate::{clock, sessions};

/// The exit statuses by which PID 1 says that it could not execute a command
/// (systemd.exec(5), "Process exit codes").
const STEPS: std::ops::RangeInclusive<i32> = 200..=245;

/// Of these, the one for chdir(2).
pub(super) const STEP_FOLDER: i32 = 200;

/// And the one for execve(2) itself.
pub(super) const STEP_EXEC: i32 = 203;

/// Is a window open? Then descriptors may come next: nobody without one can make the
/// agent hold any.
///
/// # Errors
/// When none is, or descriptors that came before cannot be closed.
pub(crate) async fn prepare(
    agent: &Rc<Agent>,
    caller: &Caller,
    stream: &mut FrameStream,
    prepare: calls::PrepareRun,
) -> Result<PrepareRun, ErrorReply> {
    let person = person(agent, caller).await?;
    let role = &prepare.role;
    let open = agent.core.look(|engine| engine.open_role(clock::now(), &person, role));
    let open = open.ok_or_else(|| ErrorReply::NotOpen {
        message: format!(
            "the role {role:?} is not open for you; `writ request` asks for it, `writ roles` lists yours"
        ),
    })?;
    stream.expect_descriptors(agent.runs.expect()?);
    Ok(PrepareRun { id: open.id.to_string(), remaining_ms: open.remaining.0 })
}

/// Starts a command.
///
/// # Errors
/// When there is no window, the call makes no sense, or PID 1 refuses.
pub(crate) async fn begin(
    agent: &Rc<Agent>,
    caller: &Caller,
    run: calls::Run,
    descriptors: Option<Descriptors>,
) -> Result<Following, ErrorReply> {
    let refused =
        |error: &dyn std::fmt::Display| ErrorReply::Refused { message: error.to_string() };
    let descriptors = descriptors.ok_or_else(|| refused(&"call PrepareRun before Run"))?;
    let stdio = descriptors.stdio(caller.peer.uid.0)?;
    let person = person(agent, caller).await?;
    let uid = person.account.uid;
    let login = agent.accounts.login(uid).await.map_err(|error| refused(&error))?;
    let login = login.ok_or_else(|| {
        refused(&format!("the name service of this host does not know the user {}", uid.0))
    })?;
    let prepared = Prepared::new(&run, &person, &login)?;
    let attempt = fresh_attempt().ok_or_else(|| refused(&"the kernel gives no random numbers"))?;
    // Nothing goes on record that could not be tried.
    agent.units.reach().await.map_err(|error| refused(&error))?;
    let started = Instant::now();
    let (id, remaining) = ask(agent, caller, run, person, &attempt)?;
    let Some(lent) = agent.core.look(|engine| engine.window(id).map(Lent::of)) else {
        finish(agent, id, &attempt, not_executed(0), Some(started));
        return Err(ErrorReply::NotFound { id: id.to_string() });
    };
    let unit = UnitName::new(Kind::Service, id, &attempt);
    let description = format!("Command under the window {id} of Writ");
    let service = prepared.service(&lent, stdio, description);
    if let Err(error) = limit::set(agent, id, &attempt, remaining).await {
        finish(agent, id, &attempt, not_executed(0), Some(started));
        return Err(refused(&error));
    }
    match agent.units.start_service(&unit, &service).await {
        Ok(()) => {}
        Err(UnitError::NotStarted(..)) => match agent.units.ended(&unit).await {
            Ok(Ended::Status(step)) if STEPS.contains(&step) => {
                finish(agent, id, &attempt, not_executed(step), Some(started));
                let _ = agent.units.release(&unit).await;
                limit::lift(agent, id, &attempt).await;
                return Ok(Following::not_executed(id, attempt, step, &unit));
            }
            // It was executed, and failed before PID 1 had noticed.
            _ => {}
        },
        Err(error) => {
            let _ = agent.units.stop(&unit).await;
            limit::lift(agent, id, &attempt).await;
            finish(agent, id, &attempt, not_executed(0), Some(started));
            return Err(refused(&error));
        }
    }
    drop(descriptors);
    let ended = watch(agent, attempt.clone(), id, uid, Some(started));
    Ok(Following::new(id, attempt, ended))
}

/// The engine's word, with the start on record.
fn ask(
    agent: &Agent,
    caller: &Caller,
    run: calls::Run,
    person: Person,
    attempt: &AttemptId,
) -> Result<(RequestId, Span), ErrorReply> {
    let calls::Run { role, path, argv, cwd, .. } = run;
    let (user, uid) = (person.account.name.clone(), person.account.uid);
    let run_as = RunAs { user, uid, group: None };
    let session = caller.process.session.as_deref();
    let act = Act {
        door: Door::Writ,
        aim: Aim::Command(Command { path, argv, cwd, run_as, action: Action::Run }),
        tty: sessions::terminal_of(caller.peer.pid),
        source_ip: session.and_then(|name| sessions::session(name)?.remote_host),
        presence: Presence::Interactive,
    };
    let leader = caller.peer.leader();
    let leader = leader.map_err(|error| ErrorReply::Refused { message: error.to_string() })?;
    let attempt = attempt.clone();
    match agent.core.submit(Event::RunAsked { attempt, person, act, role, leader })? {
        Done::Runs { id, remaining } => Ok((id, remaining)),
        Done::Done | Done::Started | Done::Decided { .. } => Err(ErrorReply::Refused {
            message: "the agent did not say under which window the command runs".to_owned(),
        }),
    }
}

/// PID 1 says which step failed, and not why; the closest that there is.
pub(super) fn not_executed(step: i32) -> Ending {
    let errno = if step == STEP_EXEC { Errno::NOEXEC } else { Errno::IO };
    Ending::ExecErrno(errno.raw_os_error())
}

/// A run that was started on another connection.
///
/// # Errors
/// When there is none of that name for the caller.
pub(crate) fn known(
    agent: &Rc<Agent>,
    caller: &Caller,
    run: &calls::AwaitRun,
) -> Result<Following, ErrorReply> {
    let shown = || ErrorReply::Refused {
        message:
            "there is no such run of yours, or it ended a while ago; `writ audit list` tells how"
                .to_owned(),
    };
    let attempt = AttemptId::parse(&run.attempt).ok_or_else(shown)?;
    let known = agent.runs.get(&attempt).filter(|known| known.uid == caller.peer.uid);
    let known = known.ok_or_else(shown)?;
    Ok(Following::new(known.id, attempt, known.ended))
}
