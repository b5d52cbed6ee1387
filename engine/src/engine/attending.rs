//! Who has looked at what he is asked, and who is told again.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Engine;
use super::answering::still_waiting;
use crate::effect::{Answer, Effect, Step};
use crate::facts::{Account, Person};
use crate::id::RequestId;
use crate::limits::{DEADLINES_PER_STEP_MAX, SEEN_PER_REQUEST_MAX};
use crate::policy::{Selector, WithoutHub};
use crate::record::{By, What};
use crate::state::{AttentionChange, Becomes, Case, Change, OpenRequest, Seen, next_reminder};
use crate::time::Now;

impl Engine {
    /// Somebody looked at requests. Those that he may decide on are seen, and whoever
    /// waits for one is told.
    pub(super) fn looked_at(&self, now: Now, person: &Person, ids: &[RequestId]) -> Step {
        let mut step = Step::default();
        for id in ids.iter().copied().filter(|id| self.is_unseen(now, person, *id)) {
            let Some(Case::Open(request)) = self.durable.cases.get(id) else { continue };
            let seen = Seen { by: person.account.clone(), at: now };
            let mut seen_by = self.seen_by(id, request);
            seen_by.push(seen.by.name.clone());
            attend(&mut step, id, Becomes::SeenBy(seen));
            let answer = still_waiting(now, id, request, &request.seating(), seen_by);
            for (attempt, _) in self.attempts.waiting_for(id) {
                step.answer(attempt.clone(), answer.clone());
            }
        }
        step
    }

    /// Whether it would be news that a person has looked at a request.
    #[must_use]
    pub fn is_unseen(&self, now: Now, person: &Person, id: RequestId) -> bool {
        let seen = self.attentions.seen(id);
        seen.len() < SEEN_PER_REQUEST_MAX
            && !seen.iter().any(|seen| seen.by.uid == person.account.uid)
            && !self.get(id).is_some_and(|listed| listed.opened.requester.may_be(person))
            && self.may_decide(now, person, id).is_ok()
    }

    /// Whether a person is to be told that a request waits for him: he may decide on it,
    /// is not who asks, and is one of these, where some are named.
    #[must_use]
    pub fn waits_for(
        &self,
        now: Now,
        person: &Person,
        id: RequestId,
        from: Option<&[Selector]>,
    ) -> bool {
        let Some(Case::Open(request)) = self.durable.cases.get(id) else { return false };
        let on = request.occasion(now.wall);
        let named = |from| self.policy().is_ok_and(|policy| policy.may_be_asked(person, from, on));
        !request.opened.requester.may_be(person)
            && self.may_decide(now, person, id).is_ok()
            && from.is_none_or(named)
    }

    /// Who has looked at an open request and when, in order.
    pub fn seen(&self, id: RequestId) -> impl Iterator<Item = (&Account, Now)> {
        self.attentions.seen(id).iter().map(|seen| (&seen.by, seen.at))
    }

    /// Who has looked at a request and has not answered it.
    pub(super) fn seen_by(&self, id: RequestId, request: &OpenRequest) -> Vec<String> {
        let answered = |by: &Account| {
            request.decisions.iter().any(|decision| decision.by.account.uid == by.uid)
        };
        let seen = self.attentions.seen(id).iter().filter(|seen| !answered(&seen.by));
        seen.map(|seen| seen.by.name.clone()).collect()
    }

    /// Reminders that are due, as far as one step goes.
    pub(super) fn remind(&self, step: &mut Step, now: Now) {
        let due = self.attentions.reminders().take_while(|(at, _)| *at <= now.boot);
        for (_, id) in due.take(DEADLINES_PER_STEP_MAX) {
            let Some(Case::Open(request)) = self.durable.cases.get(id) else { continue };
            let next = next_reminder(request, now.boot);
            attend(step, id, Becomes::RemindedAt(next));
            if now.boot < request.deadline() && !step.has_ended(id) {
                step.effects.push(Effect::Remind { id });
            }
        }
    }

    /// Those who answer from afar cannot be reached about a request. Where its rule says
    /// so, it is refused.
    pub(super) fn hub_unreachable(&self, now: Now, id: RequestId) -> Step {
        let mut step = Step::default();
        match self.durable.cases.get(id) {
            Some(Case::Open(request))
                if now.boot < request.deadline()
                    && request.opened.without_hub == WithoutHub::Deny =>
            {
                let why = String::from(
                    "the hub cannot be reached, and the policy refuses then; ask again when it can be",
                );
                let message = format!("{id} was refused: {why}");
                let denied = What::RequestDenied { by: By::Agent, comment: Some(why) };
                step.sync();
                step.record(now, Some(id), denied);
                self.dismiss_waiting(&mut step, id, &Answer::Denied { id: Some(id), message });
            }
            _ => {}
        }
        step
    }
}

fn attend(step: &mut Step, id: RequestId, becomes: Becomes) {
    step.changes.push(Change::Attention(AttentionChange { id, becomes }));
}
