//! Every ID that stands for something, and what is derived of them.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::case::Case;
use super::fingerprint::Fingerprint;
use super::index::{Index, Tally};
use crate::facts::{AttemptId, Uid};
use crate::id::RequestId;
use crate::time::BootTime;

/// The cases by ID. The index follows every change, and is no part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Cases {
    by_id: BTreeMap<RequestId, Case>,
    index: Index,
}

impl Cases {
    pub(crate) fn get(&self, id: RequestId) -> Option<&Case> {
        self.by_id.get(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (RequestId, &Case)> {
        self.by_id.iter().map(|(id, case)| (*id, case))
    }

    pub(crate) fn insert(&mut self, id: RequestId, case: Case) {
        self.take(id);
        self.index.note(id, &case);
        self.by_id.insert(id, case);
    }

    /// Takes a case out, to be consumed by what becomes of it.
    pub(crate) fn take(&mut self, id: RequestId) -> Option<Case> {
        let case = self.by_id.remove(&id)?;
        self.index.forget(id, &case);
        Some(case)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What is due next.
    pub(crate) fn deadlines(&self) -> impl Iterator<Item = (BootTime, RequestId)> {
        self.index.deadlines.iter().copied()
    }

    /// Open requests and grants of the same act.
    pub(crate) fn same(&self, as_this: Fingerprint) -> impl Iterator<Item = (RequestId, &Case)> {
        let all = (as_this, RequestId::FIRST)..=(as_this, RequestId::LAST);
        self.index.same.range(all).filter_map(|(_, id)| Some((*id, self.get(*id)?)))
    }

    /// Under which ID an attempt runs, or is permitted to.
    pub(crate) fn of_attempt(&self, attempt: &AttemptId) -> Option<(RequestId, &Case)> {
        let id = *self.index.attempts.get(attempt)?;
        Some((id, self.get(id)?))
    }

    /// Every attempt that runs, with what it runs under.
    pub(crate) fn running(&self) -> impl Iterator<Item = (&AttemptId, RequestId, &Case)> {
        let attempts = self.index.attempts.iter();
        let cases = attempts.filter_map(|(attempt, id)| Some((attempt, *id, self.get(*id)?)));
        cases.filter(|(_, _, case)| !matches!(case, Case::Permitted(_)))
    }

    pub(crate) fn total(&self) -> Tally {
        self.index.total
    }

    pub(crate) fn of_account(&self, account: Uid) -> Tally {
        self.index.accounts.get(&account).copied().unwrap_or_default()
    }

    pub(crate) fn granted(&self) -> usize {
        self.index.granted
    }
}

impl Serialize for Cases {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.by_id.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Cases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut cases = Self::default();
        for (id, case) in BTreeMap::deserialize(deserializer)? {
            cases.insert(id, case);
        }
        Ok(cases)
    }
}
