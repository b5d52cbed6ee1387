//! What may pass while the agent cannot be asked: only what is certain.
//!
//! Without the agent nobody evaluates a condition, looks at a clock twice or digests a
//! file just before it starts. What hangs on one of these is taken for a no wherever it
//! could be one, so that nothing passes that [`Policy::decide`] would not allow, whatever
//! it found.

use alloc::vec::Vec;

use super::index::Place;
use super::{Decision, Mode, Policy, Role, Rule, Times};
use crate::facts::{Aim, Person, RunAs};
use crate::record::Source;

/// What becomes of what a rule allows while the agent cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithoutAgent {
    /// It is refused.
    #[default]
    Deny,
    /// It passes, on record.
    Allow,
}

/// What the policy says of an act while the agent cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alone {
    /// It passes on the word of this rule, whatever else could be found out.
    Allowed {
        /// The role and rule.
        source: Source,
        /// Even where the requester may write the file of the command.
        allow_writable: bool,
    },
    /// The policy does not bind: nothing is blocked.
    Observed,
    /// No rule names its service, and the agent would leave it alone.
    LeftAlone,
    /// It waits for the agent.
    Refused,
}

impl Policy {
    /// What may become of an act while the agent cannot be asked.
    #[must_use]
    pub fn without_agent(&self, person: &Person, aim: &Aim) -> Alone {
        if let Aim::Session(session) = aim
            && !self.names_service(&session.service)
        {
            return Alone::LeftAlone;
        }
        if self.settings.mode == Mode::Observe {
            return Alone::Observed;
        }
        let roles = self.places_of(person);
        let (places, run_as) = match aim {
            Aim::Command(command) => {
                (self.index.rules_for(command, &self.settings.roles, &roles), &command.run_as)
            }
            Aim::Session(session) => {
                (self.index.rules_for_service(&session.service, &roles), &session.run_as)
            }
            // What a window lends is gone with the agent.
            Aim::Window(_) => return Alone::Refused,
        };
        self.certain(places, run_as).unwrap_or(Alone::Refused)
    }

    /// Whether anything passes while the agent cannot be asked, if only in an emergency.
    #[must_use]
    pub fn speaks_without_agent(&self) -> bool {
        let mut rules = self.settings.roles.iter().flat_map(|role| &role.rules);
        self.settings.mode == Mode::Observe
            || !self.settings.break_glass.is_empty()
            || rules.any(Rule::allows_without_agent)
    }

    /// The first rule that allows for certain, also without the agent. A rule that denies,
    /// or that could, is the end of it, unless its role has certainly decided before.
    fn certain(&self, places: Vec<Place>, run_as: &RunAs) -> Option<Alone> {
        let mut allowed = None;
        // The role of the last rule, and whether its word is known.
        let mut spoken: Option<(usize, Word)> = None;
        for place in places {
            let (role, rule) = self.rule_at(place)?;
            let before = spoken.filter(|(known, _)| *known == place.role).map(|(_, word)| word);
            if before == Some(Word::Known) || !rule.run_as.matches(run_as) {
                continue;
            }
            if rule.may_deny() {
                return None;
            }
            let word = if is_certain(role, rule) { Word::Known } else { Word::Open };
            spoken = Some((place.role, word));
            let speaks_first = before.is_none() && word == Word::Known;
            if speaks_first && rule.allows_without_agent() {
                allowed.get_or_insert_with(|| Alone::Allowed {
                    source: Source::of_rule(&role.name, &rule.name, None),
                    allow_writable: rule.allow_writable,
                });
            }
        }
        allowed
    }
}

/// Whether it is known which rule speaks for a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// It is, and later rules are not heard.
    Known,
    /// One may speak, or a later one.
    Open,
}

impl Rule {
    fn allows_without_agent(&self) -> bool {
        self.decision == Decision::Allow && self.without_agent == WithoutAgent::Allow
    }

    /// Whether it denies, or may when its condition cannot be evaluated.
    fn may_deny(&self) -> bool {
        let no_way_to_ask = || {
            self.limits
                .as_ref()
                .is_some_and(|limits| limits.when.is_some() && limits.in_doubt.is_none())
        };
        match self.decision {
            Decision::Deny => true,
            Decision::Allow => no_way_to_ask(),
            Decision::Ask(_) => false,
        }
    }
}

/// Whether a rule whose patterns match speaks, whatever is found out.
fn is_certain(role: &Role, rule: &Rule) -> bool {
    role.times == Times::default() && rule.limits.is_none()
}
