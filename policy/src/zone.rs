//! Time zones: what an instant is on a calendar and a clock.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use writ_engine::time::WallTime;

/// The zone of this name in the host's database of time zones.
///
/// # Errors
/// When there is none.
pub(crate) fn named(name: &str) -> Result<TimeZone, jiff::Error> {
    match name {
        // Needs no database.
        "UTC" => Ok(TimeZone::UTC),
        name => TimeZone::get(name),
    }
}

/// The zone of the host; UTC where it says none.
pub(crate) fn of_host() -> TimeZone {
    TimeZone::try_system().unwrap_or(TimeZone::UTC)
}

/// An instant in a zone; nothing where it is beyond all calendars.
pub(crate) fn local(wall: WallTime, zone: &TimeZone) -> Option<ZonedDateTime> {
    let milliseconds = i64::try_from(wall.0).ok()?;
    Some(Timestamp::from_millisecond(milliseconds).ok()?.to_zoned_datetime(zone.clone()))
}

/// The instant of a local time; nothing before 1970.
pub(crate) fn wall(local: &ZonedDateTime) -> Option<WallTime> {
    u64::try_from(local.timestamp().as_millisecond()).ok().map(WallTime)
}
