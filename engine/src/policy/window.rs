//! What the policy says of a role as a whole.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Asking, Decision, Policy, Role, Stands, WindowTerms};
use crate::facts::Person;
use crate::record::Source;
use crate::time::WallTime;

/// What the policy says of a window of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowVerdict<'a> {
    /// It is opened.
    Allow(&'a WindowTerms),
    /// It is asked about.
    Ask(Asking<'a>, &'a WindowTerms),
    /// It is not opened.
    Deny(NoWindow),
}

/// Why a window is not opened. Display is the sentence that the person reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoWindow {
    /// The role is none of his; whether there is one of that name is not told.
    #[error("{person} has no role {role:?} on this host; `writ roles` lists what can be asked for")]
    NotHis {
        /// Who asked.
        person: String,
        /// For what.
        role: String,
    },
    /// The role is only rules.
    #[error(
        "the role {role:?} cannot be asked for as a whole: nobody is named who could be asked for it; run its commands with sudo"
    )]
    OnlyRules {
        /// Which one.
        role: String,
    },
    /// It is not its time.
    #[error("the role {role:?} cannot be had now: {times}")]
    Closed {
        /// Which one.
        role: String,
        /// When it can be had.
        times: String,
    },
    /// The role says so.
    #[error(
        "the role {role:?} is not given as a whole (decision = \"deny\"); run its commands with sudo"
    )]
    Denied {
        /// Which one.
        role: String,
    },
}

impl NoWindow {
    /// The role that spoke, where one did.
    #[must_use]
    pub fn source(&self) -> Source {
        match self {
            Self::NotHis { .. } => Source::default(),
            Self::OnlyRules { role } | Self::Denied { role } | Self::Closed { role, .. } => {
                Source::of_role(role.as_str())
            }
        }
    }
}

impl Policy {
    /// What the policy says of a window of a role at an instant.
    #[must_use]
    pub fn window_at(&self, person: &Person, name: &str, wall: WallTime) -> WindowVerdict<'_> {
        match self.role_of(person, name) {
            Some(role) if role.times.stands(wall) == Stands::Not => {
                let (role, times) = (role.name.clone(), role.times.to_string());
                WindowVerdict::Deny(NoWindow::Closed { role, times })
            }
            _ => self.window(person, name),
        }
    }

    /// What the policy says of a window of a role in its hours.
    #[must_use]
    pub fn window(&self, person: &Person, role: &str) -> WindowVerdict<'_> {
        let Some(role) = self.role_of(person, role) else {
            let (person, role) = (person.account.name.clone(), role.into());
            return WindowVerdict::Deny(NoWindow::NotHis { person, role });
        };
        let name = || role.name.clone();
        let Some(terms) = &role.window else {
            return WindowVerdict::Deny(NoWindow::OnlyRules { role: name() });
        };
        match &terms.decision {
            Decision::Allow => WindowVerdict::Allow(terms),
            Decision::Deny => WindowVerdict::Deny(NoWindow::Denied { role: name() }),
            Decision::Ask(ask) => {
                let source = Source::of_role(role.name.as_str());
                WindowVerdict::Ask(Asking { source, ask, allow_writable: false }, terms)
            }
        }
    }

    /// The roles that a person has on this host, by name.
    #[must_use]
    pub fn roles_of(&self, person: &Person) -> Vec<&Role> {
        let places = self.places_of(person);
        places.into_iter().filter_map(|place| self.settings.roles.get(place)).collect()
    }

    fn role_of(&self, person: &Person, name: &str) -> Option<&Role> {
        self.roles_of(person).into_iter().find(|role| role.name == name)
    }
}
