//! Whom a list can reach.

use std::collections::{BTreeMap, BTreeSet};

use writ_engine::policy::{Approver, Selector};

use super::Completeness;
use crate::findings::Findings;
use crate::keys::{AskKeys, From};
use crate::problem::Problem;
use crate::source::Placed;

/// The approvers as lists speak of them.
pub(super) struct People<'a> {
    approvers: &'a BTreeMap<String, Approver>,
    by_user: BTreeMap<&'a str, &'a str>,
    teams: BTreeMap<&'a str, BTreeSet<&'a str>>,
    completeness: Completeness,
}

impl<'a> People<'a> {
    pub(super) fn new(
        approvers: &'a BTreeMap<String, Approver>,
        completeness: Completeness,
    ) -> Self {
        let mut people =
            Self { approvers, by_user: BTreeMap::new(), teams: BTreeMap::new(), completeness };
        for approver in approvers.values() {
            let name = approver.name.as_str();
            if let Some(user) = &approver.unix_user {
                people.by_user.insert(user, name);
            }
            for team in &approver.teams {
                people.teams.entry(team).or_default().insert(name);
            }
        }
        people
    }

    /// Notes each team of a list that no approver is of.
    pub(super) fn check_teams(&self, ask: &AskKeys, found: &mut Findings) {
        let (Completeness::Whole, From::These(from)) = (self.completeness, &ask.from) else {
            return;
        };
        for selector in &from.value {
            if let Selector::Team(team) = &selector.value
                && !self.teams.contains_key(team.as_str())
            {
                let known = self.teams.keys().map(|&team| team.to_owned()).collect();
                let problem = Problem::UnknownTeam { team: team.clone(), known };
                found.note(&selector.place, problem);
            }
        }
    }

    /// How many different people a list names, where that can be told without
    /// looking up groups of the host.
    pub(super) fn reachable(&self, from: &[Placed<Selector>]) -> Option<usize> {
        if self.completeness == Completeness::Partial {
            return None;
        }
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for selector in from {
            match &selector.value {
                Selector::Group(_) => return None,
                Selector::Team(team) => named.extend(self.teams.get(team.as_str())?),
                Selector::Person(name) => {
                    named.insert(self.person(name));
                }
            }
        }
        Some(named.len())
    }

    /// One name for one person: that of the approver, whichever way he is named.
    fn person<'n>(&'n self, name: &'n str) -> &'n str {
        if self.approvers.contains_key(name) {
            return name;
        }
        self.by_user.get(name).copied().unwrap_or(name)
    }
}
