//! The users and groups of this host, as files that name them are held against.

use std::fs;

use nix::unistd::{Group, User};
use writ_policy::Accounts;

use crate::host::Host;

/// The host's own.
pub(super) struct HostAccounts<'h>(pub(super) &'h Host);

impl Accounts for HostAccounts<'_> {
    fn has_user(&self, name: &str) -> Option<bool> {
        User::from_name(name).ok().map(|user| user.is_some())
    }

    fn has_group(&self, name: &str) -> Option<bool> {
        Group::from_name(name).ok().map(|group| group.is_some())
    }

    fn users(&self) -> Vec<String> {
        names(self.0, "/etc/passwd")
    }

    fn groups(&self) -> Vec<String> {
        names(self.0, "/etc/group")
    }
}

/// The first fields of a file such as passwd(5). Those of a directory are not listed:
/// they may be tens of thousands.
fn names(host: &Host, path: &str) -> Vec<String> {
    let text = fs::read_to_string(host.path(path)).unwrap_or_default();
    let names = text.lines().filter_map(|line| line.split(':').next());
    names.map(str::to_owned).collect()
}
