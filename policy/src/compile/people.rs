//! Whom a list can reach.

use std::collections::{BTreeMap, BTreeSet};

use writ_engine::policy::{Approver, Selector};
use writ_engine::seating::{Place, Seating};

use super::Completeness;
use crate::findings::Findings;
use crate::keys::{AskKeys, SeatsKeys};
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
        if self.completeness == Completeness::Partial {
            return;
        }
        for selector in ask.named() {
            if let Selector::Team(team) = &selector.value
                && !self.teams.contains_key(team.as_str())
            {
                let known = self.teams.keys().map(|&team| team.to_owned()).collect();
                let problem = Problem::UnknownTeam { team: team.clone(), known };
                found.note(&selector.place, problem);
            }
        }
    }

    /// How many of these seats the people whom they name can fill, and how many there
    /// are, apart from those whose people cannot be told without looking up groups of the
    /// host.
    pub(super) fn seated(&self, kinds: &[SeatsKeys]) -> Option<(u32, u32)> {
        let known: Vec<(BTreeSet<&str>, u32)> =
            kinds.iter().filter_map(|kind| Some((self.named(&kind.from)?, kind.count))).collect();
        let everybody: BTreeSet<&str> =
            known.iter().flat_map(|(names, _)| names.iter().copied()).collect();
        let mut seating = Seating::of(known.iter().map(|(_, count)| *count));
        for name in everybody {
            let his = (0..).zip(&known).filter(|(_, (names, _))| names.contains(name));
            let seats = his.map(|(kind, _)| kind).collect();
            seating.admit(&[Place { of: name.to_owned(), deputy: false, seats }]);
        }
        let seats = known.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
        (!known.is_empty()).then(|| (seating.filled(), seats))
    }

    /// How many of these seats can be filled by people who have a key, where that can be
    /// told of all of them without looking up groups of the host.
    pub(super) fn signing(&self, kinds: &[(&[Placed<Selector>], u32)]) -> Option<u32> {
        let named: Option<Vec<BTreeSet<&str>>> =
            kinds.iter().map(|(from, _)| self.named(from)).collect();
        let named = named?;
        let has_key = |name: &&str| {
            self.approvers.get(*name).is_some_and(|approver| !approver.keys.is_empty())
        };
        let everybody: BTreeSet<&str> = named.iter().flatten().copied().filter(has_key).collect();
        let mut seating = Seating::of(kinds.iter().map(|(_, count)| *count));
        for name in everybody {
            let his = (0..).zip(&named).filter(|(_, names)| names.contains(name));
            let seats = his.map(|(kind, _)| kind).collect();
            seating.admit(&[Place { of: name.to_owned(), deputy: false, seats }]);
        }
        Some(seating.filled())
    }

    /// How many different people a list names, where that can be told without
    /// looking up groups of the host.
    pub(super) fn reachable(&self, from: &[Placed<Selector>]) -> Option<usize> {
        Some(self.named(from)?.len())
    }

    fn named<'n>(&'n self, from: &'n [Placed<Selector>]) -> Option<BTreeSet<&'n str>> {
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
        Some(named)
    }

    /// One name for one person: that of the approver, whichever way he is named.
    fn person<'n>(&'n self, name: &'n str) -> &'n str {
        if self.approvers.contains_key(name) {
            return name;
        }
        self.by_user.get(name).copied().unwrap_or(name)
    }
}
