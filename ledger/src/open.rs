//! Opening the ledger for writing: check, replay, and mend what a crash left.

use std::error::Error;
use std::path::Path;

use crate::broken::Broken;
use crate::catalog::{Catalog, GapError, segment_path};
use crate::directory::{Directory, DirectoryError, FileError, open_to_append};
use crate::line::Link;
use crate::reader::{ReadError, Reader};
use crate::storage::{Disk, Storage};
use crate::tail::{Torn, cut_off};
use crate::walk::{Entry, FIRST_SEGMENT};
use crate::write::{Head, Ledger, Options, Tip};

/// Why the ledger was not opened. Nothing was changed on disk then, but for
/// [`OpenError::File`], which may come after a torn line was cut off.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory: locked, too open, or not there.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Somebody or something altered what is written.
    #[error(
        "the ledger is broken at {0}; look at the file and at its copies, and acknowledge the \
         break to go on behind it"
    )]
    Broken(Broken),
    /// The caller could not use a record.
    #[error("segment {segment:08}.jsonl, line {line}: the record cannot be replayed: {source}")]
    Replay {
        /// The number of the segment.
        segment: u32,
        /// The line in it, from 1.
        line: u64,
        /// What the caller said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The system refused.
    #[error("the ledger cannot be opened: {0}")]
    File(#[from] FileError),
}

impl From<Broken> for OpenError {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Broken(broken) => Self::Broken(broken),
            ReadError::File(error) => Self::File(error),
        }
    }
}

impl From<GapError> for OpenError {
    fn from(error: GapError) -> Self {
        match error {
            GapError::Broken(broken) => Self::Broken(broken),
            GapError::File(error) => Self::File(error),
        }
    }
}

/// What was found when the ledger was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The last line.
    pub head: Head,
    /// How many lines were replayed.
    pub replayed: u64,
    /// The unfinished line that a crash left, now cut off.
    pub torn: Option<Torn>,
}

impl Ledger<Disk> {
    /// Opens the ledger in `directory` for writing, and creates it if it is not
    /// there (the directory above must be). `replay` is given the newest segment's
    /// lines in order: its snapshot, then the records; segment 1 has no snapshot.
    ///
    /// Checked are the newest segment, the one before it and that the one follows
    /// the other, and that no segment between is missing or empty, so that the time
    /// does not grow with the ledger's age. [`verify`](crate::verify) checks all.
    ///
    /// # Errors
    /// When another process has it open, when it is broken, when `replay` fails,
    /// when the system refuses.
    pub fn open<E: Into<Box<dyn Error + Send + Sync>>>(
        directory: &Path,
        options: Options,
        replay: impl FnMut(Entry) -> Result<(), E>,
    ) -> Result<(Self, Opened), OpenError> {
        Self::open_on(Disk, directory, options, replay)
    }
}

impl<S: Storage> Ledger<S> {
    /// [`Ledger::open`], with another way to change files.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_on<E: Into<Box<dyn Error + Send + Sync>>>(
        mut storage: S,
        directory: &Path,
        options: Options,
        mut replay: impl FnMut(Entry) -> Result<(), E>,
    ) -> Result<(Self, Opened), OpenError> {
        let directory = Directory::lock(directory, options.group)?;
        let catalog = Catalog::of(directory.path())?;
        catalog.check_without_gaps()?;
        let Some(current) = catalog.newest_started()? else {
            return create(storage, directory, options);
        };

        let first = catalog.oldest().max(current.checked_sub(1));
        let mut reader = Reader::from_segment(catalog, first);
        let mut tip = Tip::at_start_of(current);
        let mut replayed = 0;
        for entry in &mut reader {
            let entry = entry?;
            tip.pass(&entry);
            let (segment, line) = (entry.segment, entry.line);
            if segment == current {
                replayed += 1;
                replay(entry).map_err(|error| OpenError::Replay {
                    segment,
                    line,
                    source: error.into(),
                })?;
            }
        }
        let torn = match reader.unfinished() {
            Some(tail) => {
                let started = tail.segment == current;
                Some(cut_off(&directory, &mut storage, tail, started)?)
            }
            None => None,
        };

        let path = segment_path(directory.path(), current);
        let file = open_to_append(&path).map_err(FileError::at(&path))?;
        // What was replayed is acted upon, so it must not go with the next power cut.
        storage.sync(&file).map_err(FileError::at(&path))?;
        let opened = Opened { head: tip.head, replayed, torn };
        Ok((Self::at(storage, directory, options, file, tip), opened))
    }
}

fn create<S: Storage>(
    mut storage: S,
    directory: Directory,
    options: Options,
) -> Result<(Ledger<S>, Opened), OpenError> {
    let path = segment_path(directory.path(), FIRST_SEGMENT);
    let file = directory.create(&path).map_err(FileError::at(&path))?;
    storage.sync_directory(directory.handle()).map_err(FileError::at(directory.path()))?;
    let tip = Tip::at_start_of(FIRST_SEGMENT);
    let opened = Opened {
        head: Head { segment: FIRST_SEGMENT, link: Link::GENESIS },
        replayed: 0,
        torn: None,
    };
    Ok((Ledger::at(storage, directory, options, file, tip), opened))
}
