//! Days, as logs name them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The months as syslog writes them (RFC 3164, section 4.1.2).
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// In milliseconds.
const QUARTER: u64 = 15 * 60 * 1000;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day {
    year: i16,
    month: i8,
    day: i8,
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Day {
    fn of(year: i16, month: i8, day: i8) -> Option<Self> {
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        Some(Self { year: date.year(), month: date.month(), day: date.day() })
    }

    /// The day that a text begins with, as `2026-11-24…`: the writer's own.
    pub(super) fn leading(text: &str) -> Option<Self> {
        let (year, rest) = text.get(..10)?.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        Self::of(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }
}

/// Tells days; remembers the last one, as logs are in order.
#[derive(Debug)]
pub(crate) struct Days {
    zone: TimeZone,
    today: Day,
    last: Option<(u64, Option<Day>)>,
}

impl Days {
    /// In the zone of this host.
    pub(crate) fn local() -> Self {
        let zone = TimeZone::system();
        let now = Timestamp::now().to_zoned_datetime(zone.clone());
        let today = Day { year: now.year(), month: now.month(), day: now.day() };
        Self { zone, today, last: None }
    }

    /// The day of a moment, in milliseconds since 1970-01-01 UTC.
    pub(crate) fn of_ms(&mut self, wall_ms: u64) -> Option<Day> {
        // No zone changes its offset within a quarter of an hour but at its start.
        let quarter = wall_ms / QUARTER;
        if let Some((known, day)) = self.last
            && known == quarter
        {
            return day;
        }
        let moment =
            i64::try_from(wall_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let day = moment.map(|moment| {
            let local = moment.to_zoned_datetime(self.zone.clone());
            Day { year: local.year(), month: local.month(), day: local.day() }
        });
        self.last = Some((quarter, day));
        day
    }

    /// The day that a line of syslog begins with, as `Nov 24 …`: the last one of that
    /// name, since it does not say the year.
    pub(super) fn of_syslog(&self, line: &str) -> Option<Day> {
        let (month, rest) = (line.get(..3)?, line.get(4..6)?);
        let month = MONTHS.iter().zip(1..).find(|(name, _)| **name == month)?.1;
        let day = rest.trim_start().parse().ok()?;
        let this_year = Day::of(self.today.year, month, day).filter(|day| *day <= self.today);
        this_year.or_else(|| Day::of(self.today.year - 1, month, day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days() -> Days {
        let today = Day { year: 2026, month: 11, day: 24 };
        Days { zone: TimeZone::UTC, today, last: None }
    }

    fn told(day: Option<Day>) -> String {
        day.map(|day| day.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_day_without_a_year_is_the_last_of_that_name() {
        assert_eq!(told(days().of_syslog("Nov 24 14:45:45 host")), "2026-11-24");
        assert_eq!(told(days().of_syslog("Nov 25 14:45:45 host")), "2025-11-25");
        assert_eq!(told(days().of_syslog("Jan  2 14:45:45 host")), "2026-01-02");
        for none in ["", "Nov", "Nov 31 x", "Foo 12 x", "Novembre", "é 24 14"] {
            assert_eq!(days().of_syslog(none), None, "{none}");
        }
    }

    #[test]
    fn a_day_is_told_of_a_moment_and_of_a_text() {
        let mut days = days();
        assert_eq!(told(days.of_ms(1_795_475_525_000)), "2026-11-23");
        assert_eq!(told(days.of_ms(1_795_475_525_000 + 3_600_000)), "2026-11-24");
        assert_eq!(days.of_ms(u64::MAX), None);
        assert_eq!(told(Day::leading("2026-11-24T14:45:45+00:00")), "2026-11-24");
        assert_eq!(Day::leading("2026-13-24T"), None);
        assert_eq!(Day::leading("20é6-11-24T"), None);
    }
}
