//! The calls of people about a request or a grant.

use std::rc::Rc;

use writ_engine::Event;
use writ_engine::effect::Done;
use writ_engine::event::{Proof, Word};
use writ_engine::facts::Person;
use writ_engine::time::Span;
use writ_protocol::ErrorReply;
use writ_protocol::answers::{Decided, Nothing};
use writ_protocol::calls::{self, Verdict};

use crate::agent::Agent;
use crate::connection::Caller;
use crate::door::request_id;

/// A person decides.
///
/// # Errors
/// When it is not his to decide, or not the question that he saw.
pub(crate) async fn decide(
    agent: &Rc<Agent>,
    caller: &Caller,
    decide: calls::Decide,
) -> Result<Decided, ErrorReply> {
    let id = request_id(&decide.id)?;
    let proof = match caller.proof.take_for(id, &decide.digest) {
        true => Proof::Given,
        false => Proof::None,
    };
    let event = Event::Decided {
        person: person(agent, caller).await?,
        id,
        digest: decide.digest,
        word: match decide.verdict {
            Verdict::Approve => Word::Approve,
            Verdict::Deny => Word::Deny,
        },
        comment: decide.comment,
        lasts: decide.lasts_ms.map(Span),
        uses: decide.uses,
        proof,
    };
    match agent.core.submit(event)? {
        Done::Decided { granted, approvals, needed } => Ok(Decided { granted, approvals, needed }),
        Done::Done | Done::Started | Done::Runs { .. } => {
            Ok(Decided { granted: false, approvals: 0, needed: 0 })
        }
    }
}

/// An approver or root takes a grant back.
///
/// # Errors
/// When it is not his to take back.
pub(crate) async fn revoke(
    agent: &Rc<Agent>,
    caller: &Caller,
    revoke: calls::Revoke,
) -> Result<Nothing, ErrorReply> {
    let person = person(agent, caller).await?;
    let id = request_id(&revoke.id)?;
    agent.core.submit(Event::Revoked { person, id, comment: revoke.comment }).map(|_| Nothing {})
}

/// The requester takes his request back.
///
/// # Errors
/// When it is not his.
pub(crate) async fn cancel(
    agent: &Rc<Agent>,
    caller: &Caller,
    cancel: calls::Cancel,
) -> Result<Nothing, ErrorReply> {
    let person = person(agent, caller).await?;
    let id = request_id(&cancel.id)?;
    agent.core.submit(Event::Cancelled { person, id }).map(|_| Nothing {})
}

/// The requester gives his grant back.
///
/// # Errors
/// When it is not his.
pub(crate) async fn end(
    agent: &Rc<Agent>,
    caller: &Caller,
    end: calls::End,
) -> Result<Nothing, ErrorReply> {
    let person = person(agent, caller).await?;
    let id = request_id(&end.id)?;
    agent.core.submit(Event::GivenBack { person, id }).map(|_| Nothing {})
}

/// Whoever calls, as himself.
pub(crate) async fn person(agent: &Rc<Agent>, caller: &Caller) -> Result<Person, ErrorReply> {
    agent.person(caller.peer.uid, &caller.process).await
}
