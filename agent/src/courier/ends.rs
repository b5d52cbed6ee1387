//! How the latest requests ended: when a question is over, the engine has forgotten it.

use std::collections::VecDeque;

use writ_engine::id::RequestId;
use writ_engine::record::{By, Outcome, Record, What};

/// How many are kept.
const ENDS_MAX: usize = 1024;

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HowEnded {
    /// approved, denied, expired or cancelled.
    pub outcome: &'static str,
    /// By whom, where somebody did.
    pub by: Option<String>,
}

/// The latest ends, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Ends(VecDeque<(RequestId, HowEnded)>);

impl Ends {
    /// Keeps what the records of a step say of ends.
    pub(crate) fn note(&mut self, records: &[Record]) {
        let mut approver = None;
        for record in records {
            let Some(id) = record.id else { continue };
            let end = match &record.what {
                What::DecisionMade(made) => {
                    approver = (made.outcome == Outcome::Approve).then(|| name(&made.by)).flatten();
                    continue;
                }
                What::GrantStarted { .. } => ("approved", approver.take()),
                What::GrantExtended { request, .. } => {
                    self.keep(*request, "approved", approver.take());
                    continue;
                }
                What::RequestDenied { by, .. } => ("denied", name(by)),
                What::RequestExpired { .. } => ("expired", None),
                What::RequestCancelled { by } => ("cancelled", Some(by.account.name.clone())),
                _ => continue,
            };
            self.keep(id, end.0, end.1);
        }
    }

    fn keep(&mut self, id: RequestId, outcome: &'static str, by: Option<String>) {
        if self.0.len() >= ENDS_MAX {
            self.0.pop_front();
        }
        self.0.push_back((id, HowEnded { outcome, by }));
    }

    /// How a request ended, if it did lately.
    pub(crate) fn of(&self, id: RequestId) -> Option<&HowEnded> {
        self.0.iter().rev().find(|(known, _)| *known == id).map(|(_, end)| end)
    }
}

/// A person, as an account or as the approver who has signed.
fn name(by: &By) -> Option<String> {
    (!matches!(by, By::Policy | By::Agent)).then(|| by.name().to_owned())
}
