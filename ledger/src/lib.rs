//! The ledger: the append-only, hash-chained JSON Lines store that is the only
//! store of the agent.
//!
//! It knows nothing of what it stores. A record is a JSON object that the caller
//! has serialised; the ledger wraps it, chains it, makes it durable, and gives it
//! back in order. [`Ledger`] writes, [`Reader`] and [`verify`] read without
//! locking, [`Acknowledgement`] is the administrator's way on after a break.
//!
//! # The format
//!
//! What follows is enough for a second implementation.
//!
//! ## Files
//!
//! The directory (mode 0750) holds segments `00000001.jsonl`, `00000002.jsonl`, …
//! (eight decimal digits, mode 0640), without gaps. Segments may be removed from
//! the oldest on; the chain then starts at the oldest that is there. Beside them:
//!
//! - `lock`: the writer holds flock(2) `LOCK_EX` on it;
//! - `torn-SEGMENT-OFFSET`: what a crash left of an unfinished line, cut off when
//!   the ledger was next opened, at most [`TORN_BYTES_MAX`] of it;
//! - `00000003.jsonl.broken`: a segment in which root acknowledged a break.
//!
//! ## Lines
//!
//! A segment is UTF-8 text of lines, each ended by one line feed. The bytes of a
//! line are exactly one of these, without any other white space outside of `{…}`:
//!
//! ```text
//! {"seq":17,"prev":"<64 hex>","record":{…},"digest":"<64 hex>"}
//! {"seq":18,"prev":"<64 hex>","snapshot":{…},"digest":"<64 hex>"}
//! {"seq":19,"prev":"<64 hex>","breaks":[…],"snapshot":{…},"digest":"<64 hex>"}
//! ```
//!
//! - `digest` is the SHA-256, in lowercase hexadecimal, of the bytes of the line
//!   before `,"digest":"`. What follows those is exactly `,"digest":"`, the 64
//!   digits, `"}` and the line feed, so that every byte of a line is covered.
//! - `prev` is the `digest` of the line before, across segments; 64 zeros in the
//!   first line of all.
//! - `seq` counts lines from 1, across segments, in decimal without leading zeros.
//! - `record` is one JSON object of at most [`RECORD_BYTES_MAX`] bytes, without a
//!   line feed in it.
//! - `snapshot` is one JSON object of at most [`SNAPSHOT_BYTES_MAX`] bytes: the
//!   state that replaying everything before it gives. It is the first line of each
//!   segment but segment 1, and never another line.
//! - `breaks` are the breaks that root acknowledged when the segment was started,
//!   each `{"segment":3,"line":17,"offset":5120,"file":"<64 hex>"}`: line 17 of
//!   segment 3, at byte 5120, is the first that does not verify; `file` is the
//!   SHA-256 of that whole segment, `null` if it was missing (then `line` and
//!   `offset` are 0).
//!
//! ## Breaks
//!
//! A segment with an acknowledged break, whether it bears the `.broken` name yet
//! or not, is read up to the line before the break, and the next segment's first
//! line is taken as it stands. If the break was in the newest segment, that line
//! is the one that acknowledges it, and its `seq` and `prev` follow the last line
//! that verified.
//!
//! ## Tails
//!
//! The newest segment may end in bytes without a line feed: the beginning of a line,
//! then any number of NUL bytes (file systems leave those after a power cut). A
//! reader takes them as a line that is being written, the next writer cuts them
//! off. The newest segment may also be empty, or hold such bytes only; the writer
//! then takes it away and goes on in the one before. A tail that would verify
//! without its last byte, where that byte is neither line feed nor NUL, is no
//! beginning of a line but an altered one, and so a break.
//!
//! A chain cannot show by itself that whole lines were cut off at its end, nor that
//! somebody rewrote all of it. For that the head must be known elsewhere, which is
//! what the copies in the journal and at collectors are for.
#![forbid(unsafe_code)]

mod acknowledge;
mod broken;
mod catalog;
mod digest;
mod directory;
mod line;
mod open;
mod reader;
mod record;
mod scan;
mod storage;
mod tail;
mod verify;
mod walk;
mod write;

pub use acknowledge::{AcknowledgeError, Acknowledged, Acknowledgement};
pub use broken::{Break, Broken, What};
pub use digest::Digest;
pub use directory::{DirectoryError, FileError};
pub use line::Link;
pub use open::{OpenError, Opened};
pub use reader::{ReadError, Reader, Unfinished};
pub use record::{RECORD_BYTES_MAX, Record, RecordError, SNAPSHOT_BYTES_MAX, Snapshot};
pub use storage::{Disk, Storage};
pub use tail::{TORN_BYTES_MAX, Torn};
pub use verify::{Report, verify};
pub use walk::{Content, Entry};
pub use write::{
    BATCH_BYTES_MAX, Durability, Head, Ledger, Options, SEGMENT_BYTES_DEFAULT, WriteError,
};
