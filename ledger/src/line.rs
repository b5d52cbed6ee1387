//! One line of a segment: its exact bytes, written and read.

use std::io::Write as _;

use serde_json::value::RawValue;

use crate::broken::{Break, What};
use crate::digest::Digest;

const SEQ: &[u8] = b"{\"seq\":";
const PREV: &[u8] = b",\"prev\":\"";
const RECORD: &[u8] = b"\",\"record\":";
const BREAKS: &[u8] = b"\",\"breaks\":";
const SNAPSHOT: &[u8] = b"\",\"snapshot\":";
const SNAPSHOT_AFTER_BREAKS: &[u8] = b",\"snapshot\":";
const DIGEST: &[u8] = b",\"digest\":\"";
const END: &[u8] = b"\"}";
const DIGITS: usize = 64;

/// The most bytes of a line, line feed included, that are neither record nor
/// snapshot nor breaks.
pub(crate) const FRAME_BYTES_MAX: usize = 256;

/// The bytes of a line within which the field after `prev` begins and is named.
pub(crate) const FIELD_WITHIN_BYTES: usize = 128;

/// A place in the chain: one line, by its number and its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The line's `seq`; 0 before the first line.
    pub seq: u64,
    /// The line's `digest`; zeros before the first line.
    pub digest: Digest,
}

impl Link {
    /// The place before the first line of all.
    pub const GENESIS: Self = Self { seq: 0, digest: Digest::ZERO };
}

/// What a line holds between its chain fields, borrowed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    Record(&'a str),
    Snapshot { state: &'a str, breaks: Vec<Break> },
}

/// A line whose form and digest are right; its place is not yet checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) link: Link,
    pub(crate) prev: Digest,
    pub(crate) payload: Payload<'a>,
}

/// Adds the record's line, with its line feed, to `out` and returns its place.
pub(crate) fn encode_record(out: &mut Vec<u8>, before: Link, json: &str) -> Link {
    encode(out, before, &[RECORD, json.as_bytes()])
}

/// The same for a snapshot and the breaks that it acknowledges.
pub(crate) fn encode_snapshot(
    out: &mut Vec<u8>,
    before: Link,
    json: &str,
    breaks: &[Break],
) -> Result<Link, serde_json::Error> {
    if breaks.is_empty() {
        return Ok(encode(out, before, &[SNAPSHOT, json.as_bytes()]));
    }
    let breaks = serde_json::to_vec(breaks)?;
    let parts = [BREAKS, &breaks, SNAPSHOT_AFTER_BREAKS, json.as_bytes()];
    Ok(encode(out, before, &parts))
}

fn encode(out: &mut Vec<u8>, before: Link, parts: &[&[u8]]) -> Link {
    let start = out.len();
    let seq = before.seq + 1;
    out.extend_from_slice(SEQ);
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{seq}");
    out.extend_from_slice(PREV);
    before.digest.write_hex(out);
    for part in parts {
        out.extend_from_slice(part);
    }
    let digest = Digest::of(out.get(start..).unwrap_or_default());
    out.extend_from_slice(DIGEST);
    digest.write_hex(out);
    out.extend_from_slice(END);
    out.push(b'\n');
    Link { seq, digest }
}

/// Reads a line, given without its line feed.
pub(crate) fn decode(line: &[u8]) -> Result<Line<'_>, What> {
    let (covered, digest) = split_digest(line).ok_or(What::Malformed)?;
    if Digest::of(covered) != digest {
        return Err(What::Digest);
    }
    let (seq, prev, payload) = read_covered(covered).ok_or(What::Malformed)?;
    Ok(Line { link: Link { seq, digest }, prev, payload })
}

/// The number that the beginning of a line bears; the line is not checked.
pub(crate) fn number_of(start: &[u8]) -> Option<u64> {
    let rest = start.strip_prefix(SEQ)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at_checked(digits)?;
    rest.strip_prefix(PREV)?;
    str::from_utf8(digits).ok()?.parse().ok()
}

