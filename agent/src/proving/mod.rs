//! Approvers prove who they are, where the policy says so (`reauth = true`).
//!
//! The proof is PAM's, service `writ`. It is led by a process of its own that PID 1 starts
//! as root, outside of the agent's box and bounded by PID 1: a module that hangs holds
//! nobody up but who waits for it. The account that is asked about is the one that the
//! kernel names as the caller's; he says nothing but the answers. The proof counts for one
//! decision, on one question, on the connection that it was given on.

mod conversation;
mod failures;

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::time::Instant;

use tokio::time::timeout_at;
use writ_engine::facts::Uid;
use writ_engine::id::RequestId;
use writ_protocol::ErrorReply;
use writ_protocol::answers::{Proof, ProofQuestion};
use writ_protocol::calls;

use self::conversation::{Conversation, Line};
use self::failures::Failures;
use crate::agent::Agent;
use crate::clock;
use crate::connection::Caller;
use crate::core::told;
use crate::deciding::person;
use crate::door::request_id;
use crate::limits::{PROOF_LINE_BYTES_MAX, PROOF_LINES_MAX, PROOF_MAX, PROOFS_MAX};

/// Those that are under way, and those that failed lately.
#[derive(Debug, Default)]
pub(crate) struct Proofs {
    under_way: RefCell<HashSet<Uid>>,
    failures: RefCell<Failures>,
}

/// Where the proof of one connection stands.
#[derive(Debug, Default)]
pub(crate) struct Standing(RefCell<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    None,
    UnderWay(UnderWay),
    Given(Given),
}

/// What a proof counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Subject {
    id: RequestId,
    digest: String,
}

#[derive(Debug)]
struct UnderWay {
    subject: Subject,
    account: String,
    conversation: Conversation,
    /// Lines yet to come before it is cut off.
    lines_left: usize,
    _place: Place,
}

#[derive(Debug)]
struct Given {
    subject: Subject,
    /// Until when it counts.
    until: Instant,
}

/// One of the few at once; nobody has two.
struct Place {
    agent: Rc<Agent>,
    uid: Uid,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Place({})", self.uid.0)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.agent.proofs.under_way.borrow_mut().remove(&self.uid);
    }
}

impl Standing {
    /// Whether he has proved who he is for this decision. It counts once.
    pub(crate) fn take_for(&self, id: RequestId, digest: &str) -> bool {
        let meant = |subject: &Subject| subject.id == id && subject.digest == digest;
        match self.0.take() {
            State::Given(given) => meant(&given.subject) && Instant::now() < given.until,
            other => {
                self.0.replace(other);
                false
            }
        }
    }
}

/// Begins.
///
/// # Errors
/// When nothing is to be proved, too many are at it, or PAM says no.
pub(crate) async fn prove(
    agent: &Rc<Agent>,
    caller: &Caller,
    prove: calls::Prove,
) -> Result<Proof, ErrorReply> {
    let person = person(agent, caller).await?;
    let id = request_id(&prove.id)?;
    let must =
        agent.core.look(|engine| engine.must_prove(clock::now(), &person, id, &prove.digest));
    if !must.map_err(told)? {
        return Err(refused(format!("{id} asks for no proof; just decide on it")));
    }
    // What was begun before is over.
    caller.proof.0.take();
    let uid = person.account.uid;
    let place = take_place(agent, uid)?;
    let account = person.account.name.clone();
    let conversation = Conversation::begin(agent, id, &account).await?;
    let under_way = UnderWay {
        subject: Subject { id, digest: prove.digest },
        account,
        conversation,
        lines_left: PROOF_LINES_MAX,
        _place: place,
    };
    go_on(agent, caller, under_way).await
}

/// Answers what was asked last.
///
/// # Errors
/// When nothing was asked, or PAM says no.
pub(crate) async fn answer(
    agent: &Rc<Agent>,
    caller: &Caller,
    answer: calls::AnswerProof,
) -> Result<Proof, ErrorReply> {
    let State::UnderWay(mut under_way) = caller.proof.0.take() else {
        return Err(refused("nothing was asked; call Prove first".to_owned()));
    };
    if answer.answer.len() > PROOF_LINE_BYTES_MAX || answer.answer.contains('\0') {
        return Err(refused(format!(
            "an answer has at most {PROOF_LINE_BYTES_MAX} bytes, and no NUL among them; nothing is proved"
        )));
    }
    under_way.conversation.answer(&answer.answer).await?;
    go_on(agent, caller, under_way).await
}

/// Up to the next question, or the end.
async fn go_on(
    agent: &Rc<Agent>,
    caller: &Caller,
    mut under_way: UnderWay,
) -> Result<Proof, ErrorReply> {
    let mut told = Vec::new();
    let until = under_way.conversation.until();
    while let Some(left) = under_way.lines_left.checked_sub(1) {
        under_way.lines_left = left;
        let account = &under_way.account;
        let line = timeout_at(until.into(), under_way.conversation.next()).await;
        let line = line.map_err(|_| {
            refused(format!(
                "PAM did not come to an end for {account} within {} s; nothing was decided",
                PROOF_MAX.as_secs()
            ))
        })?;
        match line? {
            Line::Tells(text) => told.push(text),
            Line::Asks { prompt, echo } => {
                caller.proof.0.replace(State::UnderWay(under_way));
                return Ok(Proof { told, asks: Some(ProofQuestion { prompt, echo }) });
            }
            Line::Proved => {
                let given = Given { subject: under_way.subject, until: Instant::now() + PROOF_MAX };
                caller.proof.0.replace(State::Given(given));
                return Ok(Proof { told, asks: None });
            }
            Line::Fails(words) => {
                let (id, account) = (under_way.subject.id, &under_way.account);
                agent.proofs.failures.borrow_mut().note(caller.peer.uid, Instant::now());
                eprintln!("{account} has not proved who he is, to approve {id}: {words}");
                told.push(format!(
                    "{account} has not proved who he is ({words}); nothing was decided"
                ));
                return Err(refused(told.join("; ")));
            }
        }
    }
    Err(refused("PAM asks and tells without an end; nothing was decided".to_owned()))
}

fn take_place(agent: &Rc<Agent>, uid: Uid) -> Result<Place, ErrorReply> {
    if let Some(wait) = agent.proofs.failures.borrow_mut().wait(uid, Instant::now()) {
        return Err(ErrorReply::TooMany {
            message: format!(
                "too many proofs of this account have failed; try again in {} s",
                wait.as_secs().saturating_add(1)
            ),
        });
    }
    let mut under_way = agent.proofs.under_way.borrow_mut();
    if under_way.contains(&uid) {
        return Err(ErrorReply::TooMany {
            message: format!(
                "this account is proving who it is already; finish that, or wait until it is over ({} s at most)",
                PROOF_MAX.as_secs()
            ),
        });
    }
    if under_way.len() >= PROOFS_MAX {
        return Err(ErrorReply::TooMany {
            message: format!(
                "{PROOFS_MAX} people are proving who they are, which is as many as the agent takes; try again in a moment"
            ),
        });
    }
    under_way.insert(uid);
    Ok(Place { agent: Rc::clone(agent), uid })
}

fn refused(message: String) -> ErrorReply {
    ErrorReply::Refused { message }
}
