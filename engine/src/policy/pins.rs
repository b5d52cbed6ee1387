//! Rules that are pinned to files: `sha256`.

use super::{Decision, Policy, Rule};
use crate::facts::{Command, Evidence, Person};

/// What is known of the file of a command, when a rule is pinned to some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSeen<'a> {
    /// Nobody looked at it.
    Not,
    /// This was found.
    As(&'a Evidence),
    /// It is supposed to be the one that the rule is pinned to.
    AsPinned,
}

/// Whether a rule speaks of a file.
pub(super) enum Pinned {
    /// It does, as far as its pins go.
    Speaks,
    /// It is pinned to other files.
    OtherFile,
}

impl Rule {
    /// Whether it speaks of a file. A pin only ever narrows: where nobody can say what the
    /// file is, or the requester may make another of it before it starts, a rule that allows
    /// does not speak, and one that refuses or asks stands.
    pub(super) fn of_file(&self, seen: FileSeen<'_>) -> Pinned {
        let Some(pins) = self.limits.as_ref().map(|limits| &limits.sha256) else {
            return Pinned::Speaks;
        };
        if pins.is_empty() {
            return Pinned::Speaks;
        }
        let in_doubt = match self.decision {
            Decision::Allow => Pinned::OtherFile,
            Decision::Deny | Decision::Ask(_) => Pinned::Speaks,
        };
        match seen {
            FileSeen::AsPinned => Pinned::Speaks,
            FileSeen::Not => in_doubt,
            FileSeen::As(Evidence { sha256: None, .. }) => in_doubt,
            FileSeen::As(Evidence { sha256: Some(found), writable }) => {
                if !pins.contains(found) {
                    Pinned::OtherFile
                } else if writable.is_some() && !self.allow_writable {
                    in_doubt
                } else {
                    Pinned::Speaks
                }
            }
        }
    }

    pub(super) fn is_pinned(&self) -> bool {
        self.limits.as_ref().is_some_and(|limits| !limits.sha256.is_empty())
    }
}

impl Policy {
    /// Whether any rule is pinned to files.
    #[must_use]
    pub const fn has_pins(&self) -> bool {
        self.has_pins
    }

    /// Whether what the policy says of a command may hang on what its file is: whether a
    /// rule of the person's that has a pattern for it is pinned.
    #[must_use]
    pub fn hangs_on_file(&self, person: &Person, command: &Command) -> bool {
        if !self.has_pins {
            return false;
        }
        let places = self.index.rules_for(command, &self.settings.roles, &self.places_of(person));
        let mut rules = places.into_iter().filter_map(|place| self.rule_at(place));
        rules.any(|(_, rule)| rule.is_pinned())
    }
}
