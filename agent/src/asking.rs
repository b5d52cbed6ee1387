//! An escalation that answers are owed to.

use std::rc::Rc;

use tokio::sync::watch;
use writ_engine::effect::Answer;
use writ_engine::facts::AttemptId;
use writ_engine::time::{BootTime, Span};
use writ_protocol::ErrorReply;
use writ_protocol::answers::{self, AnswerState};

use crate::clock;
use crate::core::{Core, Told, Waiting};
use crate::stream::{Follows, FrameStream, StreamError};

/// What whoever waits hears while questions do not get to the hub.
const HUB_AWAY: &str = "the hub cannot be reached; local approvers are still asked";

/// It holds the attempt's place: when it is dropped, the attempt leaves.
pub(crate) struct Asking {
    waiting: Waiting,
    replies: Replies,
    progress: Progress,
    /// The command's start is on record, since then.
    started: Option<BootTime>,
    hub_away: watch::Receiver<bool>,
    /// What people are waited for with, and since when that is so.
    waits: Option<(Answer, BootTime)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replies {
    /// Every change.
    Each,
    /// Only how it ends.
    Last,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    NothingTold,
    Told,
    Settled,
}

impl Asking {
    /// Takes a place for the attempt, before anything is asked under its name.
    #[must_use]
    pub(crate) fn place(core: &Rc<Core>, attempt: AttemptId) -> Self {
        Self {
            waiting: core.wait(attempt),
            replies: Replies::Last,
            progress: Progress::NothingTold,
            started: None,
            hub_away: core.hub_away.subscribe(),
            waits: None,
        }
    }

    /// The answer says too that the command's start is on record, since `then`.
    pub(crate) fn has_started(&mut self, then: BootTime) {
        self.started = Some(then);
    }

    /// A place for an attempt that has its last answer.
    #[must_use]
    pub(crate) fn settled(core: &Rc<Core>, attempt: AttemptId) -> Self {
        Self { progress: Progress::Settled, ..Self::place(core, attempt) }
    }

    /// Whether the caller takes more than one reply.
    #[must_use]
    pub(crate) fn with_more(self, more: bool) -> Self {
        Self { replies: if more { Replies::Each } else { Replies::Last }, ..self }
    }

    /// Whether the last answer was given.
    #[must_use]
    pub(crate) fn is_settled(&self) -> bool {
        self.progress == Progress::Settled
    }

    /// Whether the last answer was given, and the command started with it.
    #[must_use]
    pub(crate) fn has_begun(&self) -> bool {
        self.is_settled() && self.started.is_some()
    }

    /// The next answer. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Told {
        let told = match self.progress {
            Progress::NothingTold => self.waiting.next().await,
            Progress::Told | Progress::Settled => tokio::select! {
                biased;
                told = self.waiting.change() => told,
                // Whoever waits for people hears that the hub cannot be reached, or can.
                Ok(()) = self.hub_away.changed(), if self.waits.is_some() => self.again(),
            },
        };
        self.waits = match &told {
            Ok(answer @ Answer::Waiting { .. }) => Some((answer.clone(), clock::now().boot)),
            _ => None,
        };
        told
    }

    /// What was told last, with the time that is left now.
    fn again(&self) -> Told {
        let Some((answer, since)) = self.waits.clone() else {
            return Err(ErrorReply::Refused { message: "nothing was told".to_owned() });
        };
        Ok(match answer {
            Answer::Waiting { id, asked, approvals, needed, still_asked, seen, remaining } => {
                let passed = clock::now().boot.since(since).0;
                let remaining = Span(remaining.0.saturating_sub(passed));
                Answer::Waiting { id, asked, approvals, needed, still_asked, seen, remaining }
            }
            other => other,
        })
    }

    /// Passes an answer on.
    ///
    /// # Errors
    /// When the peer is gone.
    pub(crate) async fn reply(
        &mut self,
        stream: &mut FrameStream,
        told: Told,
    ) -> Result<(), StreamError> {
        self.progress = Progress::Told;
        match told {
            Ok(answer @ Answer::Waiting { .. }) => match self.replies {
                Replies::Each => {
                    let mut reply = wrapped(answer, None);
                    if *self.hub_away.borrow_and_update() {
                        reply.answer.message = Some(HUB_AWAY.to_owned());
                    }
                    stream.reply(&reply, Follows::More).await
                }
                Replies::Last => Ok(()),
            },
            Ok(answer) => {
                self.progress = Progress::Settled;
                stream.reply(&wrapped(answer, self.started), Follows::Nothing).await
            }
            Err(error) => {
                self.progress = Progress::Settled;
                stream.refuse(&error).await
            }
        }
    }
}

fn wrapped(answer: Answer, started: Option<BootTime>) -> answers::Ask {
    let started_boot_ms = started.map(|then| then.0);
    answers::Ask { answer: answers::Answer { started_boot_ms, ..as_told(answer) } }
}

/// An answer that says nothing but where the escalation stands.
pub(crate) fn blank(state: AnswerState) -> answers::Answer {
    answers::Answer {
        state,
        id: None,
        message: None,
        asked: Vec::new(),
        approvals: 0,
        needed: 0,
        still_asked: Vec::new(),
        seen: Vec::new(),
        remaining_ms: 0,
        started_boot_ms: None,
        wants_reason: false,
        wants_ticket: false,
        ticket_pattern: None,
    }
}

/// An answer as it travels.
fn as_told(answer: Answer) -> answers::Answer {
    let blank = blank(AnswerState::Denied);
    match answer {
        Answer::Allowed { id, message, remaining } => answers::Answer {
            state: AnswerState::Allowed,
            id: Some(id.to_string()),
            message,
            remaining_ms: remaining.map_or(0, |span| span.0),
            ..blank
        },
        Answer::LeftAlone => answers::Answer { state: AnswerState::Unasked, ..blank },
        Answer::Denied { id, message } => {
            answers::Answer { id: id.map(|id| id.to_string()), message: Some(message), ..blank }
        }
        Answer::Expired { id, message } => answers::Answer {
            state: AnswerState::Expired,
            id: Some(id.to_string()),
            message: Some(message),
            ..blank
        },
        Answer::Waiting { id, asked, approvals, needed, still_asked, seen, remaining } => {
            answers::Answer {
                state: AnswerState::Waiting,
                id: Some(id.to_string()),
                asked,
                approvals,
                needed,
                still_asked,
                seen,
                remaining_ms: remaining.0,
                ..blank
            }
        }
        Answer::Wanted { reason, ticket } => answers::Answer {
            state: AnswerState::Wanted,
            wants_reason: reason,
            wants_ticket: ticket.is_some(),
            ticket_pattern: ticket,
            ..blank
        },
        Answer::Open { id, message } => answers::Answer {
            state: AnswerState::Open,
            id: Some(id.to_string()),
            message: Some(message),
            ..blank
        },
    }
}
