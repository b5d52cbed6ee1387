//! A moment on the calendar: `2026-12-24`, `2026-12-24 09:00`, `2026-12-24T09:00:00+01:00`.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use writ_engine::time::WallTime;

use crate::findings::Findings;
use crate::problem::Problem;
use crate::source::Placed;
use crate::value::Value;
use crate::zone;

/// Which moment of a day a date without a time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Its first.
    Start,
    /// The first after it: the day counts.
    End,
}

/// How many bytes a date has.
const DATE_BYTES: usize = "2026-12-24".len();

/// A moment, in a zone where it names none.
pub(crate) fn read(
    value: &Value<'_>,
    zone: &TimeZone,
    edge: Edge,
    found: &mut Findings,
) -> Option<Placed<WallTime>> {
    value.text_or_datetime(found, |text| {
        parse(text, zone, edge).ok_or_else(|| Problem::Instant(text.to_owned()))
    })
}

fn parse(text: &str, zone: &TimeZone, edge: Edge) -> Option<WallTime> {
    if text.len() == DATE_BYTES {
        let day: Date = text.parse().ok()?;
        let day = if edge == Edge::End { day.checked_add(1.day()).ok()? } else { day };
        return zone::wall(&day.to_zoned_datetime(zone.clone()).ok()?);
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return u64::try_from(instant.as_millisecond()).ok().map(WallTime);
    }
    // A time that the clocks skip or have twice is taken as RFC 5545 says.
    let local: DateTime = text.parse().ok()?;
    zone::wall(&local.to_zoned_datetime(zone.clone()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str, edge: Edge) -> Option<String> {
        let wall = parse(text, &zone::named("Europe/Berlin").unwrap(), edge)?;
        Some(Timestamp::from_millisecond(i64::try_from(wall.0).unwrap()).unwrap().to_string())
    }

    #[test]
    fn a_date_is_its_whole_day_and_a_time_is_local_unless_it_says_where() {
        for (text, edge, instant) in [
            ("2026-12-24", Edge::Start, "2026-12-23T23:00:00Z"),
            ("2026-12-24", Edge::End, "2026-12-24T23:00:00Z"),
            ("2026-12-31", Edge::End, "2026-12-31T23:00:00Z"),
            ("2026-12-24 09:00", Edge::End, "2026-12-24T08:00:00Z"),
            ("2026-07-24T09:00:00", Edge::Start, "2026-07-24T07:00:00Z"),
            ("2026-12-24T09:00:00Z", Edge::Start, "2026-12-24T09:00:00Z"),
            ("2026-12-24T09:00:00-05:00", Edge::End, "2026-12-24T14:00:00Z"),
        ] {
            assert_eq!(at(text, edge).as_deref(), Some(instant), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2026-13-01",
            "2026-02-30",
            "09:00",
            "24.12.2026",
            "1969-12-31",
            "\u{1}",
        ] {
            assert_eq!(at(text, Edge::Start), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = parse(&text, &TimeZone::UTC, Edge::End);
        }
    }
}
