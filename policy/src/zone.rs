//! Time zones: what an instant is on a calendar and a clock.

use std::cell::LazyCell;

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

/// The zone of the host; UTC where it says none. To find it is reading files, so that it
/// is done when it is first needed.
pub(crate) type HostZone = LazyCell<TimeZone>;

/// The zone of the host, to be found.
pub(crate) fn of_host() -> HostZone {
    LazyCell::new(|| TimeZone::try_system().unwrap_or(TimeZone::UTC))
}

/// The zone that the times of a role are in.
pub(crate) enum RoleZone<'h> {
    /// Its own.
    Own(TimeZone),
    /// The host's.
    OfHost(&'h HostZone),
}

impl RoleZone<'_> {
    pub(crate) fn get(&self) -> &TimeZone {
        match self {
            Self::Own(zone) => zone,
            Self::OfHost(zone) => zone,
        }
    }
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
