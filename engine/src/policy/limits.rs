//! What a role or a rule is limited to beside its members and commands: hours, a last
//! day, a condition. Each is a pure function that was compiled outside of the engine.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::{Ask, Policy, Role, Rule};
use crate::facts::{Act, Host, Person};
use crate::record::Source;
use crate::time::{Span, WallTime};

/// What a condition may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Who asks.
    pub person: &'a Person,
    /// For what, how, and from where.
    pub act: &'a Act,
    /// Why, as far as was said.
    pub reason: Option<&'a str>,
    /// The ticket, as far as was said.
    pub ticket: Option<&'a str>,
    /// This host.
    pub host: &'a Host,
    /// When.
    pub wall: WallTime,
}

type Holds = dyn Fn(&Facts<'_>) -> Result<bool, String> + Send + Sync;

/// A condition: `when`.
#[derive(Clone)]
pub struct Condition {
    source: Box<str>,
    holds: Arc<Holds>,
}

type OpenUntil = dyn Fn(WallTime) -> Option<WallTime> + Send + Sync;

/// Times of the week: `hours`.
#[derive(Clone)]
pub struct Hours {
    source: Box<str>,
    open_until: Arc<OpenUntil>,
}

/// When a role or a rule stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Times {
    /// Only in these hours.
    pub hours: Option<Hours>,
    /// Only before this instant.
    pub before: Option<WallTime>,
}

/// What a rule is limited to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// Only when this holds.
    pub when: Option<Condition>,
    /// How a rule that allows asks when nobody can say whether that holds.
    pub in_doubt: Option<Arc<Ask>>,
    /// Only then.
    pub times: Times,
    /// Only where the command's file has one of these digests (SHA-256, lower-case
    /// hexadecimal); none means any file.
    pub sha256: Vec<String>,
}

/// Until when something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// It does not stand now.
    Not,
    /// Until this instant.
    Until(WallTime),
    /// It has no end.
    Always,
}

impl Condition {
    /// A condition of that source, and the pure function that it stands for: whether
    /// it holds, or why that cannot be said. It must come back in bounded time.
    pub fn new(
        source: impl Into<Box<str>>,
        holds: impl Fn(&Facts<'_>) -> Result<bool, String> + Send + Sync + 'static,
    ) -> Self {
        Self { source: source.into(), holds: Arc::new(holds) }
    }

    /// As it stands in the file.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, String> {
        (self.holds)(facts)
    }
}

impl Hours {
    /// Hours of that source, and the pure function that they stand for: the end of the
    /// hours that an instant is in, if it is in any.
    pub fn new(
        source: impl Into<Box<str>>,
        open_until: impl Fn(WallTime) -> Option<WallTime> + Send + Sync + 'static,
    ) -> Self {
        Self { source: source.into(), open_until: Arc::new(open_until) }
    }

    /// As they stand in the file.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl Times {
    /// Until when it stands.
    #[must_use]
    pub fn stands(&self, wall: WallTime) -> Stands {
        let hours = match &self.hours {
            None => Stands::Always,
            Some(hours) => (hours.open_until)(wall).map_or(Stands::Not, Stands::Until),
        };
        let before = match self.before {
            None => Stands::Always,
            Some(before) if wall < before => Stands::Until(before),
            Some(_) => Stands::Not,
        };
        hours.and(before)
    }
}

/// When it stands, for a person to read.
impl fmt::Display for Times {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.hours, self.before) {
            (Some(hours), _) => write!(formatter, "its hours are {}", hours.source),
            (None, Some(_)) => formatter.write_str("its last day is over"),
            (None, None) => formatter.write_str("it has no end"),
        }
    }
}

impl Stands {
    /// Until the first of both ends.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Not, _) | (_, Self::Not) => Self::Not,
            (Self::Always, until) | (until, Self::Always) => until,
            (Self::Until(one), Self::Until(two)) => Self::Until(one.min(two)),
        }
    }

    /// As much of a span as lies in it; nothing where it does not stand.
    #[must_use]
    pub fn within(self, wall: WallTime, span: Span) -> Span {
        match self {
            Self::Not => Span(0),
            Self::Until(end) => span.min(Span(end.0.saturating_sub(wall.0))),
            Self::Always => span,
        }
    }
}

impl Rule {
    pub(super) fn times(&self, wall: WallTime) -> Stands {
        self.limits.as_ref().map_or(Stands::Always, |limits| limits.times.stands(wall))
    }
}

impl Policy {
    /// Until when the role and rule stand that a grant came of. What is not there any
    /// more stands as long as a grant of it: a policy that is loaded ends those.
    #[must_use]
    pub fn stands(&self, source: &Source, wall: WallTime) -> Stands {
        let Some(role) = source.role.as_ref().and_then(|name| self.role_named(name)) else {
            return Stands::Always;
        };
        let named = |rule: &&Rule| source.rule.as_ref() == Some(&rule.name);
        let rule = role.rules.iter().find(named);
        role.times.stands(wall).and(rule.map_or(Stands::Always, |rule| rule.times(wall)))
    }

    fn role_named(&self, name: &str) -> Option<&Role> {
        let roles = &self.settings.roles;
        // In the order of their names.
        let place = roles.binary_search_by(|role| role.name.as_str().cmp(name)).ok()?;
        roles.get(place)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Condition").field(&self.source).finish()
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Condition {}

impl fmt::Debug for Hours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Hours").field(&self.source).finish()
    }
}

impl PartialEq for Hours {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Hours {}
