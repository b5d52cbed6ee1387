//! Approvers, each person once.

use std::collections::BTreeMap;

use writ_engine::policy::{Approver, Away};
use writ_engine::time::WallTime;
use writ_signed::Fingerprint;

use super::Completeness;
use crate::findings::Findings;
use crate::keys::{ApproverKeys, AwayKeys};
use crate::problem::Problem;
use crate::source::Place;

pub(super) fn compile(
    said: Vec<ApproverKeys>,
    completeness: Completeness,
    found: &mut Findings,
) -> BTreeMap<String, Approver> {
    let mut approvers = BTreeMap::new();
    let mut owners: BTreeMap<Fingerprint, String> = BTreeMap::new();
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    let mut users: BTreeMap<String, Place> = BTreeMap::new();
    let mut deputies: BTreeMap<String, Place> = BTreeMap::new();
    for ApproverKeys { name, unix_user, teams, keys: his, away } in said {
        if let Some(first) = names.get(&name.value).cloned() {
            let problem = Problem::NamedTwice { what: "an approver", name: name.value, first };
            found.note(&name.place, problem);
            continue;
        }
        names.insert(name.value.clone(), name.place);
        if let Some(user) = &unix_user {
            match users.get(&user.value).cloned() {
                Some(first) => {
                    let problem = Problem::UserTwice { user: user.value.clone(), first };
                    found.note(&user.place, problem);
                }
                None => {
                    users.insert(user.value.clone(), user.place.clone());
                }
            }
        }
        let mut keys = Vec::new();
        for key in his {
            // Two people with one key would be two in name only.
            match owners.insert(key.value.fingerprint(), name.value.clone()) {
                Some(first) => found.note(&key.place, Problem::KeyTwice { first }),
                None => keys.push(key.value),
            }
        }
        if let Some(away) = &away {
            deputies.insert(name.value.clone(), away.to.place.clone());
        }
        let approver = Approver {
            name: name.value.clone(),
            unix_user: unix_user.map(|user| user.value),
            teams,
            keys,
            away: away.map(|AwayKeys { from, until, to }| Away { from, until, to: to.value }),
        };
        approvers.insert(name.value, approver);
    }
    check_deputies(&approvers, &deputies, completeness, found);
    approvers
}

/// Notes deputies who are nobody, and those who would go round in a circle.
fn check_deputies(
    approvers: &BTreeMap<String, Approver>,
    places: &BTreeMap<String, Place>,
    completeness: Completeness,
    found: &mut Findings,
) {
    for (name, place) in places {
        let Some(away) = approvers.get(name).and_then(|approver| approver.away.as_ref()) else {
            continue;
        };
        if !approvers.contains_key(&away.to) && completeness == Completeness::Whole {
            let known = approvers.keys().filter(|known| *known != name).cloned().collect();
            found.note(place, Problem::UnknownDeputy { name: away.to.clone(), known });
        }
        // Of several in a circle, the first is told.
        let circle = circle(approvers, name);
        if circle.iter().min() == Some(&name.as_str()) {
            let circle = circle.into_iter().map(ToOwned::to_owned).collect();
            found.note(place, Problem::AwayInCircle { circle });
        }
    }
}

/// Those who would take each other's places at some instant, from one on; nobody where
/// they do not come back to him.
fn circle<'a>(approvers: &'a BTreeMap<String, Approver>, first: &'a str) -> Vec<&'a str> {
    let mut circle: Vec<&str> = Vec::new();
    let (mut from, mut until) = (WallTime(0), WallTime(u64::MAX));
    let mut name = first;
    while let Some(away) = approvers.get(name).and_then(|approver| approver.away.as_ref()) {
        circle.push(name);
        from = away.from.map_or(from, |begins| begins.max(from));
        until = until.min(away.until);
        name = &away.to;
        if from >= until || (name != first && circle.contains(&name)) {
            break;
        }
        if name == first {
            return circle;
        }
    }
    Vec::new()
}
