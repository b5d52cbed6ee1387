//! An event as a syslog message (RFC 5424).
//!
//! All its fields are structured data under `writ@32473`, with the names that they have
//! in the journal. 32473 is the number that is set apart for documents (RFC 5612), as
//! Writ has none of its own. The message itself is the line that the local syslog gets.

use std::fmt::Write as _;

use jiff::Timestamp;
use writ_protocol::courier::Event;

use crate::limits::MESSAGE_BYTES_MAX;

/// The ID of the structured data.
pub(crate) const SD_ID: &str = "writ@32473";

/// syslog's facility for security and authorization messages that are private.
const FACILITY_AUTHPRIV: u16 = 10;

/// What the messages are from, as in the local syslog.
const APP_NAME: &str = "writd";

/// The longest names that RFC 5424, section 6, has.
const HOSTNAME_BYTES_MAX: usize = 255;

/// Values are cut to the first of these lengths, in bytes, with which the message is
/// short enough. The whole value is in the ledger, and the cut value says so.
const VALUE_BYTES_MAX: [usize; 6] = [2048, 1024, 512, 256, 128, VALUE_BYTES_LEAST];

/// No value is cut to less.
const VALUE_BYTES_LEAST: usize = 48;

/// That lines are not there any more which should have been sent.
pub(crate) const MISSING: &str = "events.missing";

/// The message of an event.
pub(crate) fn message(host: &str, event: &Event) -> String {
    let place =
        [("WRIT_LEDGER_SEQ", event.seq.to_string()), ("WRIT_LEDGER_HEAD", event.digest.clone())];
    let fields = event.fields.iter().map(|field| (field.name.as_str(), field.value.as_str()));
    let place = place.iter().map(|(name, value)| (*name, value.as_str()));
    let pairs: Vec<(&str, &str)> = fields.chain(place).collect();
    let header = header(host, event.priority, event.wall_ms, &event.event);
    let whole = |most| body(&header, &pairs, most);
    let fits = VALUE_BYTES_MAX.into_iter().map(whole).find(|text| text.len() <= MESSAGE_BYTES_MAX);
    // With very many fields, the line that would say them again is left out.
    fits.unwrap_or_else(|| format!("{header} {}", data(&pairs, VALUE_BYTES_LEAST)))
}

/// The message that lines before `event` were never sent, as the ledger does not hold
/// them any more.
pub(crate) fn missing(host: &str, event: &Event, lines: u64) -> String {
    const WARNING: u8 = 4;
    let (lines, seq) = (lines.to_string(), event.seq.to_string());
    let pairs = [
        ("WRIT_EVENT", MISSING),
        ("WRIT_MISSING_LINES", lines.as_str()),
        ("WRIT_MISSING_BEFORE", seq.as_str()),
    ];
    body(&header(host, WARNING, event.wall_ms, MISSING), &pairs, MESSAGE_BYTES_MAX)
}

fn header(host: &str, priority: u8, wall_ms: u64, event: &str) -> String {
    let priority = FACILITY_AUTHPRIV * 8 + u16::from(priority.min(7));
    let host = printable(host, HOSTNAME_BYTES_MAX);
    let event = printable(event, 32);
    format!("<{priority}>1 {} {host} {APP_NAME} - {event}", timestamp(wall_ms))
}

fn body(header: &str, pairs: &[(&str, &str)], value_bytes_max: usize) -> String {
    let mut text = format!("{header} {}", data(pairs, value_bytes_max));
    for (name, value) in pairs {
        let _ = write!(text, " {name}=\"{}\"", cut(value, value_bytes_max).replace('"', "\\\""));
    }
    text
}

/// The structured data.
fn data(pairs: &[(&str, &str)], value_bytes_max: usize) -> String {
    let mut text = format!("[{SD_ID}");
    for (name, value) in pairs {
        let _ = write!(text, " {name}=\"");
        // RFC 5424, section 6.3.3.
        for character in cut(value, value_bytes_max).chars() {
            if matches!(character, '"' | '\\' | ']') {
                text.push('\\');
            }
            text.push(character);
        }
        text.push('"');
    }
    text.push(']');
    text
}

fn timestamp(wall_ms: u64) -> String {
    let time = i64::try_from(wall_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| "-".to_owned(), |time| time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// What a header may have: printing ASCII without blanks, or `-` for nothing.
fn printable(text: &str, most: usize) -> String {
    let text: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if text.is_empty() { "-".to_owned() } else { text }
}

fn cut(value: &str, bytes_max: usize) -> String {
    if value.len() <= bytes_max {
        return value.to_owned();
    }
    let end = (0..=bytes_max).rev().find(|end| value.is_char_boundary(*end)).unwrap_or(0);
    let rest = value.len() - end;
    format!("{}… ({rest} bytes more are in the ledger)", value.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use writ_protocol::courier::Field;

    fn event(fields: &[(&str, &str)]) -> Event {
        let field =
            |(name, value): &(&str, &str)| Field { name: (*name).into(), value: (*value).into() };
        Event {
            seq: 17,
            digest: "ab".repeat(32),
            wall_ms: 1_800_000_000_042,
            event: "request.opened".to_owned(),
            priority: 5,
            fields: fields.iter().map(field).collect(),
        }
    }

    #[test]
    fn a_message_is_one_of_rfc_5424() {
        let event = event(&[("WRIT_EVENT", "request.opened"), ("WRIT_REASON", r#"a "b" ] \\"#)]);
        let digest = "ab".repeat(32);
        let expected = format!(
            r#"<85>1 2027-01-15T08:00:00.042Z web-1 writd - request.opened [writ@32473 WRIT_EVENT="request.opened" WRIT_REASON="a \"b\" \] \\\\" WRIT_LEDGER_SEQ="17" WRIT_LEDGER_HEAD="{digest}"] WRIT_EVENT="request.opened" WRIT_REASON="a \"b\" ] \\" WRIT_LEDGER_SEQ="17" WRIT_LEDGER_HEAD="{digest}""#
        );
        assert_eq!(message("web-1", &event), expected);
    }

    #[test]
    fn a_host_without_a_name_has_a_dash_and_nothing_breaks_the_header() {
        assert!(message("", &event(&[])).contains("Z - writd - request.opened ["));
        assert!(message("a b\n<1>", &event(&[])).contains("Z ab<1> writd - "));
    }

    #[test]
    fn a_message_is_never_longer_than_a_collector_takes() {
        let long = "\"".repeat(500_000);
        let many: Vec<(&str, &str)> = (0..26).map(|_| ("WRIT_SOMETHING", long.as_str())).collect();
        let message = message("web-1", &event(&many));
        assert!(message.len() <= MESSAGE_BYTES_MAX, "{}", message.len());
        assert!(message.contains("bytes more are in the ledger"));
        let short = super::message("web-1", &event(&[("WRIT_COMMAND", &long)]));
        assert!(short.len() <= MESSAGE_BYTES_MAX && short.len() > 2000, "{}", short.len());
    }

    #[test]
    fn what_is_missing_is_a_warning() {
        let text = missing("web-1", &event(&[]), 3);
        assert!(text.starts_with("<84>1 "), "{text}");
        assert!(text.contains("WRIT_MISSING_LINES=\"3\" WRIT_MISSING_BEFORE=\"17\"]"), "{text}");
    }
}
