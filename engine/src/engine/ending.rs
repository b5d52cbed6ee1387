//! Requests and grants end: by hand, and by what happens to the host.

use alloc::format;
use alloc::string::String;

use super::asking::fits;
use super::{Engine, sentences};
use crate::effect::{Answer, Refusal, Step};
use crate::facts::{Ending, Person};
use crate::id::RequestId;
use crate::limits::REMARK_BYTES_MAX;
use crate::record::{By, EndReason, ExpiryReason, What};
use crate::state::{Case, OpenRequest};
use crate::time::Now;

/// What ends something without anybody's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Its time.
    Deadline,
    /// A boot of the host.
    Reboot,
    /// A new policy.
    Policy,
    /// The loss of a part of the ledger.
    Broken,
}

impl Engine {
    pub(super) fn revoked(
        &self,
        now: Now,
        person: Person,
        id: RequestId,
        comment: Option<String>,
    ) -> Step {
        let checked = fits("the comment", comment.as_deref(), REMARK_BYTES_MAX)
            .and_then(|()| self.revocable(&person, id));
        if let Err(refusal) = checked {
            return Step::refused(refusal);
        }
        self.grant_ended(now, id, EndReason::Revoked, By::Person(person), comment)
    }

    fn revocable(&self, person: &Person, id: RequestId) -> Result<(), Refusal> {
        if !self.visible_to(person, id) {
            return Err(Refusal::NotFound(id));
        }
        match self.durable.cases.get(id) {
            Some(Case::Granted(grant)) => {
                if person.is_root() || self.may_be_asked(person, &grant.request)? {
                    return Ok(());
                }
                Err(Refusal::NotYours(format!(
                    "{id} is for {} or root to take back; who asked for it gives it back with `writ end {id}`",
                    grant.request.opened.asked.join(", ")
                )))
            }
            Some(Case::Open(_)) => Err(Refusal::Refused(format!(
                "{id} is not granted; `writ deny {id}` says no to it"
            ))),
            _ => Err(Refusal::NotFound(id)),
        }
    }

    pub(super) fn given_back(&self, now: Now, person: Person, id: RequestId) -> Step {
        match self.durable.cases.get(id) {
            Some(Case::Granted(grant)) if grant.request.opened.requester.may_be(&person) => {
                self.grant_ended(now, id, EndReason::GivenBack, By::Person(person), None)
            }
            Some(Case::Granted(grant)) => {
                Step::refused(self.not_requester(&person, id, &grant.request))
            }
            Some(Case::Open(request)) if request.opened.requester.may_be(&person) => {
                Step::refused(Refusal::Refused(format!(
                    "{id} is not granted yet; `writ cancel {id}` takes the request back"
                )))
            }
            _ => Step::refused(Refusal::NotFound(id)),
        }
    }

    pub(super) fn cancelled(&self, now: Now, person: Person, id: RequestId) -> Step {
        match self.durable.cases.get(id) {
            Some(Case::Open(request)) if request.opened.requester.may_be(&person) => {
                let message = format!("{id} was taken back by {}", person.account.name);
                let mut step = Step::default();
                step.sync();
                step.record(now, Some(id), What::RequestCancelled { by: person });
                self.dismiss_waiting(&mut step, id, &Answer::Denied { id: Some(id), message });
                step
            }
            Some(Case::Open(request)) => Step::refused(self.not_requester(&person, id, request)),
            Some(Case::Granted(grant)) if grant.request.opened.requester.may_be(&person) => {
                Step::refused(Refusal::Refused(format!(
                    "{id} is granted already; `writ end {id}` gives it back"
                )))
            }
            _ => Step::refused(Refusal::NotFound(id)),
        }
    }

    /// Nobody learns from a refusal of what he may not see.
    fn not_requester(&self, person: &Person, id: RequestId, request: &OpenRequest) -> Refusal {
        if !self.visible_to(person, id) {
            return Refusal::NotFound(id);
        }
        Refusal::NotYours(format!(
            "{id} is {}'s to take back or give back; `writ deny {id}` and `writ revoke {id}` are for who is asked",
            request.opened.requester.account.name
        ))
    }

