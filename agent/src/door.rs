//! The calls of doors: ask, confirm, finish; and asking in advance.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use writ_engine::Event;
use writ_engine::effect::Done;
use writ_engine::event::Wish;
use writ_engine::facts::{
    Act, Action, Aim, AttemptId, Command, Door, Ending, OnEnd, Presence, RunAs, ServiceSession,
    Uid, Window,
};
use writ_engine::id::RequestId;
use writ_engine::time::Span;
use writ_protocol::ErrorReply;
use writ_protocol::answers::Nothing;
use writ_protocol::calls;
use writ_protocol::services::is_login;

use crate::agent::Agent;
use crate::asking::Asking;
use crate::connection::{Caller, fresh_attempt};
use crate::{bounded, clock, examine};

/// A door asks for somebody: whom, the kernel says (the real user of the process
/// that sudo is). Where a service lets people in from outside, it is who comes in, and
/// whatever else its process is known by.
///
/// # Errors
/// When the caller may not speak for others, or says nonsense.
pub(crate) async fn ask(
    agent: &Rc<Agent>,
    caller: &Caller,
    ask: calls::Ask,
) -> Result<Asking, ErrorReply> {
    let attempt = may_speak(caller, &ask.attempt)?;
    if ask.break_glass {
        // That is for what answers in the agent's absence.
        return Err(invalid("break_glass"));
    }
    let wish =
        Wish { reason: ask.reason.clone(), ticket: ask.ticket.clone(), lasts: None, uses: None };
    let at_once = ask.at_once;
    let (uid, act) = act(caller, ask)?;
    let person = agent.person(uid, &caller.process).await?;
    let mut asking = Asking::place(&agent.core, attempt.clone());
    let leader = caller.peer.leader().ok();
    let sudos = leader.filter(|_| act.door == Door::Sudo);
    if let Some(reason) = sudos.and_then(|leader| agent.glass.take(leader, person.account.uid)) {
        agent.core.submit(Event::GlassBroken { attempt, person, act, reason })?;
        return Ok(asking);
    }
    let then = clock::now().boot;
    let asked = match leader.filter(|_| at_once) {
        Some(leader) => Event::AskedToStart { attempt, person, act, wish, leader },
        None => Event::Asked { attempt, person, act, wish },
    };
    if agent.core.submit(asked)? == Done::Started {
        asking.has_started(then);
    }
    Ok(asking)
}

/// What a door asks for, and for whom.
///
/// # Errors
/// When it says nonsense.
pub(crate) fn act(caller: &Caller, ask: calls::Ask) -> Result<(Uid, Act), ErrorReply> {
    let (door, aim) = match (ask.door.as_str(), ask.command, ask.session) {
        ("sudo", Some(wanted), None) => (Door::Sudo, Aim::Command(command(wanted))),
        ("pam", Some(wanted), None) => (Door::Pam, Aim::Command(command(wanted))),
        ("pam", None, Some(wanted)) => (Door::Pam, Aim::Session(session(wanted))),
        ("sudo" | "pam", ..) => return Err(invalid("command")),
        _ => return Err(invalid("door")),
    };
    let comes_in = aim.session().filter(|session| is_login(&session.service));
    let (uid, source_ip) = match comes_in {
        Some(session) => (session.run_as.uid, ask.remote_host),
        None => (caller.process.real_uid, caller.source_ip()),
    };
    let presence = if ask.interactive { Presence::Interactive } else { Presence::Unattended };
    Ok((uid, Act { door, aim, tty: ask.tty, source_ip, presence }))
}

/// Somebody asks in advance, for himself.
///
/// # Errors
/// When he says nonsense.
pub(crate) async fn request(
    agent: &Rc<Agent>,
    caller: &Caller,
    request: calls::Request,
) -> Result<Asking, ErrorReply> {
    let aim = match (request.command, request.role) {
        (Some(wanted), None) => Aim::Command(command(wanted)),
        (None, Some(role)) => Aim::Window(of_role(role)),
        _ => return Err(invalid("command")),
    };
    let person = agent.person(caller.peer.uid, &caller.process).await?;
    let attempt = drawn_attempt()?;
    let act = Act {
        door: Door::Writ,
        aim,
        tty: None,
        source_ip: caller.source_ip(),
        presence: Presence::Interactive,
    };
    let wish = Wish {
        reason: request.reason,
        ticket: request.ticket,
        lasts: request.lasts_ms.map(Span),
        uses: request.uses,
    };
    let asking = Asking::place(&agent.core, attempt.clone());
    agent.core.submit(Event::Asked { attempt, person, act, wish })?;
    Ok(asking)
}

/// Somebody asks that his grant stand longer.
///
/// # Errors
/// When it is not his, or does not stand.
pub(crate) async fn extend(
    agent: &Rc<Agent>,
    caller: &Caller,
    extend: calls::Extend,
) -> Result<Asking, ErrorReply> {
    let person = agent.person(caller.peer.uid, &caller.process).await?;
    let (attempt, id) = (drawn_attempt()?, request_id(&extend.id)?);
    let wish = Wish {
        reason: extend.reason,
        ticket: extend.ticket,
        lasts: extend.lasts_ms.map(Span),
        uses: None,
    };
    let asking = Asking::place(&agent.core, attempt.clone());
    agent.core.submit(Event::ExtensionAsked { attempt, person, id, wish })?;
    Ok(asking)
}

