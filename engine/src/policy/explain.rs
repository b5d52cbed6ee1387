//! Why the policy says what it says: the decision itself, heard rule by rule.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::circumstances::Circumstances;
use super::decide::Hearing;
use super::index::Place;
use super::pattern::closest;
use super::{CommandPattern, Miss, Policy, Role, Rule, Verdict};
use crate::facts::{Command, Person};

/// What the policy says of a command, and what each of its rules had to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// What [`Policy::decide`] says.
    pub verdict: Verdict<'a>,
    /// Every role of the policy, by name.
    pub roles: Vec<RoleStory<'a>>,
}

/// What a role had to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleStory<'a> {
    /// The role.
    pub role: &'a Role,
    /// What it is to the person.
    pub standing: Standing<'a>,
}

/// What a role is to a person on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing<'a> {
    /// He does not have it.
    NotMember,
    /// It is not for this host.
    OtherHost,
    /// He is a member, and it leaves him out.
    Excepted,
    /// He has it; its rules in their order.
    Has(Vec<RuleStory<'a>>),
}

/// What a rule had to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleStory<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What became of it.
    pub fate: Fate<'a>,
    /// Why nobody can say whether its condition holds, where it was asked.
    pub doubt: Option<String>,
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate<'a> {
    /// It is the one that decides.
    Decides,
    /// It matches, and the rule of another role that decides goes before it.
    Outranked,
    /// It matches, and an earlier rule of its role speaks for the role.
    Preceded {
        /// Which one.
        by: &'a Rule,
    },
    /// One of its patterns matches, and it is for other target users or groups.
    OtherRunAs,
    /// It matches, outside of the hours or after the last day of it or its role.
    OtherTime,
    /// It matches, and is pinned to other files than the one that was found.
    OtherFile,
    /// It matches, and its condition does not hold.
    Unmet,
    /// None of its patterns matches.
    NoPattern {
        /// The pattern that the command is nearest to, and where it differs; none
        /// where the rule has no pattern.
        nearest: Option<(&'a CommandPattern, Miss)>,
    },
}

impl Policy {
    /// [`Policy::decide`], with what each rule had to do with it.
    #[must_use]
    pub fn explain(
        &self,
        person: &Person,
        command: &Command,
        circumstances: impl Circumstances,
    ) -> Explanation<'_> {
        let mut heard = BTreeMap::new();
        let best = self.weigh(person, command, &circumstances, |place, hearing| {
            heard.insert(place, hearing);
        });
        let decides = best.as_ref().map(|best| best.place);
        let his = self.places_of(person);
        let roles = self.settings.roles.iter().enumerate().map(|(place, role)| {
            let standing = if his.binary_search(&place).is_ok() {
                Standing::Has(self.rules_heard(place, role, command, &heard, decides))
            } else if role.has(person) && role.is_here(self) {
                Standing::Excepted
            } else if role.has(person) {
                Standing::OtherHost
            } else {
                Standing::NotMember
            };
            RoleStory { role, standing }
        });
        Explanation { roles: roles.collect(), verdict: self.verdict_of(best, person) }
    }

    fn rules_heard<'a>(
        &'a self,
        place: usize,
        role: &'a Role,
        command: &Command,
        heard: &BTreeMap<Place, Hearing>,
        decides: Option<Place>,
    ) -> Vec<RuleStory<'a>> {
        let story = |(number, rule): (usize, &'a Rule)| {
            let place = Place { role: place, rule: number };
            let heard = heard.get(&place);
            let fate = match heard {
                Some(Hearing::Speaks { .. }) if decides == Some(place) => Fate::Decides,
                Some(Hearing::Speaks { .. }) => Fate::Outranked,
                Some(Hearing::Preceded(first)) => {
                    Fate::Preceded { by: self.rule_at(*first).map_or(rule, |(_, first)| first) }
                }
                Some(Hearing::OtherRunAs) => Fate::OtherRunAs,
                Some(Hearing::OtherTime) => Fate::OtherTime,
                Some(Hearing::OtherFile) => Fate::OtherFile,
                Some(Hearing::Unmet) => Fate::Unmet,
                None => Fate::NoPattern { nearest: closest(&rule.commands, command) },
            };
            let doubt = match heard {
                Some(Hearing::Speaks { doubt }) => doubt.clone(),
                _ => None,
            };
            RuleStory { rule, fate, doubt }
        };
        role.rules.iter().enumerate().map(story).collect()
    }
}

impl Role {
    fn has(&self, person: &Person) -> bool {
        self.members.iter().any(|member| member.is(person))
    }
}