    fn grant_ended(
        &self,
        now: Now,
        id: RequestId,
        reason: EndReason,
        by: By,
        comment: Option<String>,
    ) -> Step {
        let mut step = Step::default();
        step.sync();
        step.record(now, Some(id), What::GrantEnded { reason, by, comment });
        self.forget_reserved(&mut step, id);
        step
    }

    /// Root goes on after a part of the ledger was lost. What it held is unknown:
    /// a grant that is still known may have been used or revoked there, so
    /// nothing that was open stays open.
    pub(super) fn acknowledged(
        &self,
        now: Now,
        person: Person,
        comment: String,
        what: String,
    ) -> Step {
        if !person.is_root() {
            return Step::refused(Refusal::NotYours(
                "only root may accept that a part of the ledger is lost".into(),
            ));
        }
        if let Err(refusal) = fits("the comment", Some(&comment), REMARK_BYTES_MAX) {
            return Step::refused(refusal);
        }
        let mut step = Step::default();
        step.sync();
        for (id, case) in self.durable.cases.iter() {
            self.end(&mut step, now, id, case, Over::Broken);
        }
        step.record(now, None, What::LedgerAcknowledged { by: person, comment, what });
        step
    }

    /// Ends a case without anybody's word. Commands that run under it go on
    /// record as ended when the host was booted, or their story is lost.
    pub(super) fn end(&self, step: &mut Step, now: Now, id: RequestId, case: &Case, over: Over) {
        if matches!(over, Over::Reboot | Over::Broken) {
            for attempt in case.running() {
                let (attempt, ending) = (attempt.clone(), Ending::Unknown);
                step.record(
                    now,
                    Some(id),
                    What::CommandFinished { attempt, ending, runtime: None },
                );
            }
        }
        match case {
            Case::Open(request) => {
                step.record(now, Some(id), What::RequestExpired { reason: over.expiry() });
                let message = over.sentence(id, request);
                let no = match over {
                    Over::Deadline => Answer::Expired { id, message },
                    Over::Reboot | Over::Policy | Over::Broken => {
                        Answer::Denied { id: Some(id), message }
                    }
                };
                self.dismiss_waiting(step, id, &no);
            }
            Case::Granted(_) | Case::Permitted(_) => {
                let (reason, by) = (over.end_reason(), By::Agent);
                step.record(now, Some(id), What::GrantEnded { reason, by, comment: None });
                self.forget_reserved(step, id);
            }
            Case::Outlived(_) => {}
        }
    }

    /// What was kept of a grant is nobody's any more; its doors find out when
    /// they confirm.
    fn forget_reserved(&self, step: &mut Step, id: RequestId) {
        for attempt in self.attempts.reserved_of(id) {
            step.is_no_more(attempt.clone());
        }
    }
}

impl Over {
    const fn expiry(self) -> ExpiryReason {
        match self {
            Self::Deadline => ExpiryReason::Silence,
            Self::Reboot => ExpiryReason::Reboot,
            Self::Policy => ExpiryReason::Policy,
            Self::Broken => ExpiryReason::Broken,
        }
    }

    const fn end_reason(self) -> EndReason {
        match self {
            Self::Deadline => EndReason::Expired,
            Self::Reboot => EndReason::Reboot,
            Self::Policy => EndReason::Policy,
            Self::Broken => EndReason::Broken,
        }
    }

    fn sentence(self, id: RequestId, request: &OpenRequest) -> String {
        let why = match self {
            Self::Deadline => {
                let (asked, waited) =
                    (request.opened.asked.join(", "), sentences::span(request.opened.timeout));
                format!("{id} has expired: {asked} did not answer within {waited}")
            }
            Self::Reboot => format!("{id} ended when the host was booted"),
            Self::Policy => format!("{id} ended because the policy has changed"),
            Self::Broken => format!("{id} ended because a part of the ledger was lost"),
        };
        sentences::run_again(&why)
    }
}
