//! Moments of the wall clock, for people.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment in the local zone, such as `2026-11-23 23:12:05`. `wall_ms` is
/// milliseconds since 1970-01-01 UTC.
pub fn local(wall_ms: u64) -> String {
    in_zone(wall_ms, TimeZone::system())
}

fn in_zone(wall_ms: u64, zone: TimeZone) -> String {
    let moment = i64::try_from(wall_ms)
        .ok()
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
    match moment {
        Some(moment) => moment.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        // Past what a calendar can say.
        None => format!("{wall_ms} ms"),
    }
}

/// Now, in milliseconds since 1970-01-01 UTC.
pub fn now_wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, crate::span::in_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_its_zone() {
        assert_eq!(in_zone(1_795_475_525_000, TimeZone::UTC), "2026-11-23 23:12:05");
        assert_eq!(in_zone(u64::MAX, TimeZone::UTC), format!("{} ms", u64::MAX));
    }
}