fn split_digest(line: &[u8]) -> Option<(&[u8], Digest)> {
    let covered = line.len().checked_sub(DIGEST.len() + DIGITS + END.len())?;
    let (covered, end) = line.split_at_checked(covered)?;
    let hex = end.strip_prefix(DIGEST)?.strip_suffix(END)?;
    Some((covered, Digest::from_hex(hex)?))
}

fn read_covered(covered: &[u8]) -> Option<(u64, Digest, Payload<'_>)> {
    let rest = covered.strip_prefix(SEQ)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at_checked(digits)?;
    if digits.starts_with(b"0") {
        return None;
    }
    let seq = str::from_utf8(digits).ok()?.parse().ok()?;
    let (prev, rest) = rest.strip_prefix(PREV)?.split_at_checked(DIGITS)?;
    Some((seq, Digest::from_hex(prev)?, read_payload(rest)?))
}

fn read_payload(rest: &[u8]) -> Option<Payload<'_>> {
    if let Some(json) = rest.strip_prefix(RECORD) {
        return object(json).map(Payload::Record);
    }
    if let Some(json) = rest.strip_prefix(SNAPSHOT) {
        let breaks = Vec::new();
        return object(json).map(|state| Payload::Snapshot { state, breaks });
    }
    let rest = rest.strip_prefix(BREAKS)?;
    let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Vec<Break>>();
    let breaks = values.next()?.ok()?;
    let json = rest.get(values.byte_offset()..)?.strip_prefix(SNAPSHOT_AFTER_BREAKS)?;
    object(json).map(|state| Payload::Snapshot { state, breaks })
}

/// The text, if it is one JSON object and nothing around it.
fn object(json: &[u8]) -> Option<&str> {
    let json = str::from_utf8(json).ok()?;
    let value: &RawValue = serde_json::from_str(json).ok()?;
    (json.starts_with('{') && value.get().len() == json.len()).then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_line_are_those_of_the_format() {
        let mut out = Vec::new();
        let link = encode_record(&mut out, Link::GENESIS, r#"{"event":"a"}"#);
        let covered = format!(r#"{{"seq":1,"prev":"{}","record":{{"event":"a"}}"#, "0".repeat(64));
        let digest = Digest::of(covered.as_bytes());
        assert_eq!(link, Link { seq: 1, digest });
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("{covered},\"digest\":\"{digest}\"}}\n")
        );
    }

    #[test]
    fn every_kind_of_line_reads_back() {
        let breaks = vec![
            Break { segment: 3, line: 17, offset: 5120, file: Some(Digest::of(b"x")) },
            Break { segment: 4, line: 0, offset: 0, file: None },
        ];
        let before = Link { seq: 41, digest: Digest::of(b"before") };
        for breaks in [vec![], breaks] {
            let mut out = Vec::new();
            let link = encode_snapshot(&mut out, before, "{}", &breaks).unwrap();
            assert_eq!(out.pop(), Some(b'\n'));
            let payload = Payload::Snapshot { state: "{}", breaks };
            assert_eq!(decode(&out), Ok(Line { link, prev: before.digest, payload }));
        }
    }

    #[test]
    fn a_line_with_a_right_digest_over_a_wrong_form_is_malformed() {
        let zeros = "0".repeat(64);
        for covered in [
            format!(r#"{{"seq":01,"prev":"{zeros}","record":{{}}"#),
            format!(r#"{{"seq":,"prev":"{zeros}","record":{{}}"#),
            format!(r#"{{"seq":1,"prev":"{zeros}","record":[]"#),
            format!(r#"{{"seq":1,"prev":"{zeros}","record": {{}}"#),
            format!(r#"{{"seq":1,"prev":"{zeros}","record":{{}},"seq":2"#),
            format!(r#"{{"seq":1,"prev":"{zeros}","breaks":{{}},"snapshot":{{}}"#),
            format!(r#"{{"seq":99999999999999999999,"prev":"{zeros}","record":{{}}"#),
            r#"{"seq":1,"record":{}"#.to_owned(),
        ] {
            let digest = Digest::of(covered.as_bytes());
            let line = format!("{covered},\"digest\":\"{digest}\"}}");
            assert_eq!(decode(line.as_bytes()), Err(What::Malformed), "{line}");
        }
    }
}
