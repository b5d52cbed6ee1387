//! Which segments there are, and which breaks in them root has acknowledged.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::broken::{Break, Broken, What};
use crate::directory::{FileError, open_to_read};
use crate::line::{FIELD_WITHIN_BYTES, Payload, decode, number_of};
use crate::scan::{Scanned, Scanner};
use crate::walk::FIRST_LINE_BYTES_MAX;

const SUFFIX: &str = ".jsonl";
const BROKEN_SUFFIX: &str = ".jsonl.broken";
const NUMBER_DIGITS: usize = 8;

/// The highest number of a segment: what fits into its name.
pub(crate) const SEGMENT_MAX: u32 = 99_999_999;

/// The files of a directory at one moment.
pub(crate) struct Catalog {
    directory: PathBuf,
    segments: BTreeMap<u32, PathBuf>,
    acknowledged: BTreeMap<u32, Break>,
}

impl Catalog {
    /// Lists `directory`. Names that are not those of segments are passed over.
    pub(crate) fn of(directory: &Path) -> Result<Self, FileError> {
        let mut segments: BTreeMap<u32, PathBuf> = BTreeMap::new();
        let mut set_aside: BTreeMap<u32, PathBuf> = BTreeMap::new();
        for entry in fs::read_dir(directory).map_err(FileError::at(directory))? {
            let path = entry.map_err(FileError::at(directory))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if let Some(number) = number(name, SUFFIX) {
                segments.insert(number, path);
            } else if let Some(number) = number(name, BROKEN_SUFFIX) {
                set_aside.insert(number, path);
            }
        }
        // In order, as a later segment may acknowledge that evidence changed.
        let mut in_order: Vec<_> = segments.iter().chain(&set_aside).collect();
        in_order.sort_by_key(|(number, _)| **number);
        let mut acknowledged: BTreeMap<u32, Break> = BTreeMap::new();
        for (_, path) in in_order {
            let breaks = breaks_in(path).map_err(FileError::at(path))?;
            acknowledged.extend(breaks.into_iter().map(|found| (found.segment, found)));
        }
        // A segment that was set aside without the ledger saying so is missing.
        for (number, path) in set_aside {
            if acknowledged.get(&number).is_some_and(|found| found.file.is_some()) {
                segments.entry(number).or_insert(path);
            }
        }
        Ok(Self { directory: directory.to_path_buf(), segments, acknowledged })
    }

    pub(crate) fn oldest(&self) -> Option<u32> {
        self.segments.keys().next().copied()
    }

    pub(crate) fn newest(&self) -> Option<u32> {
        self.segments.keys().next_back().copied()
    }

    /// The file of a segment, if it is there.
    pub(crate) fn file(&self, number: u32) -> Option<&Path> {
        self.segments.get(&number).map(PathBuf::as_path)
    }

    pub(crate) fn acknowledged(&self, number: u32) -> Option<&Break> {
        self.acknowledged.get(&number)
    }

    /// The name that segment `number` has, or would have.
    pub(crate) fn name(&self, number: u32) -> PathBuf {
        segment_path(&self.directory, number)
    }

    /// The name that it gets when a break in it is acknowledged.
    pub(crate) fn broken_name(&self, number: u32) -> PathBuf {
        self.directory.join(format!("{number:0NUMBER_DIGITS$}{BROKEN_SUFFIX}"))
    }

    /// The newest segment that begins at line number `seq` or before it; the oldest
    /// there is, where they all begin behind it.
    pub(crate) fn holding(&self, seq: u64) -> Result<Option<u32>, FileError> {
        for (number, path) in self.segments.iter().rev() {
            let first = first_number(path).map_err(FileError::at(path))?;
            if first.is_some_and(|first| first <= seq) {
                return Ok(Some(*number));
            }
        }
        Ok(self.oldest())
    }

    /// The newest segment with a whole first line: where replaying starts. The
    /// newest of all has none if the agent died while it started that segment.
    pub(crate) fn newest_started(&self) -> Result<Option<u32>, FileError> {
        let Some(newest) = self.newest() else {
            return Ok(None);
        };
        let before = newest.checked_sub(1).filter(|_| self.oldest() < Some(newest));
        let (Some(before), Some(path)) = (before, self.file(newest)) else {
            return Ok(Some(newest));
        };
        let started = open_to_read(path).and_then(|file| {
            let mut scanner = Scanner::new(file);
            let first = scanner.next(FIRST_LINE_BYTES_MAX)?;
            Ok(matches!(first, Scanned::Line(_)))
        });
        match started.map_err(FileError::at(path))? {
            true => Ok(Some(newest)),
            false => Ok(Some(before)),
        }
    }

    /// The first number without its file, or with an empty one, in the middle.
    pub(crate) fn check_without_gaps(&self) -> Result<(), GapError> {
        let (Some(oldest), Some(newest)) = (self.oldest(), self.newest()) else {
            return Ok(());
        };
        for number in oldest..newest {
            if self.acknowledged.contains_key(&number) {
                continue;
            }
            let Some(path) = self.file(number) else {
                return Err(missing(number).into());
            };
            let metadata = fs::symlink_metadata(path).map_err(FileError::at(path))?;
            if metadata.len() == 0 {
                return Err(empty(number).into());
            }
        }
        Ok(())
    }
}

/// Why the list of segments is not one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GapError {
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error(transparent)]
    File(#[from] FileError),
}

pub(crate) fn segment_path(directory: &Path, number: u32) -> PathBuf {
    directory.join(format!("{number:0NUMBER_DIGITS$}{SUFFIX}"))
}

pub(crate) fn missing(segment: u32) -> Broken {
    Broken { segment, line: 0, offset: 0, what: What::Missing }
}

pub(crate) fn empty(segment: u32) -> Broken {
    Broken { segment, line: 1, offset: 0, what: What::Empty }
}

fn number(name: &str, suffix: &str) -> Option<u32> {
    let digits = name.strip_suffix(suffix)?;
    let right = digits.len() == NUMBER_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok()?;
    (right && number > 0).then_some(number)
}

/// The number of a segment's first line, as it stands there; none where it has none yet.
fn first_number(path: &Path) -> io::Result<Option<u64>> {
    let mut start = Vec::new();
    open_to_read(path)?.take(FIELD_WITHIN_BYTES as u64).read_to_end(&mut start)?;
    Ok(number_of(&start))
}

/// The breaks that the first line of a segment acknowledges. A snapshot without any
/// is not read in full, as it may be long and there may be many.
fn breaks_in(path: &Path) -> io::Result<Vec<Break>> {
    let mut start = Vec::new();
    open_to_read(path)?.take(FIELD_WITHIN_BYTES as u64).read_to_end(&mut start)?;
    let field = b"\"breaks\":";
    if !start.windows(field.len()).any(|window| window == field) {
        return Ok(Vec::new());
    }
    let mut scanner = Scanner::new(open_to_read(path)?);
    let Scanned::Line(line) = scanner.next(FIRST_LINE_BYTES_MAX)? else {
        return Ok(Vec::new());
    };
    // A line that does not verify acknowledges nothing; reading the segment says so.
    match decode(line).map(|line| line.payload) {
        Ok(Payload::Snapshot { breaks, .. }) => Ok(breaks),
        Ok(Payload::Record(_)) | Err(_) => Ok(Vec::new()),
    }
}
