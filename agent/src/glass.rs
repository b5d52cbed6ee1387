//! Break-glass: who says that this is an emergency, and the sudo that he then becomes.
//!
//! `writ breakglass` says so and then executes sudo in the same process. What is
//! remembered is that process, by its number and its start, which outlive execve(2): no
//! other can use it, and nothing that a user can copy stands for it.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinHandle;
use writ_engine::Event;
use writ_engine::facts::{Leader, Uid};
use writ_engine::record::About;
use writ_engine::time::{BootTime, Span};
use writ_protocol::ErrorReply;
use writ_protocol::answers::Nothing;
use writ_protocol::calls;
use writ_protocol::text::shown;

use crate::agent::Agent;
use crate::clock;
use crate::connection::Caller;
use crate::deciding::person;
use crate::door::request_id;
use crate::notice;
use crate::record::{run_as, wanted};
use crate::sessions;

/// How long sudo may take to ask for a password before it asks the agent.
const MARK_LASTS: Span = Span::from_secs(5 * 60);

/// How many processes are remembered; the oldest is forgotten first.
const MARKS_MAX: usize = 64;

/// The longest line of an announcement, in characters; the whole is on record.
const LINE_CHARACTERS_MAX: usize = 240;

/// A process whose next sudo goes ahead.
#[derive(Debug)]
struct Mark {
    leader: Leader,
    account: Uid,
    reason: String,
    until: BootTime,
}

/// The processes that said that this is an emergency.
#[derive(Debug, Default)]
pub(crate) struct Marks(RefCell<Vec<Mark>>);

impl Marks {
    fn put(&self, mark: Mark) {
        let mut marks = self.0.borrow_mut();
        let now = clock::now().boot;
        marks.retain(|known| known.until > now && known.leader != mark.leader);
        if marks.len() >= MARKS_MAX {
            marks.remove(0);
        }
        marks.push(mark);
    }

    /// Why the glass is broken for the sudo that this process has become, if it is; once.
    pub(crate) fn take(&self, leader: Leader, account: Uid) -> Option<String> {
        let mut marks = self.0.borrow_mut();
        let now = clock::now().boot;
        let at = marks.iter().position(|mark| {
            mark.leader == leader && mark.account == account && mark.until > now
        })?;
        Some(marks.remove(at).reason)
    }
}

/// The caller says that this is an emergency: the sudo that his process becomes goes
/// ahead. Nothing is on record until it does.
///
/// # Errors
/// When the policy does not name him, or he gives no reason.
pub(crate) async fn break_glass(
    agent: &Rc<Agent>,
    caller: &Caller,
    call: calls::BreakGlass,
) -> Result<Nothing, ErrorReply> {
    let person = person(agent, caller).await?;
    if !agent.core.policy().may_break_glass(&person) {
        return Err(ErrorReply::NotYours {
            message: format!(
                "{} may not break the glass; [break_glass] of writ.toml says who may",
                person.account.name
            ),
        });
    }
    if call.reason.trim().is_empty() {
        let message = "say why the glass is broken; it goes on record".to_owned();
        return Err(ErrorReply::Refused { message });
    }
    let leader = caller.peer.leader();
    let leader = leader.map_err(|error| ErrorReply::Refused { message: error.to_string() })?;
    let until = clock::now().boot.after(MARK_LASTS);
    agent.glass.put(Mark { leader, account: person.account.uid, reason: call.reason, until });
    Ok(Nothing {})
}

/// Somebody has looked at what another did in an emergency.
///
/// # Errors
/// When it is his own, or not for him to look at.
pub(crate) async fn review(
    agent: &Rc<Agent>,
    caller: &Caller,
    review: calls::Review,
) -> Result<Nothing, ErrorReply> {
    let person = person(agent, caller).await?;
    let id = request_id(&review.id)?;
    let comment = review.comment;
    agent.core.submit(Event::GlassReviewed { person, id, comment }).map(|_| Nothing {})
}

/// Tells everybody who is at a terminal that takes messages (mesg(1)): the agent has no
/// right to write to any other.
pub(crate) async fn announce(id: &str, about: &About) {
    let review = format!("somebody else is to review it: writ audit review {id}");
    // The agent awaits a run of all that it let start itself.
    let lines = match about.attempt {
        Some(_) => lines("runs as", "", about, &review),
        None => lines("ran as", ", while Writ's agent was away", about, &review),
    };
    // Nobody waits for it: a terminal that hangs takes only its own line along.
    drop(tell_everybody(lines).await);
}

/// The same, from what answers while the agent is away: what can be told within that time.
pub(crate) async fn announce_without_agent(about: &About, patience: Duration) {
    let review = "somebody else is to review it when the agent is back: writ audit review";
    let lines = lines("runs as", ", while Writ's agent is away", about, review);
    let telling = async {
        for told in tell_everybody(lines).await {
            // A terminal that is gone is told nothing.
            let _ = told.await;
        }
    };
    let _ = tokio::time::timeout(patience, telling).await;
}

async fn tell_everybody(lines: String) -> Vec<JoinHandle<()>> {
    let terminals = tokio::task::spawn_blocking(sessions::on_terminals).await.unwrap_or_default();
    let tell = |(session, terminal): (sessions::Session, PathBuf)| {
        let (owner, lines) = (session.uid, lines.clone());
        tokio::task::spawn_blocking(move || notice::write(&terminal, owner, &lines))
    };
    terminals.into_iter().map(tell).collect()
}

fn lines(runs: &str, when: &str, about: &About, review: &str) -> String {
    let cut = |text: String| {
        let mut cut: String = text.chars().take(LINE_CHARACTERS_MAX).collect();
        if cut.len() < text.len() {
            cut.push_str("… (there is more)");
        }
        cut
    };
    let user = shown(&about.requester.account.name);
    let target = shown(run_as(&about.act, &about.requester));
    let command = cut(wanted(&about.act));
    let reason = cut(shown(about.reason.as_deref().unwrap_or_default()));
    format!(
        "\r\nwrit: BREAK-GLASS: {user} {runs} {target} without a decision{when}: {command}\r\nwrit: because: {reason}\r\nwrit: {review}\r\n"
    )
}
