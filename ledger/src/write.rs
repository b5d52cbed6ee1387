//! The open ledger: appending, syncing, and starting new segments.

use std::fs::{self, File};
use std::io;

use crate::broken::Break;
use crate::catalog::{SEGMENT_MAX, segment_path};
use crate::directory::Directory;
use crate::line::{Link, encode_record, encode_snapshot};
use crate::record::{Record, Snapshot};
use crate::storage::{Disk, Storage};
use crate::walk::{Content, Entry};

/// How long a segment gets, in bytes after its snapshot, before a new one is due.
pub const SEGMENT_BYTES_DEFAULT: u64 = 16 * 1024 * 1024;

/// The most bytes of lines that one call of [`Ledger::append`] writes.
pub const BATCH_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How a ledger is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// When a new segment is due, in bytes after the snapshot.
    pub segment_bytes: u64,
    /// The group that may read it, if not the process's own (`adm`, say).
    pub group: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: SEGMENT_BYTES_DEFAULT, group: None }
    }
}

/// When [`Ledger::append`] returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Once the records, and all before them, are on the disk.
    Synced,
    /// Once the kernel has them: they outlive the process, not a power cut.
    WrittenThrough,
}

/// The last line of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The segment that it is in.
    pub segment: u32,
    /// Its number and digest.
    pub link: Link,
}

/// Why something was not written. In each case the caller must treat it as not
/// recorded.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Nothing was written, or all of it was taken back; the next call may succeed.
    #[error(
        "the ledger could not be written, and nothing was: {source}; make room on its disk, or \
         check it"
    )]
    NotWritten {
        /// What the system said.
        source: io::Error,
    },
    /// Part of it was written and could not be taken back.
    #[error(
        "the ledger could not be written, nor could the part that was written be taken back: \
         {source}; check its disk and restart the agent"
    )]
    NotTakenBack {
        /// What the system said to taking it back.
        source: io::Error,
    },
    /// Whether it is on the disk is not known. After a failed fsync(2) the kernel may
    /// drop what it could not write and report no error the next time, so trying
    /// again would prove nothing.
    #[error(
        "the disk did not confirm that the ledger is written: {source}; check it and restart the \
         agent"
    )]
    NotSynced {
        /// What the system said.
        source: io::Error,
    },
    /// An earlier error left the end of the ledger in doubt.
    #[error("the ledger takes nothing more since an earlier error; restart the agent")]
    Poisoned,
    /// More than one call may write.
    #[error("{bytes} bytes are more than the {BATCH_BYTES_MAX} that one call may write")]
    TooLong {
        /// The length of the lines.
        bytes: usize,
    },
    /// The names have no higher number.
    #[error("there are {SEGMENT_MAX} segments, and no name for another")]
    NoMoreSegments,
}

/// Where the next line goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tip {
    pub(crate) head: Head,
    /// The length of the segment.
    bytes: u64,
    /// The part of it that is the snapshot's line.
    snapshot_bytes: u64,
}

impl Tip {
    pub(crate) fn at_start_of(segment: u32) -> Self {
        Self { head: Head { segment, link: Link::GENESIS }, bytes: 0, snapshot_bytes: 0 }
    }

    /// Moves behind a line that is there.
    pub(crate) fn pass(&mut self, entry: &Entry) {
        self.head = Head { segment: entry.segment, link: entry.link };
        self.bytes = entry.offset + entry.bytes;
        if entry.line == 1 {
            self.snapshot_bytes = match entry.content {
                Content::Snapshot { .. } => entry.bytes,
                Content::Record(_) => 0,
            };
        }
    }
}

/// A ledger, open for writing by this process alone.
///
/// After [`WriteError::NotTakenBack`] and [`WriteError::NotSynced`] it refuses
/// everything until it is opened again.
pub struct Ledger<S = Disk> {
    storage: S,
    directory: Directory,
    options: Options,
    file: File,
    tip: Tip,
    unsynced: bool,
    poisoned: bool,
}

impl<S: Storage> Ledger<S> {
    pub(crate) fn at(
        storage: S,
        directory: Directory,
        options: Options,
        file: File,
        tip: Tip,
    ) -> Self {
        Self { storage, directory, options, file, tip, unsynced: false, poisoned: false }
    }

    /// The last line.
    #[must_use]
    pub fn head(&self) -> Head {
        self.tip.head
    }

    /// Whether something was written that only the kernel has yet.
    #[must_use]
    pub fn needs_sync(&self) -> bool {
        self.unsynced
    }

    /// Whether the segment is long enough that [`Ledger::rotate`] should be called.
    #[must_use]
    pub fn rotation_due(&self) -> bool {
        self.tip.bytes - self.tip.snapshot_bytes >= self.options.segment_bytes
    }

