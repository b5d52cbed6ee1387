//! Lengths of time as people write them: `90s`, `5m`, `1h30m`, `2d`.

use writ_engine::time::Span;

/// The longest that can be written: 30 days.
pub const DURATION_MAX: Span = Span::from_secs(30 * 24 * 60 * 60);

/// The units with their length in seconds, longest first.
const UNITS: [(u8, u64); 4] = [(b'd', 24 * 60 * 60), (b'h', 60 * 60), (b'm', 60), (b's', 1)];

/// Why a text is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Something else stands there.
    #[error("is not a length of time such as `90s`, `5m`, `1h30m` or `2d`")]
    Shape,
    /// `0s`.
    #[error("must be longer than nothing")]
    Nothing,
    /// More than [`DURATION_MAX`].
    #[error("must be 30 days at most")]
    TooLong,
}

/// Reads whole numbers, each followed by its unit, the longer unit first and each
/// at most once.
///
/// # Errors
/// When it is not of that form, nothing, or longer than [`DURATION_MAX`].
pub fn parse(text: &str) -> Result<Span, DurationError> {
    let mut units = UNITS.iter();
    let mut number: Option<u64> = None;
    let mut seconds: u64 = 0;
    for byte in text.bytes() {
        if byte.is_ascii_digit() {
            let digit = u64::from(byte - b'0');
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            continue;
        }
        let (_, length) = units.find(|(unit, _)| *unit == byte).ok_or(DurationError::Shape)?;
        let count = number.take().ok_or(DurationError::Shape)?;
        seconds = seconds.saturating_add(count.saturating_mul(*length));
    }
    if number.is_some() || text.is_empty() {
        return Err(DurationError::Shape);
    }
    match Span::from_secs(seconds) {
        Span(0) => Err(DurationError::Nothing),
        span if span > DURATION_MAX => Err(DurationError::TooLong),
        span => Ok(span),
    }
}

/// A length of time as it is written, in whole seconds.
#[must_use]
pub fn text(span: Span) -> String {
    let mut seconds = span.0 / 1000;
    let mut text = String::new();
    for (unit, length) in UNITS {
        let count = seconds / length;
        if count > 0 {
            text.push_str(&format!("{count}{}", char::from(unit)));
        }
        seconds %= length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_length_comes_back_from_its_text() {
        for written in ["90s", "1m30s", "5m", "1h30m", "2d"] {
            let span = parse(written).unwrap();
            assert_eq!(parse(&text(span)), Ok(span));
        }
        assert_eq!(text(Span::from_secs(90)), "1m30s");
    }

    #[test]
    fn numbers_with_units_add_up() {
        assert_eq!(parse("90s"), Ok(Span::from_secs(90)));
        assert_eq!(parse("5m"), Ok(Span::from_secs(300)));
        assert_eq!(parse("1h30m"), Ok(Span::from_secs(5400)));
        assert_eq!(parse("2d"), Ok(Span::from_secs(172_800)));
        assert_eq!(parse("30d"), Ok(DURATION_MAX));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "5", "m", "5 m", "-5m", "5.5m", "30m1h", "5m5m", "5ms", "1w", "5M", "٥m"]
        {
            assert_eq!(parse(text), Err(DurationError::Shape), "{text:?}");
        }
        assert_eq!(parse("0s"), Err(DurationError::Nothing));
        assert_eq!(parse("0h0m"), Err(DurationError::Nothing));
        assert_eq!(parse("30d1s"), Err(DurationError::TooLong));
        assert_eq!(parse("99999999999999999999999d"), Err(DurationError::TooLong));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_is_what_is_read(hours in 0u64..700, minutes in 0u64..60, seconds in 1u64..60) {
            let text = format!("{hours}h{minutes}m{seconds}s");
            prop_assert_eq!(parse(&text), Ok(Span::from_secs(hours * 3600 + minutes * 60 + seconds)));
        }
    }
}