/// The command is about to start. Where the grant is bound to a file, the file is
/// looked at once more. What is returned is its place at this connection: a sudo that
/// confirms again after it lost the agent has asked on another.
///
/// # Errors
/// When it may no longer start.
pub(crate) async fn confirm(
    agent: &Rc<Agent>,
    caller: &Caller,
    confirm: calls::Confirm,
) -> Result<Asking, ErrorReply> {
    let attempt = may_speak(caller, &confirm.attempt)?;
    let id = request_id(&confirm.id)?;
    let bound_to = agent.core.look(|engine| engine.bound_file(id, &attempt).map(str::to_owned));
    let sha256 = match bound_to {
        None => None,
        Some(path) => tokio::task::spawn_blocking(move || {
            examine::decoded(&path).and_then(|path| examine::digest(&path))
        })
        .await
        .map_err(|_| ErrorReply::Refused {
            message: "the command's file could not be read".to_owned(),
        })?,
    };
    let leader = caller.peer.leader();
    let leader = leader.map_err(|error| ErrorReply::Refused { message: error.to_string() })?;
    agent.core.submit(Event::Confirmed { attempt: attempt.clone(), id, sha256, leader })?;
    bounded::hold(agent, &caller.peer, &attempt).await?;
    Ok(Asking::settled(&agent.core, attempt))
}

/// A command ended.
///
/// # Errors
/// When nothing is known of it.
pub(crate) async fn finish(
    agent: &Rc<Agent>,
    caller: &Caller,
    finish: calls::Finish,
) -> Result<Nothing, ErrorReply> {
    let attempt = may_speak(caller, &finish.attempt)?;
    let id = request_id(&finish.id)?;
    let ending = match finish.ending {
        calls::Ending { exit_status: Some(status), signal: None, exec_errno: None } => {
            Ending::ExitStatus(status)
        }
        calls::Ending { exit_status: None, signal: Some(signal), exec_errno: None } => {
            Ending::Signal(signal)
        }
        calls::Ending { exit_status: None, signal: None, exec_errno: Some(errno) } => {
            Ending::ExecErrno(errno)
        }
        _ => return Err(invalid("ending")),
    };
    let runtime = Some(Span(finish.runtime_ms));
    agent.core.submit(Event::Finished { attempt, id, ending, runtime })?;
    Ok(Nothing {})
}

/// A command starts another.
///
/// # Errors
/// When nothing is known of it.
pub(crate) async fn subcommand(
    agent: &Rc<Agent>,
    caller: &Caller,
    said: calls::Subcommand,
) -> Result<Nothing, ErrorReply> {
    let attempt = may_speak(caller, &said.attempt)?;
    let id = request_id(&said.id)?;
    let (command, missed) = (command(said.command), said.missed);
    agent.core.submit(Event::Subcommand { attempt, id, command, missed })?;
    Ok(Nothing {})
}

/// Only root may speak for others.
///
/// # Errors
/// When somebody else does, or names no attempt.
pub(crate) fn may_speak(caller: &Caller, attempt: &str) -> Result<AttemptId, ErrorReply> {
    if !caller.peer.is_root() {
        return Err(ErrorReply::PermissionDenied);
    }
    AttemptId::parse(attempt).ok_or_else(|| invalid("attempt"))
}

/// An ID as a person typed it.
///
/// # Errors
/// When it is none.
pub(crate) fn request_id(text: &str) -> Result<RequestId, ErrorReply> {
    text.parse().map_err(|_| ErrorReply::NotFound { id: writ_protocol::text::shown(text) })
}

fn invalid(parameter: &str) -> ErrorReply {
    ErrorReply::InvalidParameter { parameter: parameter.to_owned() }
}

fn drawn_attempt() -> Result<AttemptId, ErrorReply> {
    fresh_attempt().ok_or_else(|| ErrorReply::Refused {
        message: "the kernel gives no random numbers".to_owned(),
    })
}

/// A window as it is asked for: what it lends, the engine takes from the policy.
fn of_role(role: String) -> Window {
    Window {
        role,
        groups: BTreeMap::new(),
        actions: BTreeMap::new(),
        capabilities: BTreeSet::new(),
        root_equivalent: BTreeSet::new(),
        on_end: OnEnd::Terminate,
        end_on_logout: false,
    }
}

pub(crate) fn command(command: calls::Command) -> Command {
    let calls::Command { path, argv, cwd, run_as, edit } = command;
    let action = if edit { Action::Edit } else { Action::Run };
    Command { path, argv, cwd, run_as: whom(run_as), action }
}

fn session(session: calls::Session) -> ServiceSession {
    let calls::Session { service, run_as, typed } = session;
    ServiceSession { service, run_as: whom(run_as), typed }
}

fn whom(run_as: calls::RunAs) -> RunAs {
    RunAs { user: run_as.user, uid: Uid(run_as.uid), group: run_as.group }
}
