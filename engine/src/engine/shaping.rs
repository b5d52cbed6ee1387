//! Putting a step together.

use alloc::boxed::Box;

use super::Engine;
use crate::effect::{Answer, Durability, Effect, Refusal, Step};
use crate::facts::AttemptId;
use crate::id::RequestId;
use crate::record::{Record, What};
use crate::state::{Attempt, AttemptChange, Change};
use crate::time::Now;

impl Step {
    /// Nothing follows but this refusal.
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self { result: Err(refusal), ..Self::default() }
    }

    /// On record before anything else of this step, and true with it.
    pub(super) fn record(&mut self, at: Now, id: Option<RequestId>, what: What) {
        let record = Record { at, id, what };
        self.records.push(record.clone());
        self.changes.push(Change::Record(Box::new(record)));
    }

    /// Whether a record of this step ends a request. Linear in its records.
    pub(super) fn has_ended(&self, id: RequestId) -> bool {
        let ends = |what: &What| matches!(what, What::RequestExpired { .. });
        self.records.iter().any(|record| record.id == Some(id) && ends(&record.what))
    }

    /// On the disk, not only in the file.
    pub(super) fn sync(&mut self) {
        self.durability = Durability::Synced;
    }

    pub(super) fn stands(&mut self, attempt: AttemptId, stands: Attempt) {
        let stands = Some(Box::new(stands));
        self.changes.push(Change::Attempt(AttemptChange { attempt, stands }));
    }

    pub(super) fn is_no_more(&mut self, attempt: AttemptId) {
        self.changes.push(Change::Attempt(AttemptChange { attempt, stands: None }));
    }

    pub(super) fn answer(&mut self, attempt: AttemptId, answer: Answer) {
        self.effects.push(Effect::Answer { attempt, answer });
    }

    /// The last answer: the attempt is no more.
    pub(super) fn dismiss(&mut self, attempt: AttemptId, answer: Answer) {
        self.is_no_more(attempt.clone());
        self.answer(attempt, answer);
    }
}

impl Engine {
    /// Only a record.
    pub(super) fn noted(&self, now: Now, what: What) -> Step {
        let mut step = Step::default();
        step.record(now, None, what);
        step
    }
}
