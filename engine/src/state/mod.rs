//! What the engine knows. The durable part is what replaying the ledger gives;
//! the rest is of this process alone: the doors that are there, and the policy.

mod attempt;
mod attention;
mod case;
mod cases;
mod fingerprint;
mod index;
mod loans;
mod replay;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use attempt::{Asked, Attempt, Attempts, Stand};
pub(crate) use attention::{Attentions, Seen, next_reminder};
pub(crate) use case::{Case, Decision, Grant, OpenRequest, OpenWindow};
pub(crate) use cases::Cases;
pub(crate) use fingerprint::Fingerprint;
pub(crate) use loans::Loans;
pub use replay::ReplayError;

use crate::facts::{AttemptId, Person};
use crate::hinges::Hinges;
use crate::id::{IdSequence, RequestId};
use crate::policy::Policy;
use crate::record::Record;
use crate::time::BootTime;

/// What becomes true once the records of a step are in the ledger.
#[derive(Debug, Clone)]
pub enum Change {
    /// What a record says.
    Record(Box<Record>),
    /// This policy is in force.
    Policy(Arc<Policy>),
    /// What an attempt stands at, as long as its door is there.
    Attempt(AttemptChange),
    /// What is known of an open request beside the ledger.
    Attention(AttentionChange),
}

/// What becomes of that; for the engine alone to read.
#[derive(Debug, Clone)]
pub struct AttentionChange {
    pub(crate) id: RequestId,
    pub(crate) becomes: Becomes,
}

/// Of one request.
#[derive(Debug, Clone)]
pub(crate) enum Becomes {
    /// Somebody who may decide has looked at it.
    SeenBy(Seen),
    /// Those who have not answered are told again then, if at all.
    RemindedAt(Option<BootTime>),
}

/// What becomes of an attempt; for the engine alone to read.
#[derive(Debug, Clone)]
pub struct AttemptChange {
    pub(crate) attempt: AttemptId,
    /// `None`: it is no more.
    pub(crate) stands: Option<Box<Attempt>>,
}

/// What replaying the ledger gives, and what a snapshot holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Durable {
    /// The boot that every deadline in it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) boot_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ids: Option<IdSequence>,
    pub(crate) cases: Cases,
    /// What was lent since that boot.
    #[serde(default, skip_serializing_if = "Loans::is_empty")]
    pub(crate) lent: Loans,
    /// Uses of break-glass that nobody else has looked at, and whose they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) reviews: BTreeMap<RequestId, Person>,
    /// The last that was let pass while the agent was not there and is on record: a crash
    /// between its record and the end of its entry must not put it on record twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) let_pass: Option<AttemptId>,
    /// How the doors hang that are not off.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) doors: Hinges,
}

impl Durable {
    /// An ID that nothing bears yet; `None` before the first start, or when all
    /// of them are taken.
    pub(crate) fn next_id(&self) -> Option<RequestId> {
        self.ids?.next_free(|id| self.cases.get(id).is_some())
    }
}
