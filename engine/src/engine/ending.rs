//! Requests and grants end: by hand, and by what happens to the host.

use alloc::format;
use alloc::string::String;

use super::asking::fits;
use super::{Engine, sentences};
use crate::effect::{Answer, Effect, Refusal, Step};
use crate::facts::{Ending, Person, Uid};
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
            .and_then(|()| self.revocable(now, &person, id));
        if let Err(refusal) = checked {
            return Step::refused(refusal);
        }
        self.grant_ended(now, id, EndReason::Revoked, By::Person(person), comment)
    }

    fn revocable(&self, now: Now, person: &Person, id: RequestId) -> Result<(), Refusal> {
        if !self.visible_to(now, person, id) {
            return Err(Refusal::NotFound(id));
        }
        match self.durable.cases.get(id) {
            Some(case @ (Case::Granted(_) | Case::Window(_))) => {
                let request = case.request().ok_or(Refusal::NotFound(id))?;
                if person.is_root() || !self.places_in(now, person, request)?.is_empty() {
                    return Ok(());
                }
                let asked = match request.asked().as_slice() {
                    [] => String::from("root"),
                    asked => format!("{} or root", asked.join(", ")),
                };
                Err(Refusal::NotYours(format!(
                    "{id} is for {asked} to take back; who asked for it gives it back with `writ end {id}`"
                )))
            }
            Some(Case::Open(_)) => Err(Refusal::Refused(format!(
                "{id} is not granted; `writ deny {id}` says no to it"
            ))),
            _ => Err(Refusal::NotFound(id)),
        }
    }

    pub(super) fn given_back(&self, now: Now, person: Person, id: RequestId) -> Step {
        let Some(case) = self.durable.cases.get(id) else {
            return Step::refused(Refusal::NotFound(id));
        };
        match (case, case.request()) {
            (Case::Granted(_) | Case::Window(_), Some(request)) => {
                if request.opened.requester.may_be(&person) {
                    self.grant_ended(now, id, EndReason::GivenBack, By::Person(person), None)
                } else {
                    Step::refused(self.not_requester(now, &person, id, request))
                }
            }
            (Case::Open(request), _) if request.opened.requester.may_be(&person) => {
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
            Some(Case::Open(request)) => {
                Step::refused(self.not_requester(now, &person, id, request))
            }
            Some(case @ (Case::Granted(_) | Case::Window(_)))
                if case.requester().is_some_and(|requester| requester.may_be(&person)) =>
            {
                Step::refused(Refusal::Refused(format!(
                    "{id} is granted already; `writ end {id}` gives it back"
                )))
            }
            _ => Step::refused(Refusal::NotFound(id)),
        }
    }

    /// Nobody learns from a refusal of what he may not see.
    pub(super) fn not_requester(
        &self,
        now: Now,
        person: &Person,
        id: RequestId,
        request: &OpenRequest,
    ) -> Refusal {
        if !self.visible_to(now, person, id) {
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
        self.follow_the_end(&mut step, now, id, reason);
        step
    }

    /// What ends with a grant: what was kept of it for doors, which find out when
    /// they confirm; what it lent; what runs on it; and the request that it stand longer.
    pub(super) fn follow_the_end(
        &self,
        step: &mut Step,
        now: Now,
        id: RequestId,
        reason: EndReason,
    ) {
        for attempt in self.attempts.reserved_of(id) {
            step.is_no_more(attempt.clone());
        }
        if matches!(self.durable.cases.get(id), Some(Case::Window(_))) {
            step.effects.push(Effect::Lend);
            self.stop_runs(step, id);
        }
        self.end_sessions(step, id, reason);
        if let Some(extension) = self.durable.cases.extension_of(id)
            && let Some(Case::Open(request)) = self.durable.cases.get(extension)
        {
            self.expire(step, now, extension, request, ExpiryReason::GrantEnded);
        }
    }

    /// The last login session of an account has ended.
    pub(super) fn logged_out(&self, now: Now, account: Uid) -> Step {
        let mut step = Step::default();
        for (id, open) in self.durable.cases.windows() {
            let by_it = open.request.opened.requester.logged_in_as() == account;
            if by_it && open.window().is_some_and(|window| window.end_on_logout) {
                step.sync();
                self.end_grant(&mut step, now, id, EndReason::Logout);
            }
        }
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
            Case::Open(request) => self.expire(step, now, id, request, over.expiry()),
            Case::Granted(_) | Case::Window(_) | Case::Permitted(_) => {
                self.end_grant(step, now, id, over.end_reason());
            }
            Case::Outlived(_) => {}
        }
    }

    fn end_grant(&self, step: &mut Step, now: Now, id: RequestId, reason: EndReason) {
        let by = By::Agent;
        step.record(now, Some(id), What::GrantEnded { reason, by, comment: None });
        self.follow_the_end(step, now, id, reason);
    }

    pub(super) fn expire(
        &self,
        step: &mut Step,
        now: Now,
        id: RequestId,
        request: &OpenRequest,
        reason: ExpiryReason,
    ) {
        // Its own end and that of the grant that it was to extend may come in one step.
        if request.opened.extends.is_some() && step.has_ended(id) {
            return;
        }
        step.record(now, Some(id), What::RequestExpired { reason });
        let message = sentence(reason, id, request);
        let no = match reason {
            ExpiryReason::Silence => Answer::Expired { id, message },
            ExpiryReason::Reboot
            | ExpiryReason::Policy
            | ExpiryReason::Broken
            | ExpiryReason::GrantEnded => Answer::Denied { id: Some(id), message },
        };
        self.dismiss_waiting(step, id, &no);
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
}

fn sentence(reason: ExpiryReason, id: RequestId, request: &OpenRequest) -> String {
    let why = match reason {
        ExpiryReason::Silence => {
            let (asked, waited) =
                (request.asked().join(", "), sentences::span(request.opened.timeout));
            format!("{id} has expired: {asked} did not answer within {waited}")
        }
        ExpiryReason::Reboot => format!("{id} ended when the host was booted"),
        ExpiryReason::Policy => format!("{id} ended because the policy has changed"),
        ExpiryReason::Broken => format!("{id} ended because a part of the ledger was lost"),
        ExpiryReason::GrantEnded => {
            return format!("{id} ended with the grant that it was to make stand longer");
        }
    };
    sentences::run_again(&why)
}
