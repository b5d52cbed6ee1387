//! What is known of open requests beside the ledger: who has looked at them, and when
//! those who have not answered are reminded. It is lost with the agent, which harms
//! nobody: who looks again has seen it again, and is reminded once too often.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::case::{Case, OpenRequest};
use super::cases::Cases;
use crate::facts::Account;
use crate::id::RequestId;
use crate::limits::REMINDERS_MAX;
use crate::time::{BootTime, Now};

/// Somebody who may decide has looked at a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) by: Account,
    pub(crate) at: Now,
}

#[derive(Debug, Clone, Default)]
struct Attention {
    seen: Vec<Seen>,
    remind_at: Option<BootTime>,
}

/// Of every request that has some.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attentions {
    of: BTreeMap<RequestId, Attention>,
    due: BTreeSet<(BootTime, RequestId)>,
}

impl Attentions {
    /// Of what a snapshot holds.
    pub(crate) fn of(cases: &Cases) -> Self {
        let mut attentions = Self::default();
        for (id, _) in cases.iter() {
            attentions.follow(id, cases);
        }
        attentions
    }

    /// A record of this ID was applied.
    pub(crate) fn follow(&mut self, id: RequestId, cases: &Cases) {
        match cases.get(id) {
            Some(Case::Open(request)) => {
                if !self.of.contains_key(&id)
                    && let Some(first) = next_reminder(request, request.at.boot)
                {
                    self.remind_at(id, Some(first));
                }
            }
            _ if self.of.is_empty() => {}
            _ => self.forget(id),
        }
    }

    pub(crate) fn see(&mut self, id: RequestId, seen: Seen) {
        self.of.entry(id).or_default().seen.push(seen);
    }

    /// Who has looked at a request, in order.
    pub(crate) fn seen(&self, id: RequestId) -> &[Seen] {
        self.of.get(&id).map_or(&[], |attention| &attention.seen)
    }

    /// When those who have not answered are told again next, if they are.
    pub(crate) fn remind_at(&mut self, id: RequestId, next: Option<BootTime>) {
        let attention = self.of.entry(id).or_default();
        if let Some(before) = core::mem::replace(&mut attention.remind_at, next) {
            self.due.remove(&(before, id));
        }
        if let Some(at) = next {
            self.due.insert((at, id));
        }
    }

    /// What is due, the first first.
    pub(crate) fn reminders(&self) -> impl Iterator<Item = (BootTime, RequestId)> {
        self.due.iter().copied()
    }

    fn forget(&mut self, id: RequestId) {
        if let Some(at) = self.of.remove(&id).and_then(|attention| attention.remind_at) {
            self.due.remove(&(at, id));
        }
    }
}

/// The first reminder of a request that comes after an instant; none that would come when
/// silence is a no already, or when there were enough.
pub(crate) fn next_reminder(request: &OpenRequest, after: BootTime) -> Option<BootTime> {
    let every = request.opened.remind?.0;
    let number = after.since(request.at.boot).0.checked_div(every)?.checked_add(1)?;
    let at = BootTime(request.at.boot.0.checked_add(every.checked_mul(number)?)?);
    (number <= REMINDERS_MAX && at < request.deadline()).then_some(at)
}
