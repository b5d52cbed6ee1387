//! Doors are opened, closed, and taken off their hinges.

use super::Engine;
use crate::effect::Step;
use crate::hinges::{self, Hinges};
use crate::record::What;
use crate::time::Now;

impl Engine {
    /// Puts on record which doors hang otherwise than is on record; also what changed
    /// while the agent was not there.
    pub(super) fn doors_seen(&self, now: Now, doors: &Hinges) -> Step {
        let mut step = Step::default();
        for change in hinges::changes(&self.durable.doors, doors) {
            step.record(now, None, What::DoorChanged(change));
        }
        step
    }

    /// How the doors hang, as far as it is on record; those that are off are left out.
    #[must_use]
    pub const fn doors(&self) -> &Hinges {
        &self.durable.doors
    }
}
