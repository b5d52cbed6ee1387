//! A way through the ledger, as the events that the journal gets.
//!
//! A line of the ledger does not repeat what its request is about. So the lines are
//! replayed from the beginning of their segment, by an engine of the cursor's own, and
//! each event gets the fields that it had when it happened.
//!
//! Invariant: only lines up to the head that it is given are told, which are on the disk:
//! what a power cut takes away was told to nobody.

use std::path::PathBuf;

use writ_engine::state::ReplayError;
use writ_engine::{Engine, Record};
use writ_ledger::{Content, Entry as LedgerEntry, Link, ReadError, Reader};
use writ_protocol::courier::{Event, EventReply, Field};

use self::EventsError::Stray;
use super::story::Story;
use crate::record::Entry;

/// Events that are read at once at most.
const BATCH_EVENTS_MAX: usize = 64;

/// Values of events that are read at once, in bytes: when there are more, no further
/// event is added.
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// Why there are no events.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventsError {
    #[error(transparent)]
    Ledger(#[from] ReadError),
    #[error("line {0} of the ledger was written by another version of Writ: {1}")]
    Unread(u64, serde_json::Error),
    #[error("line {0} of the ledger does not follow from those before it: {1}")]
    Stray(u64, ReplayError),
    #[error("the ledger ends before line {0}, which it had")]
    Ends(u64),
}

/// A place in the ledger, and what was open there.
pub(super) struct Cursor {
    directory: PathBuf,
    /// The last line that was passed; lines up to it are not told.
    passed: u64,
    /// The digest that this line has, until it was seen.
    digest: Option<String>,
    reader: Option<Reader>,
    /// The reader has given nothing new yet.
    idle: bool,
    engine: Engine,
    story: Option<Story>,
    missing: u64,
    again: bool,
}

impl Cursor {
    /// Behind the line with that number and digest; 0 is before the first.
    pub(super) fn behind(directory: PathBuf, line: u64, digest: Option<String>) -> Self {
        Self {
            directory,
            passed: line,
            digest,
            reader: None,
            idle: true,
            engine: Engine::new(),
            story: None,
            missing: 0,
            again: false,
        }
    }

    /// Whether there may be anything to tell up to line `head`.
    pub(super) fn is_behind(&self, head: u64) -> bool {
        self.passed != head || self.digest.is_some()
    }

    /// The next events up to line `head`: some, or all, or none, where the lines are no
    /// events.
    ///
    /// # Errors
    /// When the ledger cannot be read or is broken.
    pub(super) fn read(&mut self, head: u64) -> Result<Vec<EventReply>, EventsError> {
        match self.advance(head) {
            // A line that was taken back while it was read looks like a break; a break
            // is one if it is there on a second reading.
            Err(EventsError::Ledger(ReadError::Broken(_))) => {
                self.reader = None;
                self.advance(head)
            }
            other => other,
        }
    }

    fn advance(&mut self, head: u64) -> Result<Vec<EventReply>, EventsError> {
        let mut told = Vec::new();
        let mut bytes = 0;
        while self.is_behind(head) && told.len() < BATCH_EVENTS_MAX && bytes < BATCH_BYTES_MAX {
            match self.next(head) {
                Ok(None) => {}
                Ok(Some(reply)) => {
                    let values = reply.event.fields.iter().map(|field| field.value.len());
                    bytes += values.sum::<usize>();
                    told.push(reply);
                }
                // What is whole before it is told; the error comes again.
                Err(_) if !told.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(told)
    }

    /// One step: what the next line tells, if it tells anything.
    fn next(&mut self, head: u64) -> Result<Option<EventReply>, EventsError> {
        if self.passed > head {
            // A ledger that was set back: its newest segment may hold what is new.
            self.rewind(head)?;
        }
        let Some(reader) = &mut self.reader else {
            return self.open_at(self.next_line()).map(|()| None);
        };
        match reader.next().transpose()? {
            Some(entry) => self.take(entry, head),
            None if self.idle => Err(EventsError::Ends(head)),
            None => {
                // It knows the segments that there were when it was opened.
                self.reader = None;
                Ok(None)
            }
        }
    }

    /// Passes a line; what it tells, if it is an event that was not told before.
    fn take(&mut self, entry: LedgerEntry, head: u64) -> Result<Option<EventReply>, EventsError> {
        let Link { seq, digest } = entry.link;
        let is_new = seq > self.passed;
        if is_new {
            // The line that is known by its digest is not there any more.
            self.digest = None;
            if self.passed > 0 {
                let between = seq.saturating_sub(self.passed).saturating_sub(1);
                self.missing = self.missing.saturating_add(between);
            }
            self.passed = seq;
            self.idle = false;
        }
        let reply = match entry.content {
            Content::Snapshot { state, .. } => {
                self.engine = Engine::restore(&state).map_err(|error| Stray(seq, error))?;
                self.story = None;
                None
            }
            Content::Record(json) => {
                let record: Record =
                    serde_json::from_str(&json).map_err(|error| EventsError::Unread(seq, error))?;
                let entry = self.pass(&record, seq)?;
                is_new.then(|| self.reply(entry, seq, digest.to_string(), &record))
            }
        };
        let is_another = |known: String| known != digest.to_string();
        if seq == self.passed && self.digest.take().is_some_and(is_another) {
            self.rewind(head)?;
        }
        Ok(reply)
    }

    /// The line that comes next: the one that is known by its digest is looked at first.
    fn next_line(&self) -> u64 {
        if self.digest.is_some() { self.passed } else { self.passed.saturating_add(1) }
    }

    fn open_at(&mut self, line: u64) -> Result<(), EventsError> {
        self.reader = Some(Reader::open_at(&self.directory, line)?);
        self.idle = true;
        self.engine = Engine::new();
        self.story = None;
        Ok(())
    }

    /// Tells the whole segment that holds the line which was named: the ledger holds
    /// another line of that number, so that those around it may be others too.
    fn rewind(&mut self, head: u64) -> Result<(), EventsError> {
        let line = self.passed.min(head);
        self.digest = None;
        self.again = true;
        self.passed = 0;
        self.open_at(line)
    }

    /// What the journal has of a record, and makes it true.
    fn pass(&mut self, record: &Record, seq: u64) -> Result<Entry, EventsError> {
        let (entry, story) = {
            let subject = self.engine.subject_of(record);
            let kept = self.story.as_ref().and_then(|story| story.subject_of(record));
            let subject = subject.or(kept);
            (Entry::new(record, subject.as_ref()), Story::of(record, subject.as_ref()))
        };
        self.story = story;
        self.engine.replay(record).map_err(|error| Stray(seq, error))?;
        Ok(entry)
    }

    fn reply(&mut self, entry: Entry, seq: u64, digest: String, record: &Record) -> EventReply {
        let fields = entry.fields.into_iter();
        let fields = fields.map(|field| Field { name: field.name.to_owned(), value: field.value });
        EventReply {
            event: Event {
                seq,
                digest,
                wall_ms: record.at.wall.0,
                event: entry.event.to_owned(),
                priority: entry.priority,
                fields: fields.collect(),
            },
            missing: std::mem::take(&mut self.missing),
            again: std::mem::take(&mut self.again),
        }
    }
}

#[cfg(test)]
mod tests;
