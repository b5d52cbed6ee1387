//! Break-glass: named people go ahead without a decision, said out loud and looked at
//! afterwards by somebody else.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;

use super::Engine;
use super::asking::{fits, fits_a_record, no_id};
use crate::effect::{Answer, Effect, Refusal, Step};
use crate::facts::{Act, AttemptId, Person};
use crate::id::RequestId;
use crate::limits::{REMARK_BYTES_MAX, REVIEWS_OPEN_MAX};
use crate::policy::Occasion;
use crate::record::{About, BreakGlass, LetPass, Source, What};
use crate::state::Asked;
use crate::time::Now;

impl Engine {
    /// Lets somebody's command start who may say that this is an emergency: on the disk
    /// before it starts, announced, and open until somebody else has looked at it.
    pub(super) fn glass_broken(
        &self,
        now: Now,
        attempt: AttemptId,
        person: Person,
        act: Act,
        reason: String,
    ) -> Step {
        let asked = Asked { person, act, wish: crate::event::Wish::default() };
        if let Some(step) = self.asked_before(now, &attempt, &asked) {
            return step;
        }
        let Asked { person, act, .. } = asked;
        if let Err(refusal) = self.may_break_glass(&person, &act, &reason) {
            return Step::refused(refusal);
        }
        let Some(id) = self.durable.next_id() else { return Step::refused(no_id()) };
        let attempt_of_it = Some(attempt.clone());
        let about = about(person, act, reason, attempt_of_it);
        let mut step = Step::default();
        step.sync();
        let message = format!(
            "the glass is broken: this runs without a decision, everybody is told, and {id} stays open until somebody else has reviewed it"
        );
        step.record(now, Some(id), used(about.clone(), None));
        step.dismiss(attempt, Answer::Allowed { id, message: Some(message), remaining: None });
        step.effects.push(Effect::Announce { id, about: Box::new(about) });
        step
    }

    /// Puts on record what was let pass while the agent was not there. It has happened,
    /// whatever the policy says by now and however many wait for a review
    /// ([`REVIEWS_OPEN_MAX`]): a bound loses no record. What is told again is on record
    /// already ([`Engine::let_pass`]).
    pub(super) fn glass_reported(&self, now: Now, passed: LetPass, about: About) -> Step {
        if self.durable.let_pass.as_ref() == Some(&passed.attempt) {
            return Step::default();
        }
        let Some(id) = self.durable.next_id() else { return Step::refused(no_id()) };
        // No run is awaited: who started it, and who sees its end, is not the agent.
        let about = About { attempt: None, ..about };
        let mut step = Step::default();
        step.sync();
        step.record(now, Some(id), used(about.clone(), Some(passed)));
        step.effects.push(Effect::Announce { id, about: Box::new(about) });
        step
    }

    /// Somebody else has looked at it.
    pub(super) fn glass_reviewed(
        &self,
        now: Now,
        person: Person,
        id: RequestId,
        comment: Option<String>,
    ) -> Step {
        if let Err(refusal) = fits("the comment", comment.as_deref(), REMARK_BYTES_MAX) {
            return Step::refused(refusal);
        }
        let Some(who) = self.durable.reviews.get(&id) else {
            return Step::refused(Refusal::Refused(format!(
                "{id} is no use of break-glass that waits for a review"
            )));
        };
        if who.may_be(&person) {
            return Step::refused(Refusal::NotYours(format!(
                "{id} is your own; somebody else reviews it"
            )));
        }
        let policy = match self.policy() {
            Ok(policy) => policy,
            Err(refusal) => return Step::refused(refusal),
        };
        if !policy.may_review(&person, Occasion::at(now.wall).of(who)) {
            return Step::refused(Refusal::NotYours(format!(
                "{id} is reviewed by root, or by those whom `from` in [ask] of writ.toml names"
            )));
        }
        let mut step = Step::default();
        step.sync();
        step.record(now, Some(id), What::BreakGlassReviewed { by: person, comment });
        step
    }

    /// The uses of break-glass that nobody else has looked at.
    #[must_use]
    pub fn open_reviews(&self) -> BTreeSet<RequestId> {
        self.durable.reviews.keys().copied().collect()
    }

    fn may_break_glass(&self, person: &Person, act: &Act, reason: &str) -> Result<(), Refusal> {
        if !self.policy()?.may_break_glass(person) {
            return Err(Refusal::NotYours(format!(
                "{} may not break the glass; [break_glass] of writ.toml says who may",
                person.account.name
            )));
        }
        if reason.trim().is_empty() {
            return Err(Refusal::Refused("say why the glass is broken; it goes on record".into()));
        }
        fits("the reason", Some(reason), REMARK_BYTES_MAX)?;
        fits_a_record(&act.aim)?;
        if self.durable.reviews.len() >= REVIEWS_OPEN_MAX {
            return Err(Refusal::TooMany(format!(
                "{REVIEWS_OPEN_MAX} uses of break-glass wait for a review, which is as many as may; somebody else reviews them with `writ audit review`"
            )));
        }
        Ok(())
    }
}

fn about(requester: Person, act: Act, reason: String, attempt: Option<AttemptId>) -> About {
    let source = Source::default();
    let (ticket, sha256) = (None, None);
    About { attempt, requester, act, reason: Some(reason), ticket, sha256, source }
}

fn used(about: About, without_agent: Option<LetPass>) -> What {
    What::BreakGlassUsed(BreakGlass { about, without_agent })
}
