//! `away` of an approver: until when, and who may take his place.

use writ_engine::time::WallTime;

use crate::findings::Findings;
use crate::instant::{self, Edge};
use crate::problem::Problem;
use crate::source::Placed;
use crate::value::Value;
use crate::zone::HostZone;

/// What a file says of a time in which somebody is away.
#[derive(Debug)]
pub(crate) struct AwayKeys {
    pub(crate) from: Option<WallTime>,
    pub(crate) until: WallTime,
    pub(crate) to: Placed<String>,
}

pub(super) fn read(
    value: &Value<'_>,
    host_zone: &HostZone,
    found: &mut Findings,
) -> Option<AwayKeys> {
    let mut section = value.table("`away`".to_owned(), found)?;
    let zone = section.take_zone(host_zone, found).get().clone();
    let from = section.take("from").map(|value| instant::read(&value, &zone, Edge::Start, found));
    let until = section
        .require("until", "until = 2026-12-24")
        .and_then(|value| instant::read(&value, &zone, Edge::End, found));
    let to = section
        .require("to", "to = \"carol\"")
        .and_then(|value| value.text(found, |name| Ok(name.to_owned())));
    section.finish(found);
    // A beginning that cannot be read is not none.
    let from = match from {
        None => None,
        Some(from) => Some(from?.value),
    };
    let (until, to) = (until?, to?);
    if from.is_some_and(|from| from >= until.value) {
        found.note(&until.place, Problem::EndsBefore);
        return None;
    }
    Some(AwayKeys { from, until: until.value, to })
}
