//! Schedules: who is on call at an instant.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::tz::TimeZone;
use writ_engine::policy::{Approver, OnCall};
use writ_engine::time::WallTime;

use super::Completeness;
use crate::findings::Findings;
use crate::keys::OnCallKeys;
use crate::problem::Problem;
use crate::source::Place;
use crate::zone;

/// A turn, in milliseconds, where the clocks do not change meanwhile.
const WEEK_MS: u64 = 7 * 24 * 60 * 60 * 1000;

pub(super) fn compile(
    said: Vec<OnCallKeys>,
    approvers: &BTreeMap<String, Approver>,
    completeness: Completeness,
    found: &mut Findings,
) -> BTreeMap<String, OnCall> {
    let mut all = BTreeMap::new();
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for keys in said {
        let team = keys.team.value.clone();
        if let Some(first) = places.get(&team).cloned() {
            let problem = Problem::NamedTwice { what: "a schedule of the team", name: team, first };
            found.note(&keys.team.place, problem);
            continue;
        }
        places.insert(team.clone(), keys.team.place.clone());
        if completeness == Completeness::Whole {
            check_members(&keys, approvers, found);
        }
        all.insert(team, schedule(keys));
    }
    all
}

/// Notes whoever is not of the team: a schedule says who of them, and never who else.
fn check_members(keys: &OnCallKeys, approvers: &BTreeMap<String, Approver>, found: &mut Findings) {
    let team = &keys.team.value;
    let is_of = |approver: &&Approver| approver.teams.contains(team);
    for name in keys.named() {
        if !approvers.get(&name.value).as_ref().is_some_and(is_of) {
            let members = approvers.values().filter(is_of).map(|approver| approver.name.clone());
            let problem = Problem::NotOfTeam {
                name: name.value.clone(),
                team: team.clone(),
                members: members.collect(),
            };
            found.note(&name.place, problem);
        }
    }
}

fn schedule(keys: OnCallKeys) -> OnCall {
    let rotation = keys.rotation.iter().map(|name| name.value.clone()).collect();
    let shifts = keys.shifts.iter().map(|shift| (shift.from, shift.until, shift.names())).collect();
    let zone_name = keys.zone.iana_name().unwrap_or("host").to_owned();
    let schedule = Schedule { rotation, since: keys.since, shifts, zone: keys.zone };
    let Schedule { rotation, since, shifts, .. } = &schedule;
    let source = format!("{zone_name} {rotation:?} {since:?} {shifts:?}");
    OnCall::new(source, move |wall| schedule.at(wall))
}

struct Schedule {
    rotation: Vec<String>,
    since: Option<WallTime>,
    shifts: Vec<(WallTime, WallTime, BTreeSet<String>)>,
    zone: TimeZone,
}

impl Schedule {
    fn at(&self, wall: WallTime) -> BTreeSet<String> {
        let now = self.shifts.iter().filter(|(from, until, _)| *from <= wall && wall < *until);
        let of_shifts: BTreeSet<String> = now.flat_map(|(_, _, who)| who.iter().cloned()).collect();
        if !of_shifts.is_empty() {
            return of_shifts;
        }
        self.turn(wall).and_then(|turn| self.rotation.get(turn)).cloned().into_iter().collect()
    }

    /// Whose turn it is; nobody's before the first.
    fn turn(&self, wall: WallTime) -> Option<usize> {
        let since = self.since?;
        let first = zone::local(since, &self.zone)?.datetime();
        // By the calendar, so that a turn begins at the same time of day all year.
        let begins = |turn: u64| {
            let days = i64::try_from(turn.checked_mul(7)?).ok()?;
            let day = first.checked_add(days.days()).ok()?;
            zone::wall(&day.to_zoned_datetime(self.zone.clone()).ok()?)
        };
        let near = wall.0.checked_sub(since.0)?.checked_div(WEEK_MS)?;
        let mut turns = [near.checked_add(1)?, near, near.saturating_sub(1)].into_iter();
        let turn = turns.find(|turn| begins(*turn).is_some_and(|begins| begins <= wall))?;
        usize::try_from(turn).ok()?.checked_rem(self.rotation.len())
    }
}
