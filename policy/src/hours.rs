//! Hours of the week: `Mon-Fri 09:00-18:00 Europe/Berlin`.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{ToSpan, ZonedDateTime};
use writ_engine::policy::Hours;
use writ_engine::time::WallTime;

use crate::zone;

/// The days as they are written.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// How many stretches that follow without a gap are one; what is open all week has no
/// end within these.
const STRETCHES_MAX: usize = 8;

/// Why a text is no hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HoursError {
    /// Not of their shape.
    #[error(
        "is not hours such as `Mon-Fri 09:00-18:00`, `Sat,Sun 10:00-12:00 Europe/Berlin` or `22:00-06:00`"
    )]
    Shape,
    /// No such day.
    #[error("has {0:?} for a day; days are Mon, Tue, Wed, Thu, Fri, Sat and Sun")]
    Day(String),
    /// No such time.
    #[error("has {0:?} for a time; times are from 00:00 to 24:00")]
    Time(String),
    /// Begins when it ends.
    #[error("is no stretch of time: it begins when it ends")]
    Nothing,
    /// No such zone.
    #[error(
        "has {0:?} for a time zone, which this host does not know; its package tzdata has them"
    )]
    Zone(String),
}

/// Stretches of the days of a week, in a zone.
struct Week {
    /// From Monday on.
    days: [bool; 7],
    from: Time,
    /// `None` is midnight at the end of the day.
    to: Option<Time>,
    zone: TimeZone,
}

/// Reads days, a stretch of time and a zone, of which days and zone may be missing:
/// every day, and the zone given. A stretch that ends before it begins ends on the day
/// after.
///
/// # Errors
/// When it is not of that form.
pub(crate) fn compile(text: &str, zone: &TimeZone) -> Result<Hours, HoursError> {
    let week = parse(text, zone)?;
    Ok(Hours::new(text, move |wall| week.open_until(wall)))
}

fn parse(text: &str, default: &TimeZone) -> Result<Week, HoursError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_days = |word: &str| word.starts_with(|first: char| first.is_ascii_alphabetic());
    let (days, rest) = match words.split_first() {
        Some((first, rest)) if is_days(first) => (days(first)?, rest),
        _ => ([true; 7], words.as_slice()),
    };
    let (stretch, zone) = match rest {
        [stretch] => (stretch, default.clone()),
        [stretch, name] => {
            (stretch, zone::named(name).map_err(|_| HoursError::Zone((*name).to_owned()))?)
        }
        _ => return Err(HoursError::Shape),
    };
    let (from, to) = stretch.split_once('-').ok_or(HoursError::Shape)?;
    let from = time(from)?.ok_or(HoursError::Nothing)?;
    let to = time(to)?;
    if to == Some(from) {
        return Err(HoursError::Nothing);
    }
    Ok(Week { days, from, to, zone })
}

fn days(text: &str) -> Result<[bool; 7], HoursError> {
    let number = |name: &str| {
        let known = DAYS.iter().position(|day| day.eq_ignore_ascii_case(name));
        known.ok_or_else(|| HoursError::Day(name.to_owned()))
    };
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        for (day, open) in days.iter_mut().enumerate() {
            // `Sat-Mon` goes over the end of the week.
            *open |= if first <= last {
                (first..=last).contains(&day)
            } else {
                day >= first || day <= last
            };
        }
    }
    Ok(days)
}

/// `09:30`; nothing for `24:00`.
fn time(text: &str) -> Result<Option<Time>, HoursError> {
    let wrong = || HoursError::Time(text.to_owned());
    if text == "24:00" {
        return Ok(None);
    }
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return Err(wrong());
    }
    let (hour, minute) = (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
    Time::new(hour, minute, 0, 0).map(Some).map_err(|_| wrong())
}

impl Week {
    fn open_until(&self, wall: WallTime) -> Option<WallTime> {
        let mut end = self.end(&zone::local(wall, &self.zone)?)?;
        for _ in 1..STRETCHES_MAX {
            match self.end(&end) {
                Some(later) if later > end => end = later,
                _ => break,
            }
        }
        zone::wall(&end)
    }

    /// The end of the stretch that an instant is in, which began on its day or on the
    /// day before.
    fn end(&self, now: &ZonedDateTime) -> Option<ZonedDateTime> {
        let (today, now) = (now.date(), now.timestamp());
        let stretches = [today.yesterday().ok()?, today].into_iter().filter_map(|day| {
            let (from, to) = self.stretch(day)?;
            (from.timestamp() <= now && now < to.timestamp()).then_some(to)
        });
        stretches.max_by_key(ZonedDateTime::timestamp)
    }