    /// Adds `records` at the end, all or none of them, and returns the new head.
    ///
    /// # Errors
    /// When they are not written, or not synced as asked.
    pub fn append(
        &mut self,
        records: &[Record],
        durability: Durability,
    ) -> Result<Head, WriteError> {
        self.refuse_if_poisoned()?;
        let mut lines = Vec::new();
        let mut link = self.tip.head.link;
        for record in records {
            link = encode_record(&mut lines, link, record.as_json());
        }
        if lines.len() > BATCH_BYTES_MAX {
            let bytes = lines.len();
            return Err(WriteError::TooLong { bytes });
        }
        if !lines.is_empty() {
            self.write(&lines)?;
            self.unsynced = true;
        }
        if durability == Durability::Synced {
            let synced = self.sync();
            if synced.is_err() {
                // The caller takes them as not recorded; so should the next replay,
                // as far as that is in our hands.
                let _ = self.storage.truncate(&self.file, self.tip.bytes);
            }
            synced?;
        }
        self.tip.head.link = link;
        self.tip.bytes += lines.len() as u64;
        Ok(self.tip.head)
    }

    /// Waits until all that was appended is on the disk.
    ///
    /// # Errors
    /// When the disk does not confirm it.
    pub fn sync(&mut self) -> Result<(), WriteError> {
        self.refuse_if_poisoned()?;
        if !self.unsynced {
            return Ok(());
        }
        if let Err(source) = self.storage.sync(&self.file) {
            self.poisoned = true;
            return Err(WriteError::NotSynced { source });
        }
        self.unsynced = false;
        Ok(())
    }

    /// Starts a new segment with `snapshot`: the state that all records so far give.
    /// It is durable on return. After [`WriteError::NotWritten`] the old segment
    /// goes on as if nothing had been tried.
    ///
    /// # Errors
    /// When the new segment cannot be written in full.
    pub fn rotate(&mut self, snapshot: &Snapshot) -> Result<Head, WriteError> {
        self.sync()?;
        let begun = begin_segment(&self.directory, &mut self.storage, self.tip.head, snapshot, &[]);
        // Only an attempt that left no trace may be followed by more lines here: they
        // would not be in the chain of a segment that is there after all.
        self.poisoned =
            matches!(begun, Err(WriteError::NotTakenBack { .. } | WriteError::NotSynced { .. }));
        (self.file, self.tip) = begun?;
        Ok(self.tip.head)
    }

    fn refuse_if_poisoned(&self) -> Result<(), WriteError> {
        match self.poisoned {
            true => Err(WriteError::Poisoned),
            false => Ok(()),
        }
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), WriteError> {
        let Err(source) = write_whole(&mut self.storage, &self.file, lines) else {
            return Ok(());
        };
        // Synced, so that what was refused is not there again after a power cut.
        let taken_back = self
            .storage
            .truncate(&self.file, self.tip.bytes)
            .and_then(|()| self.storage.sync(&self.file));
        match taken_back {
            Ok(()) => Err(WriteError::NotWritten { source }),
            Err(source) => {
                self.poisoned = true;
                Err(WriteError::NotTakenBack { source })
            }
        }
    }
}

/// Writes the segment behind the one of `head`, whose first line follows `head`.
pub(crate) fn begin_segment(
    directory: &Directory,
    storage: &mut impl Storage,
    head: Head,
    snapshot: &Snapshot,
    breaks: &[Break],
) -> Result<(File, Tip), WriteError> {
    let segment = head.segment + 1;
    if segment > SEGMENT_MAX {
        return Err(WriteError::NoMoreSegments);
    }
    let not_written = |source| WriteError::NotWritten { source };
    let mut line = Vec::new();
    let link = encode_snapshot(&mut line, head.link, snapshot.as_json(), breaks)
        .map_err(|error| not_written(error.into()))?;
    let path = segment_path(directory.path(), segment);
    let file = directory.create(&path).map_err(not_written)?;
    if let Err(source) = write_whole(storage, &file, &line) {
        // Synced, so that after a power cut it is not there again behind a segment that
        // got more lines meanwhile.
        let taken_back =
            fs::remove_file(&path).and_then(|()| storage.sync_directory(directory.handle()));
        return Err(match taken_back {
            Ok(()) => WriteError::NotWritten { source },
            Err(source) => WriteError::NotTakenBack { source },
        });
    }
    storage
        .sync(&file)
        .and_then(|()| storage.sync_directory(directory.handle()))
        .map_err(|source| WriteError::NotSynced { source })?;
    let bytes = line.len() as u64;
    let tip = Tip { head: Head { segment, link }, bytes, snapshot_bytes: bytes };
    Ok((file, tip))
}

/// One write(2): what it does not take in one go it has no room for.
fn write_whole(storage: &mut impl Storage, file: &File, bytes: &[u8]) -> io::Result<()> {
    let written = loop {
        match storage.append(file, bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => break result?,
        }
    };
    if written == bytes.len() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::StorageFull,
        format!("only {written} of {} bytes were written", bytes.len()),
    ))
}
