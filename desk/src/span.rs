//! Lengths of time as people type and read them.

use std::time::Duration;

use writ_policy::duration::{self, DurationError};

/// Takes `90s`, `30m`, `1h30m`, `2d`, as the policy files do.
///
/// # Errors
/// When it is anything else.
pub fn parse_span(text: &str) -> Result<Duration, DurationError> {
    duration::parse(text).map(Duration::from)
}

/// A length of time in the protocol's unit.
pub fn in_ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A count-down such as `4:32` or `1:02:03`, of milliseconds.
pub fn countdown(remaining_ms: u64) -> String {
    // Rounded up, so that it does not say 0:00 while there is time.
    let seconds = remaining_ms.div_ceil(1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A length of time in its two largest units, such as `1 h 30 min`, of
/// milliseconds.
pub fn in_words(span_ms: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("d", 86400), ("h", 3600), ("min", 60), ("s", 1)];
    let seconds = span_ms / 1000;
    if seconds == 0 {
        return format!("{span_ms} ms");
    }
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, length) in UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        } else if !parts.is_empty() {
            break;
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_reaches_zero_only_at_the_end() {
        assert_eq!(countdown(272_000), "4:32");
        assert_eq!(countdown(3_723_000), "1:02:03");
        assert_eq!(countdown(1), "0:01");
        assert_eq!(countdown(0), "0:00");
    }

    #[test]
    fn words_name_the_two_largest_units() {
        assert_eq!(in_words(350), "350 ms");
        assert_eq!(in_words(59_900), "59 s");
        assert_eq!(in_words(90_000), "1 min 30 s");
        assert_eq!(in_words(3_600_000), "1 h");
        assert_eq!(in_words(90_061_000), "1 d 1 h");
    }
}
