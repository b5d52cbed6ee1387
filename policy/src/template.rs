//! The first configuration of a host, as text that teaches the grammar to whoever
//! opens it.

use writ_engine::policy::Mode;

use crate::name::{self, NameError};
use crate::source::{APPROVERS_FOLDER, HOST_FILE, ROLES_FOLDER, SourceFile};

/// What a first configuration is made for.
#[derive(Debug, Clone, Copy)]
pub struct FirstConfiguration<'a> {
    /// The user of this host who will be asked.
    pub approver: &'a str,
    /// The group whose members use sudo: `sudo` on Debian.
    pub admins: &'a str,
    /// Whether decisions bind from the start.
    pub mode: Mode,
}

/// Why there is no first configuration for these names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The approver cannot be called that.
    #[error(
        "{name:?} cannot be the name of an approver: it {why}; write approvers.d by hand for this user"
    )]
    Approver {
        /// As it was given.
        name: String,
        /// Why not.
        why: NameError,
    },
    /// The group cannot be called that.
    #[error("{name:?} is no group: it {why}")]
    Admins {
        /// As it was given.
        name: String,
        /// Why not.
        why: NameError,
    },
}

impl FirstConfiguration<'_> {
    /// The files, by their names below the policy folder.
    ///
    /// # Errors
    /// When a name is one that no policy can have.
    pub fn files(self) -> Result<Vec<SourceFile>, TemplateError> {
        name::check_account(self.approver)
            .and_then(|()| name::check_handle(self.approver))
            .map_err(|why| TemplateError::Approver { name: self.approver.to_owned(), why })?;
        name::check_account(self.admins)
            .map_err(|why| TemplateError::Admins { name: self.admins.to_owned(), why })?;
        let approver = self.approver;
        Ok(vec![
            SourceFile::new(HOST_FILE, self.host()),
            SourceFile::new(format!("{ROLES_FOLDER}/admins.toml"), self.admins()),
            SourceFile::new(format!("{APPROVERS_FOLDER}/{approver}.toml"), self.approver()),
        ])
    }

    fn host(self) -> String {
        let mode = match self.mode {
            Mode::Enforce => "enforce",
            Mode::Observe => "observe",
        };
        format!(
            r#"# The settings of this host. `writ check` reads the files in this folder as the
# agent would and says what is wrong; `systemctl reload writd` brings them into
# force, all or none. Every key is in policy.md of the documentation.

# "observe": decide and record, block nothing. "enforce": decisions bind.
mode = "{mode}"

# Tags of this host, for roles that are for some hosts only.
# tags = ["prod", "web"]

# What no role speaks of: "ask" as below, "deny" it, or "pass" (sudoers alone
# decides). Root itself always passes.
unmatched = "ask"

# How people are asked. A role or a rule may say otherwise in its own `ask`.
[ask]
# An approver or a user ("bob"), a team of approvers.d ("@approvers"), a group of
# this host ("%ops"). Nobody decides on a request of his own, so that two people
# are the least for both to get their work done.
from = ["@approvers"]
# count = 1                    # how many of them must approve
# timeout = "5m"               # after which silence is a no
# max_duration = "1h"          # the longest that a grant stands
# justification = "optional"   # a reason: "required", "optional", "off"
# ticket = '[A-Z]+-[0-9]+'     # what the whole ticket must match
# reauth = true                # who approves gives his password first
# signed = false               # true: only answers signed with a key approve

# Where nobody is at a terminal: how long to wait before "try again later".
# [noninteractive]
# wait = "8s"

# How long before the end of what runs on a grant its user is warned.
# [sessions]
# warn = ["2m", "30s"]
"#
        )
    }

    fn admins(self) -> String {
        let admins = quoted(&format!("%{}", self.admins));
        format!(
            r#"# A role: who its members are, and what becomes of what they do. sudoers still
# says who may use sudo at all; this only narrows it.
[role.admins]
description = "Whoever administers this host"
members = [{admins}]             # users, or groups with a "%"
# hosts = ["web-*", "tag:prod"]  # left out: every host

# Inside a role, the first rule that matches decides. A command is an absolute path
# and its arguments, word by word: "*" is exactly one argument, "**" at the end any
# number, "/var/log/*" does not cross a "/". Take care with wildcards in rules that
# allow: an argument may be an option.
[[role.admins.rule]]
name = "harmless"
commands = ["/usr/bin/true", "/usr/bin/id", "/usr/bin/whoami"]
decision = "allow"

# [[role.admins.rule]]
# name = "restart the web server"
# commands = ["/usr/bin/systemctl restart nginx"]
# run_as = ["root"]
# decision = "ask"
# ask = {{ from = ["@approvers"], timeout = "3m" }}

[[role.admins.rule]]
name = "everything else"
commands = ["ALL"]
decision = "ask"
"#
        )
    }

    fn approver(self) -> String {
        let name = quoted(self.approver);
        format!(
            r#"# Somebody who may be asked.
[approver.{name}]
unix_user = {name}           # may answer on this host as this user
teams = ["approvers"]        # "@approvers" in a policy means everybody with this
"#
        )
    }
}

/// A name as a TOML string; names have no control characters.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}
