//! What was lent in this boot. A process keeps a group for as long as it lives, so that
//! who may still have one is known after a restart of the agent, too.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::facts::{Account, OnEnd, Person, Uid, Window};
use crate::id::RequestId;

/// How many accounts are remembered; of further ones, what is lent is ended with the
/// window alone.
const ACCOUNTS_MAX: usize = 10_000;

/// Groups that windows have lent since the host was booted, and whose processes end
/// with the window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Loans(BTreeMap<Uid, OfAccount>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OfAccount {
    /// The last window that lent him something.
    id: RequestId,
    account: Account,
    groups: BTreeMap<String, u32>,
}

impl Loans {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// A window was opened.
    pub(crate) fn note(&mut self, id: RequestId, person: &Person, window: &Window) {
        let account = &person.account;
        let has_room = self.0.len() < ACCOUNTS_MAX || self.0.contains_key(&account.uid);
        if window.groups.is_empty() || window.on_end == OnEnd::Warn || !has_room {
            return;
        }
        let none = || OfAccount { id, account: account.clone(), groups: BTreeMap::new() };
        let of_account = self.0.entry(account.uid).or_insert_with(none);
        of_account.id = id;
        of_account.groups.extend(window.groups.iter().map(|(group, gid)| (group.clone(), *gid)));
    }

    pub(crate) fn iter(
        &self,
    ) -> impl Iterator<Item = (RequestId, &Account, &BTreeMap<String, u32>)> {
        self.0.values().map(|of| (of.id, &of.account, &of.groups))
    }
}
