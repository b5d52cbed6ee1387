//! What each record makes true. Live and in replay it is the same code.

use alloc::string::String;

use super::Durable;
use super::case::{Case, Decision, OpenRequest, Permit};
use crate::facts::{AttemptId, Leader};
use crate::id::{IdSequence, RequestId};
use crate::record::{By, Force, Made, Outcome, Record, What};
use crate::time::Now;

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
            | What::RequestJoined { .. } => Ok(()),
            _ => self.apply_to_case(record),
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
        (Some(Case::Open(request)), What::DecisionMade(made)) => match decision(record.at, made) {
            Some(decision) => Ok(Some(Case::Open(request.decided(decision)))),
            None => Err(Some(Case::Open(request))),
        },
        (
            Some(Case::Open(_)),
            What::RequestDenied { .. }
            | What::RequestCancelled { .. }
            | What::RequestExpired { .. },
        ) => Ok(None),
        (Some(Case::Open(request)), What::GrantStarted { lasts, uses }) => {
            Ok(Some(Case::Granted(request.granted(record.at, *lasts, *uses))))
        }
        (Some(Case::Granted(grant)), What::GrantEnded { .. }) => {
            Ok(grant.ended().map(Case::Outlived))
        }
        (Some(Case::Permitted(_)), What::GrantEnded { .. }) => Ok(None),
        (Some(case), What::CommandStarted { attempt, leader }) => {
            started(case, attempt, *leader).map(Some)
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
    })
}

fn started(case: Case, attempt: &AttemptId, leader: Option<Leader>) -> Result<Case, Option<Case>> {
    match case {
        Case::Granted(grant) => match grant.started(attempt.clone(), leader) {
            Ok(grant) => Ok(Case::Granted(grant)),
            Err(grant) => Err(Some(Case::Granted(grant))),
        },
        Case::Permitted(permit) if permit.attempt == *attempt => {
            Ok(Case::Outlived(permit.started(leader)))
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
        Case::Outlived(outlived) => Ok(outlived.finished(attempt).map(Case::Outlived)),
        Case::Open(_) | Case::Permitted(_) => Err(Some(case)),
    }
}
