//! `[on_call.TEAM]`: who of a team is on call, and when.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use writ_engine::time::WallTime;

use crate::findings::Findings;
use crate::instant::{self, Edge};
use crate::problem::Problem;
use crate::section::Section;
use crate::source::Placed;
use crate::value::Value;
use crate::zone::HostZone;

/// The most people who take turns.
const ROTATION_MAX: usize = 64;

/// The most shifts that take the place of turns.
const SHIFTS_MAX: usize = 256;

/// What a file says of the people on call.
#[derive(Debug)]
pub(crate) struct OnCallKeys {
    pub(crate) team: Placed<String>,
    pub(crate) zone: TimeZone,
    /// Each has a week, one after the other.
    pub(crate) rotation: Vec<Placed<String>>,
    /// When the first week of the first begins.
    pub(crate) since: Option<WallTime>,
    pub(crate) shifts: Vec<ShiftKeys>,
}

/// A time in which others are on call.
#[derive(Debug)]
pub(crate) struct ShiftKeys {
    pub(crate) from: WallTime,
    pub(crate) until: WallTime,
    pub(crate) who: Vec<Placed<String>>,
}

pub(super) fn on_call(
    team: Placed<String>,
    mut section: Section<'_>,
    host_zone: &HostZone,
    found: &mut Findings,
) -> OnCallKeys {
    let zone = section.take_zone(host_zone, found).get().clone();
    let rotation = section.take("rotation").map(|value| people(&value, ROTATION_MAX, found));
    let since = section.take("since").map(|value| {
        let place = value.place().clone();
        (place, instant::read(&value, &zone, Edge::Start, found))
    });
    let shifts = section.take("shifts").map(|value| shifts(&value, &zone, found));
    section.finish(found);
    match (&rotation, &since) {
        (Some(_), None) => found.note(&team.place, Problem::RotationSinceNever),
        (None, Some((place, _))) => found.note(place, Problem::SinceOfNobody),
        (None, None) if shifts.is_none() => {
            found.note(&team.place, Problem::NobodyOnCall { team: team.value.clone() });
        }
        _ => {}
    }
    OnCallKeys {
        team,
        zone,
        rotation: rotation.unwrap_or_default(),
        since: since.and_then(|(_, since)| since).map(|since| since.value),
        shifts: shifts.unwrap_or_default(),
    }
}

fn shifts(value: &Value<'_>, zone: &TimeZone, found: &mut Findings) -> Vec<ShiftKeys> {
    let tables = value.inline_tables("an item of `shifts`", found);
    if tables.len() > SHIFTS_MAX {
        found.note(value.place(), Problem::LongList { most: SHIFTS_MAX });
    }
    tables.into_iter().filter_map(|section| shift(section, zone, found)).collect()
}

fn shift(mut section: Section<'_>, zone: &TimeZone, found: &mut Findings) -> Option<ShiftKeys> {
    let from = section
        .require("from", "from = \"2026-12-24 09:00\"")
        .and_then(|value| instant::read(&value, zone, Edge::Start, found));
    let until = section
        .require("until", "until = \"2026-12-27 09:00\"")
        .and_then(|value| instant::read(&value, zone, Edge::End, found));
    let who =
        section.require("who", "who = [\"bob\"]").map(|value| people(&value, ROTATION_MAX, found));
    section.finish(found);
    let (from, until, who) = (from?, until?, who?);
    if from.value >= until.value {
        found.note(&until.place, Problem::EndsBefore);
        return None;
    }
    Some(ShiftKeys { from: from.value, until: until.value, who })
}

/// Approvers by their names; at least one.
fn people(value: &Value<'_>, most: usize, found: &mut Findings) -> Vec<Placed<String>> {
    let list = value.some(found, |name| Ok(name.to_owned()));
    if list.items.len() > most {
        found.note(&list.place, Problem::LongList { most });
    }
    list.items
}

impl OnCallKeys {
    /// Everybody whom it names, each with his place.
    pub(crate) fn named(&self) -> impl Iterator<Item = &Placed<String>> {
        self.rotation.iter().chain(self.shifts.iter().flat_map(|shift| &shift.who))
    }
}

impl ShiftKeys {
    /// Those on call.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.who.iter().map(|name| name.value.clone()).collect()
    }
}
