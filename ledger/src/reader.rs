//! All segments, oldest first, without locking and without writing.

use std::path::Path;

use crate::broken::{Break, Broken, What};
use crate::catalog::{Catalog, empty, missing};
use crate::digest::Digest;
use crate::directory::{FileError, open_to_read};
use crate::line::Link;
use crate::walk::{Entry, FIRST_SEGMENT, Step, Walk, WalkError};

/// Why reading ends early.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The ledger does not verify.
    #[error("the ledger is broken at {0}")]
    Broken(#[from] Broken),
    /// The system refused.
    #[error("the ledger cannot be read: {0}")]
    File(#[from] FileError),
}

/// Bytes at the end of the newest segment that are no line yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// The number of the segment.
    pub segment: u32,
    /// Where they start.
    pub offset: u64,
    /// How many they are; 0 if a new segment is still empty.
    pub bytes: u64,
}

/// Reads and checks a ledger, one line in memory at a time.
///
/// It may read while the agent writes. It then gives what was there at some moment,
/// and [`Reader::unfinished`] tells of a line that was being written. A write that
/// the agent takes back at that very moment, for want of space, can look like a
/// break at the end; a break is one if it is there on a second reading, which
/// [`verify`](crate::verify) does by itself.
///
/// After an error it gives nothing more.
pub struct Reader {
    catalog: Catalog,
    next_segment: Option<u32>,
    walk: Option<Walk>,
    follows: Option<Link>,
    end_before: Option<Broken>,
    unfinished: Option<Unfinished>,
    breaks: Vec<Break>,
}

impl Reader {
    /// Reads the ledger in `directory` from its oldest segment.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn open(directory: &Path) -> Result<Self, ReadError> {
        let catalog = Catalog::of(directory)?;
        let oldest = catalog.oldest();
        Ok(Self::from_segment(catalog, oldest))
    }

    /// Reads from the first line of the segment that holds line number `seq`, or of the
    /// oldest one where that is gone. What precedes it is taken on trust.
    ///
    /// # Errors
    /// When the directory or a segment cannot be read.
    pub fn open_at(directory: &Path, seq: u64) -> Result<Self, ReadError> {
        let catalog = Catalog::of(directory)?;
        let segment = catalog.holding(seq)?;
        Ok(Self::from_segment(catalog, segment))
    }

    /// Starts at one segment; what precedes it, if anything, is taken on trust.
    pub(crate) fn from_segment(catalog: Catalog, segment: Option<u32>) -> Self {
        Self {
            catalog,
            next_segment: segment,
            walk: None,
            follows: (segment == Some(FIRST_SEGMENT)).then_some(Link::GENESIS),
            end_before: None,
            unfinished: None,
            breaks: Vec::new(),
        }
    }

    /// Once all is read: what the newest segment ends with, if it is not a line.
    #[must_use]
    pub fn unfinished(&self) -> Option<Unfinished> {
        self.unfinished
    }

    /// The acknowledged breaks passed so far.
    #[must_use]
    pub fn breaks(&self) -> &[Break] {
        &self.breaks
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// After a break: goes on with the segment behind the broken one.
    pub(crate) fn pass_over(&mut self, broken: &Broken) {
        self.walk = None;
        self.follows = None;
        self.end_before = None;
        self.next_segment = Some(broken.segment.saturating_add(1));
    }

    fn step(&mut self) -> Result<Option<Entry>, ReadError> {
        loop {
            let Some(walk) = &mut self.walk else {
                match self.enter()? {
                    true => continue,
                    false => return Ok(None),
                }
            };
            match walk.next() {
                Ok(Step::Entry(entry)) => {
                    self.end_before = None;
                    return Ok(Some(entry));
                }
                Ok(Step::Break) => self.leave_at_break(),
                Ok(Step::End) => self.leave(0)?,
                Ok(Step::Tail(bytes)) => self.leave(bytes)?,
                Err(WalkError::Broken(broken)) => return Err(self.blame(broken).into()),
                Err(WalkError::Io(source)) => {
                    let path = self.catalog.name(walk.segment());
                    return Err(FileError { path, source }.into());
                }
            }
        }
    }

    /// Opens the next segment, or says that there is none.
    fn enter(&mut self) -> Result<bool, ReadError> {
        let newest = self.catalog.newest();
        let Some(segment) = self.next_segment.filter(|next| Some(*next) <= newest) else {
            return Ok(false);
        };
        self.next_segment = Some(segment.saturating_add(1));
        let acknowledged = self.catalog.acknowledged(segment).cloned();
        let Some(path) = self.catalog.file(segment) else {
            return match acknowledged {
                Some(found) if found.file.is_none() => {
                    self.breaks.push(found);
                    self.follows = None;
                    self.end_before = None;
                    Ok(true)
                }
                Some(found) => Err(located(&found, What::EvidenceMissing).into()),
                None => Err(missing(segment).into()),
            };
        };
        if let Some(found) = &acknowledged {
            let mut file = open_to_read(path).map_err(FileError::at(path))?;
            let digest = Digest::of_reader(&mut file).map_err(FileError::at(path))?;
            if found.file != Some(digest) {
                return Err(located(found, What::EvidenceChanged).into());
            }
        }
        let break_at_line = acknowledged.as_ref().map(|found| found.line);
        let walk = Walk::of(path, segment, self.follows, break_at_line);
        self.walk = Some(walk.map_err(FileError::at(path))?);
        Ok(true)
    }

    /// Leaves a segment that ends here, with `tail_bytes` that are no line.
    fn leave(&mut self, tail_bytes: u64) -> Result<(), Broken> {
        let Some(walk) = self.walk.take() else {
            return Ok(());
        };
        let segment = walk.segment();
        let newest = self.catalog.newest() == Some(segment);
        let only = self.catalog.oldest() == Some(segment);
        let started = walk.lines() > 0;
        let end = |what| Broken { segment, line: walk.lines() + 1, offset: walk.offset(), what };
        if newest {
            if !started && only && segment != FIRST_SEGMENT {
                return Err(empty(segment));
            }
            if tail_bytes > 0 || !(started || only) {
                self.unfinished =
                    Some(Unfinished { segment, offset: walk.offset(), bytes: tail_bytes });
            }
            return Ok(());
        }
        if tail_bytes > 0 {
            return Err(end(What::Unterminated));
        }
        if !started {
            return Err(empty(segment));
        }
        self.follows = walk.follows();
        self.end_before = self.follows.map(|link| end(What::Discontinued { ends: link.seq }));
        Ok(())
    }

    fn leave_at_break(&mut self) {
        let segment = self.walk.take().map(|walk| walk.segment());
        let found = segment.and_then(|segment| self.catalog.acknowledged(segment));
        self.breaks.extend(found.cloned());
        self.follows = None;
        self.end_before = None;
    }

    /// A segment whose first line is whole but does not follow the segment before is
    /// as good as that one: it is the older that lost its end.
    fn blame(&mut self, broken: Broken) -> Broken {
        match (&broken.what, self.end_before.take()) {
            (What::Sequence { .. } | What::Prev, Some(end)) => end,
            _ => broken,
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step().transpose();
        if matches!(step, None | Some(Err(_))) {
            self.walk = None;
            self.next_segment = None;
        }
        step
    }
}

fn located(found: &Break, what: What) -> Broken {
    Broken { segment: found.segment, line: found.line, offset: found.offset, what }
}
