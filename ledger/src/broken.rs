//! Where and how a chain does not verify.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The first place at which the ledger does not verify.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("segment {segment:08}.jsonl, line {line}, byte {offset}: {what}")]
pub struct Broken {
    /// The number of the segment.
    pub segment: u32,
    /// The line in the segment, from 1; 0 if the segment is missing.
    pub line: u64,
    /// The first byte of that line in the file, from 0.
    pub offset: u64,
    /// What is not as it should be there.
    pub what: What,
}

/// What is wrong with a line or a segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum What {
    /// A number between two segments that are there.
    #[error("the segment is missing, though older and newer ones are there")]
    Missing,
    /// Only a segment that has just been started behind others has no line yet.
    #[error("the segment has no line, though it is not a new one behind others")]
    Empty,
    /// Not the bytes that the format prescribes.
    #[error("the line does not have the form of a ledger line")]
    Malformed,
    /// The line's own digest.
    #[error("the digest of the line is not that of its bytes, so it was altered")]
    Digest,
    /// The line verifies by itself, but its number is another.
    #[error("the line has the number {found} where {expected} is due")]
    Sequence {
        /// The number that follows the line before.
        expected: u64,
        /// The number that the line bears.
        found: u64,
    },
    /// The line verifies by itself, but names another line before it.
    #[error("the line does not name the digest of the line before it")]
    Prev,
    /// No line feed within the longest line that the format allows.
    #[error("the line is longer than {bytes_max} bytes")]
    TooLong {
        /// The limit for a line at this place.
        bytes_max: u64,
    },
    /// Only the newest segment may end in an unfinished line.
    #[error("the last line is not finished, though a newer segment follows")]
    Unterminated,
    /// The newest segment's last line feed became another byte.
    #[error("the last line is whole, but the line feed after it was altered")]
    AlteredEnd,
    /// The first line of a segment is not a snapshot.
    #[error("the segment does not start with a snapshot")]
    NoSnapshot,
    /// A snapshot that is not the first line of a segment.
    #[error("there is a snapshot where only a record may be")]
    StraySnapshot,
    /// The next segment starts elsewhere in the chain than this one ends.
    #[error("the segment ends with line number {ends}, but the next one does not follow that line")]
    Discontinued {
        /// The `seq` of the last line here.
        ends: u64,
    },
    /// A segment with an acknowledged break is not what it was then.
    #[error("the segment was altered since its break was acknowledged")]
    EvidenceChanged,
    /// A segment with an acknowledged break is gone, older ones are not.
    #[error("the segment, whose break was acknowledged, is missing")]
    EvidenceMissing,
}

/// A break that root acknowledged, as the ledger itself records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// The number of the segment.
    pub segment: u32,
    /// The first line that did not verify, from 1; 0 if the segment was missing.
    pub line: u64,
    /// The first byte of that line.
    pub offset: u64,
    /// The SHA-256 of the whole segment as it was; none if it was missing.
    pub file: Option<Digest>,
}
