//! The doors: each an escalation that asks, waits, confirms, runs and ends, or is
//! lost anywhere on the way.

use std::collections::VecDeque;

use writ_engine::event::{Event, Wish};
use writ_engine::facts::{Act, AttemptId, Door as Kind, Ending, Leader, Person};
use writ_engine::id::RequestId;
use writ_engine::time::Span;

/// What a door believes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It has asked, or is about to.
    Asking,
    /// It was told to wait.
    Waiting,
    /// It was told that it may start.
    Allowed(RequestId),
    /// It has asked for the last word.
    Confirming(RequestId),
    /// Its command runs.
    Running(RequestId),
    /// It is gone.
    Gone,
}

/// One door.
pub(crate) struct Door {
    pub(crate) attempt: AttemptId,
    /// Its process; the number is soon another's.
    pub(crate) leader: Leader,
    pub(crate) person: Person,
    pub(crate) act: Act,
    pub(crate) stand: Stand,
    /// In which life of the agent a use was kept for it; 0 when none is.
    pub(crate) kept_in: u32,
    wish: Wish,
    /// Whether it wants its start on record with the decision.
    starts_at_once: bool,
    /// What is on its way to the agent; one connection keeps the order.
    pub(crate) outbox: VecDeque<Event>,
}

impl Door {
    pub(crate) fn new(
        attempt: AttemptId,
        leader: Leader,
        person: Person,
        act: Act,
        wish: Wish,
    ) -> Self {
        let (stand, outbox) = (Stand::Asking, VecDeque::new());
        let starts_at_once = act.door != Kind::Writ && leader.started_ticks.is_multiple_of(2);
        let mut door =
            Self { attempt, leader, person, act, stand, kept_in: 0, wish, starts_at_once, outbox };
        door.ask();
        door
    }

    pub(crate) fn ask(&mut self) {
        self.stand = Stand::Asking;
        let (attempt, person) = (self.attempt.clone(), self.person.clone());
        let (act, wish, leader) = (self.act.clone(), self.wish.clone(), self.leader);
        self.outbox.push_back(match self.starts_at_once {
            true => Event::AskedToStart { attempt, person, act, wish, leader },
            false => Event::Asked { attempt, person, act, wish },
        });
    }

    /// Whether it has something to ask on its way.
    pub(crate) fn asks(event: &Event) -> bool {
        matches!(event, Event::Asked { .. } | Event::AskedToStart { .. })
    }

    pub(crate) fn justify(&mut self) {
        self.wish.reason = Some("the site is down".into());
        self.ask();
    }

    /// Its connection ends; what it said before is still on its way.
    pub(crate) fn hang_up(&mut self) {
        self.outbox.push_back(Event::Left { attempt: self.attempt.clone() });
        self.stand = Stand::Gone;
        self.kept_in = 0;
    }

    /// `writ request` only asks.
    pub(crate) fn will_run(&self) -> bool {
        self.act.door != Kind::Writ
    }

    fn confirm(&mut self, id: RequestId) {
        self.stand = Stand::Confirming(id);
        let (attempt, leader) = (self.attempt.clone(), self.leader);
        self.outbox.push_back(Event::Confirmed { attempt, id, sha256: None, leader });
    }

    /// The next thing that it does by itself.
    pub(crate) fn goes_on(&mut self) {
        match self.stand {
            Stand::Allowed(id) if self.will_run() => self.confirm(id),
            Stand::Running(id) if self.outbox.is_empty() => {
                let attempt = self.attempt.clone();
                let (ending, runtime) = (Ending::ExitStatus(0), Some(Span(40)));
                self.outbox.push_back(Event::Finished { attempt, id, ending, runtime });
            }
            Stand::Allowed(_) => self.hang_up(),
            Stand::Asking
            | Stand::Waiting
            | Stand::Confirming(_)
            | Stand::Running(_)
            | Stand::Gone => {}
        }
    }

    /// The agent was lost and is there again.
    pub(crate) fn reconnects(&mut self) {
        self.outbox.clear();
        match self.stand {
            Stand::Asking | Stand::Waiting => self.ask(),
            Stand::Allowed(id) | Stand::Confirming(id) if self.will_run() => self.confirm(id),
            Stand::Allowed(_) | Stand::Confirming(_) | Stand::Running(_) | Stand::Gone => {}
        }
    }
}
