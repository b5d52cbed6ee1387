//! What is lent at one moment.

use std::collections::{BTreeMap, BTreeSet};

use writ_engine::time::BootTime;

/// A membership that is lent: this user is in this group for a while.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lent {
    /// The user's name. systemd passes over what is lent to `root` and `nobody`.
    pub user: String,
    /// The group's name, as the host has it.
    pub group: String,
    /// The group's number on this host.
    pub gid: u32,
    /// It is not lent from this instant on, whether anybody has come to end it or not.
    pub until: BootTime,
}

/// A group of which somebody is lent a membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub name: String,
    pub gid: u32,
}

/// All that is lent at one moment; it never changes, the next one takes its place.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// In the order of users, each pair once.
    pub memberships: Vec<Lent>,
    /// In the order of names, each name once.
    pub groups: Vec<Group>,
    /// When the first of it ends, if anything is lent.
    first_end: Option<BootTime>,
}

impl Snapshot {
    /// Of two grants that lend the same, the one that ends last counts.
    pub(super) fn of(lent: BTreeSet<Lent>) -> Self {
        let numbers: BTreeMap<&str, u32> =
            lent.iter().map(|lent| (lent.group.as_str(), lent.gid)).collect();
        let groups =
            numbers.into_iter().map(|(name, gid)| Group { name: name.to_owned(), gid }).collect();
        let mut last: BTreeMap<(String, String), Lent> = BTreeMap::new();
        for lent in lent {
            let pair = (lent.user.clone(), lent.group.clone());
            match last.get(&pair) {
                Some(other) if other.until >= lent.until => {}
                _ => drop(last.insert(pair, lent)),
            }
        }
        let memberships: Vec<Lent> = last.into_values().collect();
        let first_end = memberships.iter().map(|lent| lent.until).min();
        Self { memberships, groups, first_end }
    }

    /// What of it is still lent at an instant, where that is less.
    pub(super) fn without_what_ended(&self, now: BootTime) -> Option<Self> {
        self.first_end.filter(|end| *end <= now)?;
        let left = self.memberships.iter().filter(|lent| lent.until > now);
        Some(Self::of(left.cloned().collect()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.memberships.is_empty()
    }
}
