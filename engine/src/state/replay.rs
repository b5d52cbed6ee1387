//! What each record makes true. Live and in replay it is the same code.

use alloc::string::String;

use super::Durable;
use super::case::{Case, Decision, Grant, OpenRequest, OpenWindow, Permit, Run};
use crate::facts::AttemptId;
use crate::hinges::{DoorChange, Standing};
use crate::id::{IdSequence, RequestId};
use crate::record::{By, Force, Made, Outcome, Record, What};
use crate::time::{Now, Span};

/// A record that does not follow from those before it. The hash chain says that
/// nobody changed it, so this is a defect of Writ, or of the version that wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Of something that is not there, or stands elsewhere.
    #[error("the record {event} of {id} does not follow from the records before it")]
    OutOfPlace {
        /// Its name.
        event: &'static str,
        /// Its ID.
        id: RequestId,
    },
    /// Without the ID that it belongs to.
    #[error("the record {event} has no ID")]
    NoId {
        /// Its name.
        event: &'static str,
    },
    /// A snapshot that is none.
    #[error("the snapshot is not of a form that this version of writ can read: {0}")]
    Snapshot(String),
}

impl Durable {
    /// Makes true what a record says.
    pub(crate) fn apply(&mut self, record: &Record) -> Result<(), ReplayError> {
        match &record.what {
            What::AgentStarted { boot_id, ids, .. } => {
                if self.boot_id.as_ref() != Some(boot_id) {
                    self.lent.clear();
                }
                self.boot_id = Some(boot_id.clone());
                self.ids.get_or_insert(IdSequence::new(*ids));
                Ok(())
            }
            What::LedgerAcknowledged { .. } => {
                self.cases.clear();
                self.ids = self.ids.map(IdSequence::after_loss);
                Ok(())
            }
            What::AgentStopped
            | What::PolicyLoaded { .. }
            | What::PolicyRefused { .. }
            | What::RequestJoined { .. }
            | What::AnswerRefused(_)
            | What::SessionEnded(_) => Ok(()),
            What::DoorChanged(change) => {
                self.hang(change);
                Ok(())
            }
            What::BreakGlassUsed(used) => {
                self.apply_to_case(record)?;
                if let Some(id) = record.id {
                    self.reviews.insert(id, used.about.requester.clone());
                }
                if let Some(passed) = &used.without_agent {
                    self.let_pass = Some(passed.attempt.clone());
                }
                Ok(())
            }
            What::DecisionMade(Made { without_agent: Some(passed), .. }) => {
                self.apply_to_case(record)?;
                self.let_pass = Some(passed.attempt.clone());
                Ok(())
            }
            What::BreakGlassReviewed { .. } => self.reviewed(record),
            What::GrantExtended { request, lasts } => self.extend(record, *request, *lasts),
            _ => self.apply_to_case(record),
        }
    }

    fn hang(&mut self, change: &DoorChange) {
        match change.hinge.standing {
            Standing::Off => self.doors.remove(&change.door),
            Standing::On | Standing::Broken => {
                self.doors.insert(change.door.clone(), change.hinge.clone())
            }
        };
    }

    fn reviewed(&mut self, record: &Record) -> Result<(), ReplayError> {
        let event = record.what.name();
        let id = record.id.ok_or(ReplayError::NoId { event })?;
        self.reviews.remove(&id).map(drop).ok_or(ReplayError::OutOfPlace { event, id })
    }

    /// A grant stands longer, and the request for it is over.
    fn extend(
        &mut self,
        record: &Record,
        request: RequestId,
        lasts: Span,
    ) -> Result<(), ReplayError> {
        let event = record.what.name();
        let id = record.id.ok_or(ReplayError::NoId { event })?;
        let asked = self.cases.extension_of(id) == Some(request);
        match self.cases.take(id).filter(|_| asked) {
            Some(case @ (Case::Granted(_) | Case::Window(_))) => {
                self.cases.take(request);
                self.cases.insert(id, longer(case, lasts));
                Ok(())
            }
            other => {
                if let Some(case) = other {
                    self.cases.insert(id, case);
                }
                Err(ReplayError::OutOfPlace { event, id })
            }
        }
    }

    fn note_loans(&mut self, id: RequestId, record: &Record, case: &Case) {
        if let (What::GrantStarted { .. }, Case::Window(open)) = (&record.what, case)
            && let Some(window) = open.window()
        {
            self.lent.note(id, &open.request.opened.requester, window);
        }
    }

    fn apply_to_case(&mut self, record: &Record) -> Result<(), ReplayError> {
        let event = record.what.name();
        let id = record.id.ok_or(ReplayError::NoId { event })?;
        let before = self.cases.take(id);
        let was_new = before.is_none();
        match next(before, record) {
            Ok(after) => {
                if was_new {
                    self.ids = self.ids.map(|ids| ids.after(id));
                }
                if let Some(case) = after {
                    self.note_loans(id, record, &case);
                    self.cases.insert(id, case);
                }
                Ok(())
            }
            Err(before) => {
                if let Some(case) = before {
                    self.cases.insert(id, case);
                }
                Err(ReplayError::OutOfPlace { event, id })
            }
        }
    }
}

