//! What is lent at one moment.

use std::collections::{BTreeMap, BTreeSet};

/// A membership that is lent: this user is in this group for a while.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lent {
    /// The user's name. systemd passes over what is lent to `root` and `nobody`.
    pub user: String,
    /// The group's name, as the host has it.
    pub group: String,
    /// The group's number on this host.
    pub gid: u32,
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
}

impl Snapshot {
    pub(super) fn of(lent: BTreeSet<Lent>) -> Self {
        let numbers: BTreeMap<&str, u32> =
            lent.iter().map(|lent| (lent.group.as_str(), lent.gid)).collect();
        let groups =
            numbers.into_iter().map(|(name, gid)| Group { name: name.to_owned(), gid }).collect();
        let mut memberships: Vec<Lent> = lent.into_iter().collect();
        memberships.dedup_by(|next, kept| next.user == kept.user && next.group == kept.group);
        Self { memberships, groups }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.memberships.is_empty()
    }
}
