//! Root's way on after a break: the evidence is kept, and the ledger says so itself.

use std::error::Error;
use std::path::{Path, PathBuf};

use crate::broken::{Break, Broken};
use crate::catalog::Catalog;
use crate::digest::Digest;
use crate::directory::{Directory, DirectoryError, FileError, open_to_read, rename_if_free};
use crate::line::Link;
use crate::open::OpenError;
use crate::reader::{ReadError, Reader, Unfinished};
use crate::record::Snapshot;
use crate::storage::{Disk, Storage as _};
use crate::tail::{Torn, cut_off};
use crate::walk::{BREAKS_BYTES_MAX, Entry, Step, Walk, WalkError};
use crate::write::{Head, Options, WriteError, begin_segment};

/// The longest JSON of one break, in bytes.
const BREAK_BYTES_MAX: usize = 256;

/// The most breaks that can be acknowledged at once.
const BREAKS_MAX: usize = BREAKS_BYTES_MAX / BREAK_BYTES_MAX;

/// Why a break was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum AcknowledgeError {
    /// The whole ledger verifies.
    #[error("the ledger is not broken, so there is nothing to acknowledge")]
    NotBroken,
    /// More than a line can tell of.
    #[error(
        "more than {BREAKS_MAX} segments are broken or missing; move the ledger's directory away \
         and start a new one"
    )]
    TooMany,
    /// As when the ledger is opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The segment that states the break could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<DirectoryError> for AcknowledgeError {
    fn from(error: DirectoryError) -> Self {
        Self::Open(error.into())
    }
}

impl From<FileError> for AcknowledgeError {
    fn from(error: FileError) -> Self {
        Self::Open(error.into())
    }
}

/// The breaks of a ledger that is locked until this is dropped. Nothing is changed
/// before [`Acknowledgement::commit`].
pub struct Acknowledgement {
    directory: Directory,
    catalog: Catalog,
    breaks: Vec<Break>,
    head: Head,
    tail: Option<Unfinished>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// The first line of the new segment.
    pub head: Head,
    /// The breaks that it states.
    pub breaks: Vec<Break>,
    /// The files in which the broken segments are kept.
    pub kept: Vec<PathBuf>,
    /// An unfinished line at the end, which was cut off as on opening.
    pub torn: Option<Torn>,
}

impl Acknowledgement {
    /// Reads the whole ledger in `directory` and finds its breaks. `replay` is given
    /// the lines, up to a break, of the newest segment that has any which verify, for
    /// the snapshot that the ledger will go on from.
    ///
    /// # Errors
    /// When it is not broken, when another process has it open, when `replay` fails,
    /// when the system refuses.
    pub fn prepare<E: Into<Box<dyn Error + Send + Sync>>>(
        directory: &Path,
        options: Options,
        replay: impl FnMut(Entry) -> Result<(), E>,
    ) -> Result<Self, AcknowledgeError> {
        let directory = Directory::lock(directory, options.group)?;
        let mut reader = Reader::open(directory.path()).map_err(OpenError::from)?;
        let mut breaks = Vec::new();
        let mut last: Option<Head> = None;
        while let Some(entry) = reader.next() {
            match entry {
                Ok(entry) => {
                    last = Some(Head { segment: entry.segment, link: entry.link });
                }
                Err(ReadError::Broken(broken)) => {
                    if breaks.len() == BREAKS_MAX {
                        return Err(AcknowledgeError::TooMany);
                    }
                    breaks.push(record(reader.catalog(), &broken)?);
                    reader.pass_over(&broken);
                }
                Err(ReadError::File(error)) => return Err(error.into()),
            }
        }
        if breaks.is_empty() {
            return Err(AcknowledgeError::NotBroken);
        }
        let tail = reader.unfinished();
        let catalog = Catalog::of(directory.path())?;
        if let Some(last) = last
            && let Some(path) = catalog.file(last.segment)
        {
            replay_until(path, last, replay)?;
        }
        let newest = catalog.newest().unwrap_or(0);
        let unstarted = tail.is_some_and(|tail| tail.offset == 0);
        let head = Head {
            segment: if unstarted { newest.saturating_sub(1) } else { newest },
            link: last.map_or(Link::GENESIS, |last| last.link),
        };
        Ok(Self { directory, catalog, breaks, head, tail })
    }

    /// The breaks, oldest first.
    #[must_use]
    pub fn breaks(&self) -> &[Break] {
        &self.breaks
    }

    /// Starts a new segment that states the breaks and goes on from `snapshot`, and
    /// then sets the broken segments aside under the name `….broken`.
    ///
    /// # Errors
    /// When the new segment cannot be written, or a broken one not be renamed; in
    /// the latter case the breaks are acknowledged nevertheless.
    pub fn commit(self, snapshot: &Snapshot) -> Result<Acknowledged, AcknowledgeError> {
        let storage = &mut Disk;
        let torn = match self.tail {
            Some(tail) => {
                let started = tail.offset > 0;
                Some(cut_off(&self.directory, storage, tail, started)?)
            }
            None => None,
        };
        let (_, tip) = begin_segment(&self.directory, storage, self.head, snapshot, &self.breaks)?;
        let mut kept = Vec::new();
        for found in &self.breaks {
            let Some(path) = self.catalog.file(found.segment) else {
                continue;
            };
            let aside = self.catalog.broken_name(found.segment);
            let renamed = rename_if_free(path, &aside).map_err(FileError::at(path))?;
            kept.push(if renamed { aside } else { path.to_path_buf() });
        }
        storage
            .sync_directory(self.directory.handle())
            .map_err(FileError::at(self.directory.path()))?;
        Ok(Acknowledged { head: tip.head, breaks: self.breaks, kept, torn })
    }
}

/// What the ledger will say of a break.
fn record(catalog: &Catalog, broken: &Broken) -> Result<Break, FileError> {
    let path = catalog.file(broken.segment);
    let file = match path {
        Some(path) => Some(
            open_to_read(path)
                .and_then(|mut file| Digest::of_reader(&mut file))
                .map_err(FileError::at(path))?,
        ),
        None => None,
    };
    Ok(Break {
        segment: broken.segment,
        line: if file.is_some() { broken.line } else { 0 },
        offset: if file.is_some() { broken.offset } else { 0 },
        file,
    })
}

/// Gives the lines of a segment from its first to `last`, which were all read before.
fn replay_until<E: Into<Box<dyn Error + Send + Sync>>>(
    path: &Path,
    last: Head,
    mut replay: impl FnMut(Entry) -> Result<(), E>,
) -> Result<(), OpenError> {
    let mut walk = Walk::of(path, last.segment, None, None).map_err(FileError::at(path))?;
    loop {
        let entry = match walk.next() {
            Ok(Step::Entry(entry)) => entry,
            Ok(Step::Break | Step::Tail(_) | Step::End) => return Ok(()),
            Err(WalkError::Broken(broken)) => return Err(broken.into()),
            Err(WalkError::Io(source)) => return Err(FileError::at(path)(source).into()),
        };
        let (line, done) = (entry.line, entry.link == last.link);
        replay(entry).map_err(|error| OpenError::Replay {
            segment: last.segment,
            line,
            source: error.into(),
        })?;
        if done {
            return Ok(());
        }
    }
}
