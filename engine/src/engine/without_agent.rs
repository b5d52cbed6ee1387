//! What was let pass while the agent was not there.

use alloc::vec::Vec;

use super::Engine;
use super::asking::no_id;
use crate::effect::Step;
use crate::record::{About, By, Force, LetPass, Made, Outcome, What};
use crate::time::Now;

impl Engine {
    /// Puts it on record. It has happened, whatever the policy says by now. What is told
    /// again, because the agent was lost before it could forget it, is on record already.
    pub(super) fn let_pass(&self, now: Now, passed: LetPass, about: About, force: Force) -> Step {
        if self.durable.let_pass.as_ref() == Some(&passed.attempt) {
            return Step::default();
        }
        let Some(id) = self.durable.next_id() else { return Step::refused(no_id()) };
        let outcome = match force {
            Force::Enforced => Outcome::Allow,
            Force::Observed => Outcome::Pass,
        };
        let made = Made {
            by: By::Policy,
            outcome,
            force,
            comment: None,
            digest: None,
            lasts: None,
            uses: None,
            proved: false,
            signed: None,
            places: Vec::new(),
            in_place_of: None,
            self_approval: false,
            // No run is awaited: who started it, and who sees its end, is not the agent.
            about: Some(About { attempt: None, ..about }),
            without_agent: Some(passed),
        };
        let mut step = Step::default();
        step.sync();
        step.record(now, Some(id), What::DecisionMade(made));
        step
    }
}
