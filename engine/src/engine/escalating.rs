//! Nobody has answered for a while: more people may.

use super::Engine;
use super::answering::still_waiting;
use crate::effect::{Effect, Step};
use crate::id::RequestId;
use crate::record::What;
use crate::state::OpenRequest;
use crate::time::Now;

impl Engine {
    /// Every step that is due is on record, and then those are told whom it is for.
    pub(super) fn escalate(&self, step: &mut Step, now: Now, id: RequestId, request: &OpenRequest) {
        let mut after = request.clone();
        while let Some(due) = after.next_escalation().filter(|(at, _)| *at <= now.boot) {
            let from = due.1.from.clone();
            after = after.escalated();
            step.effects.push(Effect::Notify { id, from: from.clone() });
            step.record(now, Some(id), What::RequestEscalated { from });
        }
        let seen = self.seen_by(id, &after);
        let answer = still_waiting(now, id, &after, &after.seating(), seen);
        for (attempt, _) in self.attempts.waiting_for(id) {
            step.answer(attempt.clone(), answer.clone());
        }
    }
}
