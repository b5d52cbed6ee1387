//! One segment, line by line, each checked against the one before.

use std::io;
use std::path::Path;

use crate::broken::{Break, Broken, What};
use crate::digest::Digest;
use crate::directory::open_to_read;
use crate::line::{FRAME_BYTES_MAX, Line, Link, Payload, decode};
use crate::record::{RECORD_BYTES_MAX, SNAPSHOT_BYTES_MAX};
use crate::scan::{Scanned, Scanner};

/// The most bytes that a list of acknowledged breaks takes in a line.
pub(crate) const BREAKS_BYTES_MAX: usize = 1024 * 1024;

/// The longest line of a record, in bytes with its line feed.
const LINE_BYTES_MAX: usize = RECORD_BYTES_MAX + FRAME_BYTES_MAX;

/// The longest first line of a segment, in bytes with its line feed.
pub(crate) const FIRST_LINE_BYTES_MAX: usize =
    SNAPSHOT_BYTES_MAX + BREAKS_BYTES_MAX + FRAME_BYTES_MAX;

/// The segment that starts empty, where all others start with a snapshot.
pub(crate) const FIRST_SEGMENT: u32 = 1;

/// A line that verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number of its segment.
    pub segment: u32,
    /// Its line in the segment, from 1.
    pub line: u64,
    /// Its first byte in the segment's file.
    pub offset: u64,
    /// Its length in bytes, with the line feed.
    pub bytes: u64,
    /// Its number and digest.
    pub link: Link,
    /// What it says.
    pub content: Content,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The JSON of a record, as it was given.
    Record(Box<str>),
    /// The first line of a segment.
    Snapshot {
        /// The JSON of the state, as it was given.
        state: Box<str>,
        /// The breaks that root acknowledged with it.
        breaks: Vec<Break>,
    },
}

/// What comes next in a segment.
pub(crate) enum Step {
    Entry(Entry),
    /// The line at which an acknowledged break is.
    Break,
    /// Bytes at the end that are the beginning of a line, and how many.
    Tail(u64),
    End,
}

/// Why it does not go on.
pub(crate) enum WalkError {
    Broken(Broken),
    Io(io::Error),
}

impl From<io::Error> for WalkError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A way through one segment.
pub(crate) struct Walk {
    scanner: Scanner,
    segment: u32,
    lines: u64,
    follows: Option<Link>,
    break_at_line: Option<u64>,
}

impl Walk {
    /// Starts at the first line, which must follow the place `follows`, if one is
    /// given, and stops before the line `break_at_line`.
    pub(crate) fn of(
        path: &Path,
        segment: u32,
        follows: Option<Link>,
        break_at_line: Option<u64>,
    ) -> io::Result<Self> {
        Ok(Self {
            scanner: Scanner::new(open_to_read(path)?),
            segment,
            lines: 0,
            follows,
            break_at_line,
        })
    }

    pub(crate) fn segment(&self) -> u32 {
        self.segment
    }

    /// The lines passed.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// The bytes passed.
    pub(crate) fn offset(&self) -> u64 {
        self.scanner.offset()
    }

    /// The place that the next line must follow.
    pub(crate) fn follows(&self) -> Option<Link> {
        self.follows
    }

    pub(crate) fn next(&mut self) -> Result<Step, WalkError> {
        let line = self.lines + 1;
        if self.break_at_line == Some(line) {
            return Ok(Step::Break);
        }
        let offset = self.scanner.offset();
        let first = line == 1;
        let bytes_max = if first { FIRST_LINE_BYTES_MAX } else { LINE_BYTES_MAX };
        let checked = match self.scanner.next(bytes_max)? {
            Scanned::End => return Ok(Step::End),
            Scanned::Tail { bytes, total } => check_tail(bytes).map(|()| Step::Tail(total)),
            Scanned::TooLong => Err(What::TooLong { bytes_max: bytes_max as u64 }),
            Scanned::Line(bytes) => decode(bytes)
                .and_then(|found| place(self.segment, first, self.follows, found))
                .map(|(link, content)| {
                    Step::Entry(Entry {
                        segment: self.segment,
                        line,
                        offset,
                        bytes: bytes.len() as u64 + 1,
                        link,
                        content,
                    })
                }),
        };
        let step = checked.map_err(|what| {
            WalkError::Broken(Broken { segment: self.segment, line, offset, what })
        })?;
        if let Step::Entry(entry) = &step {
            self.lines = line;
            self.follows = Some(entry.link);
        }
        Ok(step)
    }
}

/// Checks that a line may be where it is.
fn place(
    segment: u32,
    first: bool,
    follows: Option<Link>,
    line: Line<'_>,
) -> Result<(Link, Content), What> {
    let snapshot_due = first && segment != FIRST_SEGMENT;
    let content = match line.payload {
        Payload::Record(_) if snapshot_due => return Err(What::NoSnapshot),
        Payload::Snapshot { .. } if !snapshot_due => return Err(What::StraySnapshot),
        Payload::Record(json) => Content::Record(json.into()),
        Payload::Snapshot { state, breaks } => Content::Snapshot { state: state.into(), breaks },
    };
    follow(follows, line.link.seq, line.prev)?;
    Ok((line.link, content))
}

fn follow(follows: Option<Link>, seq: u64, prev: Digest) -> Result<(), What> {
    let Some(before) = follows else {
        return Ok(());
    };
    let expected = before.seq + 1;
    if seq != expected {
        return Err(What::Sequence { expected, found: seq });
    }
    if prev != before.digest {
        return Err(What::Prev);
    }
    Ok(())
}

/// A crash leaves the beginning of a line, never a whole one and another byte.
fn check_tail(bytes: &[u8]) -> Result<(), What> {
    match bytes.split_last() {
        Some((_, whole)) if decode(whole).is_ok() => Err(What::AlteredEnd),
        _ => Ok(()),
    }
}
