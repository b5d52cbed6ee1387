//! Break-glass while the agent is away: who may, what he is told, and what everybody is.
//!
//! The policy names him, nothing else lets it pass, and he says why. It is on the disk
//! first, then in the system's log at its highest level but one and on every terminal, then
//! it passes. What the agent would say holds: an agent that answers is asked.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use writ_engine::facts::{Act, Aim, AttemptId, Door, Person, Presence};
use writ_engine::policy::Policy;
use writ_engine::record::{About, Force};
use writ_protocol::answers::{self, AnswerState};
use writ_protocol::calls::Method;
use writ_protocol::{CallError, Connection, ErrorReply};

use super::answer::{ALERT, Answered};
use super::entry::Entry;
use super::spool::Spool;
use crate::asking::blank;
use crate::clock;
use crate::glass;
use crate::settings::Places;

/// How long an agent that is there may take to say so.
const AGENT_PATIENCE: Duration = Duration::from_secs(2);

/// How long people may be in being told before it passes: the agent tells them once more.
const TELLING_PATIENCE: Duration = Duration::from_millis(500);

/// What somebody is told who may go ahead.
const OFFER: &str = "Writ's agent is away, and the policy lets nothing of the kind pass without it. You may break the glass: type why, and this runs without a decision, everybody is told, and somebody else reviews it. Ctrl-C leaves it";

/// What he is told where he cannot be asked why.
const HINT: &str = "; you may break the glass: run it again at a terminal, or say why with `writ breakglass --reason TEXT -- COMMAND`";

/// What he reads when he has.
const BROKEN: &str = "the glass is broken: this runs without Writ's agent and without a decision, everybody is told, and it stays open until somebody else has reviewed it";

/// A call that every agent answers, whatever it thinks of it.
#[derive(Serialize, Deserialize)]
struct GetInfo {}

impl Method for GetInfo {
    const NAME: &'static str = "org.varlink.service.GetInfo";
    type Reply = serde_json::Value;
}

/// Offers it to somebody who may, in place of a refusal.
///
/// # Errors
/// The refusal, where he may not or cannot be asked why.
pub(super) fn offered(
    refusal: ErrorReply,
    policy: &Policy,
    person: &Person,
    act: &Act,
    places: &Places,
) -> Answered {
    if !is_sudos(act) || !policy.may_break_glass(person) {
        return Err(refusal);
    }
    check_absence(&places.socket)?;
    match act.presence {
        Presence::Interactive => Ok(answers::Answer {
            message: Some(OFFER.to_owned()),
            wants_reason: true,
            ..blank(AnswerState::Wanted)
        }),
        Presence::Unattended => match refusal {
            ErrorReply::Refused { message } => refused(format!("{message}{HINT}")),
            other => Err(other),
        },
    }
}

/// Whether somebody may go ahead.
///
/// # Errors
/// Why not.
pub(super) fn may_break(
    policy: &Policy,
    person: &Person,
    act: &Act,
    reason: Option<&str>,
    places: &Places,
) -> Result<(), ErrorReply> {
    if !is_sudos(act) {
        return Err(ErrorReply::InvalidParameter { parameter: "break_glass".to_owned() });
    }
    if !policy.may_break_glass(person) {
        return refused(format!(
            "{} may not break the glass; [break_glass] of writ.toml says who may",
            person.account.name
        ));
    }
    if reason.is_none_or(|reason| reason.trim().is_empty()) {
        return refused("say why the glass is broken; it goes on record".to_owned());
    }
    check_absence(&places.socket)
}

/// On the disk first, then said out loud, then it passes. A door that lost the answer has
/// it again, and nobody is told twice.
///
/// # Errors
/// When it cannot be put down.
pub(super) async fn broken(spool: &Spool, about: About, attempt: AttemptId) -> Answered {
    let no_record = |message| ErrorReply::NoRecord { message };
    let (at, force) = (clock::now().wall, Force::Enforced);
    let entry = Entry { at, attempt, force, glass: true, about };
    entry.fits().map_err(no_record)?;
    if spool.put(&entry).map_err(|error| no_record(error.to_string()))? {
        eprintln!("{ALERT}{}", entry.line());
        glass::announce_without_agent(&entry.about, TELLING_PATIENCE).await;
    }
    Ok(answers::Answer {
        message: Some(BROKEN.to_owned()),
        started_boot_ms: Some(clock::now().boot.0),
        ..blank(AnswerState::Allowed)
    })
}

fn is_sudos(act: &Act) -> bool {
    act.door == Door::Sudo && matches!(act.aim, Aim::Command(_))
}

/// That the agent says nothing to root either: a door may have lost it through something
/// that a user does to his own sudo.
fn check_absence(socket: &Path) -> Result<(), ErrorReply> {
    let Ok(mut agent) = Connection::open(socket, AGENT_PATIENCE) else { return Ok(()) };
    match agent.call(&GetInfo {}, AGENT_PATIENCE) {
        Err(CallError::Closed | CallError::TimedOut | CallError::Io(_)) => Ok(()),
        Ok(_) | Err(CallError::Frame(_) | CallError::Malformed | CallError::Reply(_)) => {
            refused("Writ's agent is there and decides; run the command again".to_owned())
        }
    }
}

fn refused<T>(message: String) -> Result<T, ErrorReply> {
    Err(ErrorReply::Refused { message })
}
