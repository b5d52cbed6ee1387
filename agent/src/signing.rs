//! Answers that approvers signed from afar, and the questions that they need for it.

mod refusals;

use std::rc::Rc;

use writ_engine::Event;
use writ_engine::effect::Done;
use writ_engine::facts::Person;
use writ_engine::record::AnswerRefused;
use writ_protocol::ErrorReply;
use writ_protocol::answers::Decided;
use writ_protocol::signed::{DecideSigned, HostKeyReply, Offline, SignedQuestion};
use writ_signed::{Answer, Fingerprint, HostKey, Signature, Sshsig};

use crate::agent::Agent;
use crate::clock;
use crate::connection::Caller;
use crate::deciding::person;
use crate::door::request_id;

pub(crate) use refusals::Refusals;

/// The question of a request with this host's signature, for whoever may see it.
///
/// # Errors
/// When there is none, or it is not for the caller to see, or the host has no key.
pub(crate) async fn offline(
    agent: &Rc<Agent>,
    caller: &Caller,
    offline: Offline,
) -> Result<SignedQuestion, ErrorReply> {
    let key = key(agent)?;
    let person = person(agent, caller).await?;
    let id = request_id(&offline.id)?;
    let question = agent.core.look(|engine| {
        let visible = engine.visible_to(clock::now(), &person, id);
        let listed = engine.get(id).filter(|_| visible)?;
        Some(listed.opened.question.clone())
    });
    let question = question.ok_or_else(|| ErrorReply::NotFound { id: id.to_string() })?;
    let signed = writ_signed::SignedQuestion::sign(key, question);
    Ok(SignedQuestion { question: signed.question, signature: signed.signature })
}

/// The public key of this host.
///
/// # Errors
/// When it has none.
pub(crate) async fn host_key(
    agent: &Rc<Agent>,
    _caller: &Caller,
    _call: writ_protocol::signed::HostKey,
) -> Result<HostKeyReply, ErrorReply> {
    let key = key(agent)?;
    Ok(HostKeyReply {
        host: agent.host(),
        key: key.public().line(),
        fingerprint: key.fingerprint().to_string(),
    })
}

/// Somebody hands in a signed answer. It counts as its signer's; what does not count is
/// put on record, as often as is bearable.
///
/// # Errors
/// When it does not count.
pub(crate) async fn decide(
    agent: &Rc<Agent>,
    caller: &Caller,
    decide: DecideSigned,
) -> Result<Decided, ErrorReply> {
    let by = person(agent, caller).await?;
    agent.refusals.admit(by.account.uid)?;
    let host_key = key(agent)?.fingerprint();
    let parsed = Answer::parse(&decide.answer)
        .map_err(|error| ErrorReply::Refused { message: error.to_string() });
    let answer = match parsed {
        Ok(answer) => answer,
        Err(error) => return Err(refused(agent, by, None, error)),
    };
    let account = account_of(agent, &answer).await?;
    let event = Event::Signed { answer: answer.clone(), host_key, account };
    match agent.core.submit(event) {
        Ok(Done::Decided { granted, approvals, needed }) => {
            Ok(Decided { granted, approvals, needed })
        }
        Ok(Done::Done | Done::Started | Done::Runs { .. }) => {
            Ok(Decided { granted: false, approvals: 0, needed: 0 })
        }
        // That is not about the answer, and writing of it would fail, too.
        Err(error @ ErrorReply::NoRecord { .. }) => Err(error),
        Err(error) => Err(refused(agent, by, Some(&answer), error)),
    }
}

/// The key of this host.
///
/// # Errors
/// When it has none.
pub(crate) fn key(agent: &Agent) -> Result<&HostKey, ErrorReply> {
    agent.host_key.as_ref().map_err(|why| ErrorReply::Refused {
        message: format!("nothing can be signed or verified on this host: {why}"),
    })
}

/// Who the approver that an answer names is on this host, where he has an account.
async fn account_of(agent: &Agent, answer: &Answer) -> Result<Option<Person>, ErrorReply> {
    let Ok(claimed) = answer.claimed() else { return Ok(None) };
    let policy = agent.core.policy();
    let approver = policy.settings().approvers.get(&claimed.approver);
    let Some(user) = approver.and_then(|approver| approver.unix_user.clone()) else {
        return Ok(None);
    };
    let failed = |message: String| ErrorReply::Refused { message };
    let uid = agent.accounts.number_of(user).await.map_err(|error| failed(error.to_string()))?;
    let Some(uid) = uid else { return Ok(None) };
    let person = agent.accounts.plain_person(uid).await;
    person.map(Some).map_err(|error| failed(error.to_string()))
}

/// Notes an answer that did not count.
fn refused(agent: &Agent, by: Person, answer: Option<&Answer>, error: ErrorReply) -> ErrorReply {
    if let Some(more) = agent.refusals.note(by.account.uid) {
        let claimed = answer.and_then(|answer| answer.claimed().ok());
        let refused = AnswerRefused {
            by,
            approver: claimed.map(|decision| decision.approver),
            fingerprint: answer.and_then(named_key),
            why: error.to_string(),
            more,
        };
        let _ = agent.core.submit(Event::AnswerRefused(refused));
    }
    error
}

/// The key that an answer names itself.
fn named_key(answer: &Answer) -> Option<Fingerprint> {
    match &answer.signature {
        Signature::Ssh(armored) => Some(Sshsig::parse(armored).ok()?.key().fingerprint()),
        Signature::Passkey(_) => None,
    }
}
