//! Time passes.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;

use super::Engine;
use super::ending::Over;
use crate::effect::{Answer, Step};
use crate::id::RequestId;
use crate::limits::DEADLINES_PER_STEP_MAX;
use crate::state::{Case, Stand};
use crate::time::{BootTime, Now};

impl Engine {
    /// When the next [`crate::Event::Tick`] is due; `None` when nothing waits.
    #[must_use]
    pub fn next_deadline(&self) -> Option<BootTime> {
        let case = self.durable.cases.deadlines().next().map(|(at, _)| at);
        let attempt = self.attempts.deadlines().next().map(|(at, _)| *at);
        let reminder = self.attentions.reminders().next().map(|(at, _)| at);
        case.into_iter().chain(attempt).chain(reminder).min()
    }

    /// What is due, as far as one step goes; the rest is due at the next tick.
    pub(super) fn tick(&self, now: Now) -> Step {
        let mut step = Step::default();
        let cases = self.due(now);
        // What ends goes first: it may take along a request that is to escalate, with the
        // grant that this extends, and nobody is told then that he is asked.
        let mut ended: BTreeSet<RequestId> = BTreeSet::new();
        for (id, case) in cases.iter().copied().filter(|(_, case)| !goes_on(now, case)) {
            self.end(&mut step, now, id, case, Over::Deadline);
            ended.insert(id);
        }
        for (id, case) in cases.into_iter().filter(|(_, case)| goes_on(now, case)) {
            match case {
                Case::Open(request) if request.opened.extends.is_none() || !step.has_ended(id) => {
                    self.escalate(&mut step, now, id, request);
                }
                _ => {}
            }
        }
        self.remind(&mut step, now);
        let due = self.attempts.deadlines().take_while(|(at, _)| *at <= now.boot);
        for (_, attempt) in due.take(DEADLINES_PER_STEP_MAX) {
            let Some(Stand::Waiting { id, .. }) =
                self.attempts.get(attempt).map(|known| known.stand)
            else {
                continue;
            };
            // Who waited for what has just ended was told so.
            if !ended.contains(&id) {
                let message = format!(
                    "request {id} stays open; run the same command again once it is approved"
                );
                step.dismiss(attempt.clone(), Answer::Open { id, message });
            }
        }
        step
    }
}

impl Engine {
    /// The cases that are due, as many as one step takes: those that something runs on
    /// before the others, so that what has to be stopped does not wait for the record of
    /// what has merely ended.
    fn due(&self, now: Now) -> Vec<(RequestId, &Case)> {
        let is_due = |case: &Case| case.deadline().is_some_and(|at| at <= now.boot);
        let running: BTreeMap<RequestId, &Case> = self
            .durable
            .cases
            .running()
            .filter(|(_, _, case)| is_due(case))
            .map(|(_, id, case)| (id, case))
            .take(DEADLINES_PER_STEP_MAX)
            .collect();
        let due = self.durable.cases.deadlines().take_while(|(at, _)| *at <= now.boot);
        let others = due
            .filter(|(_, id)| !running.contains_key(id))
            .filter_map(|(_, id)| Some((id, self.durable.cases.get(id)?)));
        let mut cases: Vec<_> = running.iter().map(|(id, case)| (*id, *case)).collect();
        cases.extend(others.take(DEADLINES_PER_STEP_MAX.saturating_sub(cases.len())));
        cases
    }
}

/// Whether something that is due only escalates.
fn goes_on(now: Now, case: &Case) -> bool {
    matches!(case, Case::Open(request) if now.boot < request.deadline())
}