    fn stretch(&self, day: Date) -> Option<(ZonedDateTime, ZonedDateTime)> {
        let number = usize::try_from(day.weekday().to_monday_zero_offset()).ok()?;
        if !*self.days.get(number)? {
            return None;
        }
        let (last, to) = match self.to {
            None => (day.tomorrow().ok()?, Time::midnight()),
            Some(to) if to < self.from => (day.tomorrow().ok()?, to),
            Some(to) => (day, to),
        };
        // A time that the clocks skip or have twice is taken as RFC 5545 says.
        let from = day.to_datetime(self.from).to_zoned_datetime(self.zone.clone()).ok()?;
        let to = last.to_datetime(to).to_zoned_datetime(self.zone.clone()).ok()?;
        Some((from, to))
    }
}

/// The first instant after the last day, where that can be said.
pub(crate) fn after(last: Date, zone: &TimeZone) -> Option<WallTime> {
    let next = last.checked_add(1.day()).ok()?;
    zone::wall(&next.to_zoned_datetime(zone.clone()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn instant(text: &str) -> WallTime {
        let at: jiff::Timestamp = text.parse().unwrap();
        WallTime(u64::try_from(at.as_millisecond()).unwrap())
    }

    /// Until when hours are open at an instant, in UTC.
    fn until(hours: &str, at: &str) -> Option<String> {
        let week = parse(hours, &TimeZone::UTC).unwrap();
        let end = week.open_until(instant(at))?;
        let end = jiff::Timestamp::from_millisecond(i64::try_from(end.0).unwrap()).unwrap();
        Some(end.to_string())
    }

    #[test]
    fn hours_are_open_on_their_days_and_at_their_times() {
        // The 25th of November 2026 is a Wednesday.
        for (hours, at, end) in [
            ("Mon-Fri 09:00-18:00", "2026-11-25T09:00:00Z", Some("2026-11-25T18:00:00Z")),
            ("Mon-Fri 09:00-18:00", "2026-11-25T08:59:59Z", None),
            ("Mon-Fri 09:00-18:00", "2026-11-25T18:00:00Z", None),
            ("Mon-Fri 09:00-18:00", "2026-11-28T10:00:00Z", None),
            ("Sat,sun 10:00-12:00", "2026-11-28T10:00:00Z", Some("2026-11-28T12:00:00Z")),
            ("Sat-Mon 10:00-12:00", "2026-11-29T10:00:00Z", Some("2026-11-29T12:00:00Z")),
            ("10:00-24:00", "2026-11-25T23:00:00Z", Some("2026-11-26T00:00:00Z")),
        ] {
            assert_eq!(until(hours, at).as_deref(), end, "{hours} {at}");
        }
    }

    #[test]
    fn a_night_is_of_the_day_that_it_begins_on() {
        let night = "Fri 22:00-06:00";
        assert_eq!(until(night, "2026-11-27T23:00:00Z").as_deref(), Some("2026-11-28T06:00:00Z"));
        assert_eq!(until(night, "2026-11-28T05:59:00Z").as_deref(), Some("2026-11-28T06:00:00Z"));
        assert_eq!(until(night, "2026-11-27T05:00:00Z"), None);
    }

    #[test]
    fn whole_days_that_follow_each_other_are_one_stretch() {
        let week = "Mon-Fri 00:00-24:00";
        assert_eq!(until(week, "2026-11-25T12:00:00Z").as_deref(), Some("2026-11-28T00:00:00Z"));
    }

    #[test]
    fn a_zone_has_its_own_clock_and_its_summer() {
        let berlin = "09:00-18:00 Europe/Berlin";
        assert_eq!(until(berlin, "2026-01-15T08:30:00Z").as_deref(), Some("2026-01-15T17:00:00Z"));
        assert_eq!(until(berlin, "2026-07-15T07:30:00Z").as_deref(), Some("2026-07-15T16:00:00Z"));
        // The night in which an hour is there twice is longer by it.
        let night = "Sat 22:00-06:00 Europe/Berlin";
        assert_eq!(until(night, "2026-10-24T21:00:00Z").as_deref(), Some("2026-10-25T05:00:00Z"));
    }

    #[test]
    fn what_is_no_hours_is_refused() {
        for text in [
            "",
            "Mon",
            "Mon-Fri",
            "9-18",
            "09:00",
            "09:00-18:00 Europe/Berlin x",
            "Mo 09:00-18:00",
            "09:00-25:00",
            "09:60-18:00",
            "09:00-09:00",
            "24:00-06:00",
            "09:00-18:00 Nowhere/City",
            "+9:00-18:00",
            "09:00-18:00 ../../etc/passwd",
        ] {
            assert!(parse(text, &TimeZone::UTC).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = parse(&text, &TimeZone::UTC);
        }

        #[test]
        fn what_is_open_ends_later_and_never_long_after(seconds in 0u64..4_000_000_000) {
            let week = parse("Mon-Fri 20:00-04:00", &TimeZone::UTC).unwrap();
            let now = WallTime(seconds * 1000);
            if let Some(end) = week.open_until(now) {
                prop_assert!(end > now && end.0 - now.0 <= 8 * 3600 * 1000);
            }
        }
    }
}
