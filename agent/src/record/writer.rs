//! The thread that hands entries to the journal.
//!
//! The journal may be slow, full or away; the loop that decides never waits for
//! it. What cannot be taken in time is counted and left to the ledger.
//!
//! Entries are gathered until [`JournalWriter::flush`]: each that journald gets
//! wakes it and the syslog daemon, and their work would be done between a sudo and
//! its answer.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Entry;
use super::journal::{JOURNAL_SOCKET, SYSLOG_SOCKET, native, send, syslog_line};

/// How many entries may wait for the journal.
const QUEUE_MAX: usize = 16_384;

/// How many entries are gathered at most before they are handed over.
const GATHERED_MAX: usize = 256;

/// How long one entry may wait for room in the journal's socket.
const SEND_MAX: Duration = Duration::from_secs(5);

/// Where the ledger has an event: its number and digest go into the journal, so
/// that a ledger whose tail was cut off can be told from a whole one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LedgerPlace {
    /// The number of the line, counted from 1.
    pub seq: u64,
    /// Its digest, hexadecimal.
    pub digest: String,
}

type Item = (Entry, Option<LedgerPlace>);

/// What both sides of the queue count. It is bounded by this and not by a channel of that
/// length, which would take its whole memory from the start.
#[derive(Debug, Default)]
struct Counts {
    /// Entries that wait for the journal.
    waiting: AtomicUsize,
    /// Entries that it did not take.
    dropped: AtomicU64,
}

/// The way to the journal.
#[derive(Debug)]
pub(crate) struct JournalWriter {
    gathered: Vec<Item>,
    queue: Option<Sender<Item>>,
    counts: Arc<Counts>,
    thread: Option<JoinHandle<()>>,
}

impl JournalWriter {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start() -> io::Result<Self> {
        let (queue, entries) = channel();
        let counts = Arc::new(Counts::default());
        let counter = Arc::clone(&counts);
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_all(&entries, &counter))?;
        Ok(Self { gathered: Vec::new(), queue: Some(queue), counts, thread: Some(thread) })
    }

    /// Keeps an entry for the next [`JournalWriter::flush`].
    pub(crate) fn put(&mut self, entry: Entry, place: Option<LedgerPlace>) {
        self.gathered.push((entry, place));
        if self.gathered.len() >= GATHERED_MAX {
            self.flush();
        }
    }

    /// Whether a flush would hand anything over.
    #[must_use]
    pub(crate) fn needs_flush(&self) -> bool {
        !self.gathered.is_empty()
    }

    /// Hands over what was gathered; never waits.
    pub(crate) fn flush(&mut self) {
        let Some(queue) = &self.queue else { return };
        for item in self.gathered.drain(..) {
            let is_full = self.counts.waiting.load(Ordering::Relaxed) >= QUEUE_MAX;
            // Only this side adds, so that it is never more than may be.
            self.counts.waiting.fetch_add(usize::from(!is_full), Ordering::Relaxed);
            if is_full || queue.send(item).is_err() {
                self.counts.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// How many entries the journal did not take.
    #[must_use]
    pub(crate) fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for JournalWriter {
    /// What waits is still written.
    fn drop(&mut self) {
        self.flush();
        self.queue.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write_all(entries: &Receiver<Item>, counts: &Counts) {
    let mut target = None;
    for (entry, place) in entries {
        counts.waiting.fetch_sub(1, Ordering::Relaxed);
        // The journal may have been restarted: once more with a new connection.
        let written = write(&mut target, &entry, place.as_ref()).or_else(|_| {
            target = None;
            write(&mut target, &entry, place.as_ref())
        });
        if written.is_err() {
            target = None;
            counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

enum Target {
    Journal(UnixDatagram),
    Syslog(UnixDatagram),
}

fn write(
    target: &mut Option<Target>,
    entry: &Entry,
    place: Option<&LedgerPlace>,
) -> io::Result<()> {
    let target = match target {
        Some(target) => target,
        None => target.insert(connect()?),
    };
    let line = entry.line();
    match target {
        Target::Journal(socket) => {
            let seq = place.map(|place| place.seq.to_string());
            let place: Vec<(&str, &str)> = match (place, &seq) {
                (Some(place), Some(seq)) => {
                    vec![
                        ("WRIT_LEDGER_SEQ", seq.as_str()),
                        ("WRIT_LEDGER_HEAD", place.digest.as_str()),
                    ]
                }
                _ => Vec::new(),
            };
            send(socket, &native(entry, &line, &place))
        }
        Target::Syslog(socket) => socket.send(syslog_line(entry, &line).as_bytes()).map(drop),
    }
}

fn connect() -> io::Result<Target> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(SEND_MAX))?;
    if socket.connect(JOURNAL_SOCKET).is_ok() {
        return Ok(Target::Journal(socket));
    }
    socket.connect(SYSLOG_SOCKET)?;
    Ok(Target::Syslog(socket))
}