/// What a case becomes by a record; the case unchanged when the record does not
/// fit it.
fn next(before: Option<Case>, record: &Record) -> Result<Option<Case>, Option<Case>> {
    match (before, &record.what) {
        (None, What::RequestOpened(opened)) => {
            Ok(Some(Case::Open(OpenRequest::new(record.at, opened.clone()))))
        }
        (None, What::DecisionMade(made)) if made.about.is_some() => Ok(permitted(record.at, made)),
        (None, What::BreakGlassUsed(used)) => {
            let about = used.about.clone();
            let attempt = about.attempt.clone();
            Ok(attempt.map(|attempt| Case::Permitted(Permit::new(record.at, about, attempt))))
        }
        // The policy decides by itself on what was put to nobody.
        (Some(Case::Open(request)), What::DecisionMade(Made { by: By::Policy, .. }))
            if request.opened.needed == 0 =>
        {
            Ok(Some(Case::Open(request)))
        }
        (Some(Case::Open(request)), What::DecisionMade(made)) => match decision(record.at, made) {
            Some(decision) => Ok(Some(Case::Open(request.decided(decision)))),
            None => Err(Some(Case::Open(request))),
        },
        (Some(Case::Open(request)), What::RequestEscalated { from }) => {
            let due = request.next_escalation().is_some_and(|(_, step)| step.from == *from);
            if due {
                Ok(Some(Case::Open(request.escalated())))
            } else {
                Err(Some(Case::Open(request)))
            }
        }
        (
            Some(Case::Open(_)),
            What::RequestDenied { .. }
            | What::RequestCancelled { .. }
            | What::RequestExpired { .. },
        ) => Ok(None),
        (Some(Case::Open(request)), What::GrantStarted { lasts, uses }) => {
            Ok(Some(request.granted(record.at, *lasts, *uses)))
        }
        (Some(Case::Granted(grant)), What::GrantEnded { .. }) => {
            Ok(grant.ended().map(Case::Outlived))
        }
        (Some(Case::Window(open)), What::GrantEnded { .. }) => Ok(open.ended().map(Case::Outlived)),
        (Some(Case::Permitted(_)), What::GrantEnded { .. }) => Ok(None),
        (Some(case), What::CommandStarted { attempt, leader, about }) => {
            let run = Run { leader: *leader, about: about.clone() };
            started(case, attempt, run).map(Some)
        }
        (Some(case), What::SubcommandStarted { attempt, .. }) if case.runs(attempt) => {
            Ok(Some(case))
        }
        (Some(case), What::CommandFinished { attempt, .. }) => finished(case, attempt),
        (before, _) => Err(before),
    }
}

/// What a decision of the policy leaves behind: a permission for one attempt, or
/// nothing.
fn permitted(at: Now, made: &Made) -> Option<Case> {
    let about = made.about.clone()?;
    let attempt = about.attempt.clone()?;
    let binds = made.force == Force::Enforced;
    let lets = matches!(made.outcome, Outcome::Allow | Outcome::Pass);
    (lets || !binds).then(|| Case::Permitted(Permit::new(at, about, attempt)))
}

fn decision(at: Now, made: &Made) -> Option<Decision> {
    let By::Person(by) = &made.by else { return None };
    Some(Decision {
        at,
        by: by.clone(),
        outcome: made.outcome,
        comment: made.comment.clone(),
        lasts: made.lasts,
        uses: made.uses,
        places: made.places.clone(),
        in_place_of: made.in_place_of.clone(),
    })
}

fn longer(case: Case, lasts: Span) -> Case {
    match case {
        Case::Granted(grant) => Case::Granted(Grant { until: grant.until.after(lasts), ..grant }),
        Case::Window(open) => Case::Window(OpenWindow { until: open.until.after(lasts), ..open }),
        other => other,
    }
}

fn started(case: Case, attempt: &AttemptId, run: Run) -> Result<Case, Option<Case>> {
    match case {
        Case::Granted(grant) => match grant.started(attempt.clone(), run) {
            Ok(grant) => Ok(Case::Granted(grant)),
            Err(grant) => Err(Some(Case::Granted(grant))),
        },
        Case::Window(open) => match open.started(attempt.clone(), run) {
            Ok(open) => Ok(Case::Window(open)),
            Err(open) => Err(Some(Case::Window(open))),
        },
        Case::Permitted(permit) if permit.attempt == *attempt => {
            Ok(Case::Outlived(permit.started(run)))
        }
        other => Err(Some(other)),
    }
}

fn finished(case: Case, attempt: &AttemptId) -> Result<Option<Case>, Option<Case>> {
    if !case.runs(attempt) {
        return Err(Some(case));
    }
    match case {
        Case::Granted(grant) => Ok(Some(Case::Granted(grant.finished(attempt)))),
        Case::Window(open) => Ok(Some(Case::Window(open.finished(attempt)))),
        Case::Outlived(outlived) => Ok(outlived.finished(attempt).map(Case::Outlived)),
        Case::Open(_) | Case::Permitted(_) => Err(Some(case)),
    }
}
