//! A command is put into its scope, before it starts.

use std::time::Duration;

use tokio::time::timeout;
use writ_engine::Event;
use writ_engine::facts::{Act, AttemptId, Ending, OnEnd};
use writ_engine::id::RequestId;
use writ_engine::time::BootTime;
use writ_protocol::ErrorReply;
use writ_protocol::services::POLKIT;
use writ_protocol::text::shown;

use super::{AFTERWARDS, GRACE, scopes};
use crate::agent::Agent;
use crate::clock;
use crate::peer::Peer;
use crate::record::{run_as, wanted};
use crate::units::{Bounds, Member, Scope, UnitError, UnitName};

/// How long PID 1 may take to put a command into its scope: less than sudo waits for
/// the word to start.
const HOLD_MAX: Duration = Duration::from_secs(8);

/// The longest description of a scope, in characters.
const DESCRIPTION_CHARS_MAX: usize = 200;

/// What a refused command could not be executed for (errno(3)).
const EACCES: i32 = 13;

/// What is to be held.
pub(super) struct Held {
    pub(super) id: RequestId,
    pub(super) attempt: AttemptId,
    pub(super) until: BootTime,
    pub(super) slice: String,
    pub(super) description: String,
}

impl Held {
    /// A command that ends with a grant which stands.
    pub(super) fn of(session: &writ_engine::Session<'_>) -> Option<Self> {
        let until = session.until.filter(|_| session.on_end == OnEnd::Terminate)?;
        let text = format!(
            "Writ {}: {} runs as {}: {}",
            session.id,
            shown(&session.requester.account.name),
            shown(run_as(session.act, session.requester)),
            wanted(session.act)
        );
        Some(Self {
            id: session.id,
            attempt: session.attempt.clone(),
            until,
            slice: scopes::slice_of(session.requester),
            description: text.chars().take(DESCRIPTION_CHARS_MAX).collect(),
        })
    }

    /// PID 1 leaves the agent its grace to end the command in good order.
    pub(super) fn bounds(&self) -> Bounds {
        let left = Duration::from(self.until.since(clock::now().boot));
        Bounds { runtime_max: left + GRACE, grace: GRACE + AFTERWARDS }
    }
}

/// Puts the sudo that has just confirmed into a scope, where it runs on the word of
/// people. What the policy allows by itself is left where it is, and costs nothing.
///
/// # Errors
/// When it cannot be, or the grant has ended meanwhile: then it must not start, and that
/// it has not is on record.
pub(crate) async fn hold(
    agent: &Agent,
    peer: &Peer,
    attempt: &AttemptId,
) -> Result<(), ErrorReply> {
    let held = agent.core.look(|engine| {
        let session = engine.session(attempt)?;
        let others = engine.running().filter(|running| running.attempt != attempt);
        // A command that a running one starts (sudoers' `intercept`) is no child of sudo:
        // it is bounded by what it is in.
        let is_within =
            others.filter_map(|other| other.leader).any(|leader| Some(leader) == session.leader);
        (session.on_end == OnEnd::Terminate && !is_within && !only_says_yes(session.act))
            .then(|| (session.id, Held::of(&session)))
    });
    let Some((id, held)) = held else { return Ok(()) };
    let outcome = match held {
        Some(held) => put(agent, peer, &held).await,
        None => Err("it has ended".to_owned()),
    };
    let stands = agent.core.look(|engine| {
        let until = engine.session(attempt).and_then(|session| session.until);
        until.is_some_and(|until| clock::now().boot < until)
    });
    match outcome {
        Ok(()) if stands => Ok(()),
        outcome => {
            let ending = Ending::ExecErrno(EACCES);
            let attempt = attempt.clone();
            let _ = agent.core.submit(Event::Finished { attempt, id, ending, runtime: None });
            let message = match outcome {
                Ok(()) => format!("{id} has ended; run the command again"),
                Err(why) => format!(
                    "the command is not started, because it could not be made sure that it ends with {id}: {why}"
                ),
            };
            Err(ErrorReply::Refused { message })
        }
    }
}

/// Whether nothing runs in what asked: polkit's helper ends with its answer, and what was
/// asked for is done by another.
fn only_says_yes(act: &Act) -> bool {
    act.aim.session().is_some_and(|session| session.service == POLKIT)
}

async fn put(agent: &Agent, peer: &Peer, held: &Held) -> Result<(), String> {
    let names = scopes::names(held.id, &held.attempt);
    // Said again after a lost reply.
    if scopes::unit_of(peer.pid).is_some_and(|unit| names.contains(&unit)) {
        return Ok(());
    }
    let members = [Member { pid: peer.pid, handle: peer.handle() }];
    let Some(name) = names.first() else { return Err("it has no name".to_owned()) };
    let made = timeout(HOLD_MAX, start(agent, name, held, &members)).await;
    made.map_err(|_| UnitError::Slow(HOLD_MAX).to_string())?.map_err(|error| error.to_string())
}

pub(super) async fn start(
    agent: &Agent,
    name: &UnitName,
    held: &Held,
    members: &[Member<'_>],
) -> Result<(), UnitError> {
    let scope = Scope {
        description: held.description.clone(),
        members,
        slice: held.slice.clone(),
        bounds: held.bounds(),
    };
    agent.units.start_scope(name, &scope).await
}
