//! What a crash left at the end of the newest segment: kept aside, then cut off.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::catalog::segment_path;
use crate::directory::{Directory, FileError, open_to_append, open_to_read};
use crate::reader::Unfinished;
use crate::storage::Storage;

/// How much of a torn line is kept, in bytes, for each place at which lines tore.
pub const TORN_BYTES_MAX: u64 = 64 * 1024;

/// A line that a crash left unfinished, and that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Where it was.
    pub tail: Unfinished,
    /// The file that keeps its bytes; none if there are none, or if they could not
    /// be kept, as on a full disk.
    pub kept_in: Option<PathBuf>,
}

/// Cuts `tail` off. A segment that has nothing else, and is not the only one, is
/// taken away, as its snapshot was never written.
pub(crate) fn cut_off(
    directory: &Directory,
    storage: &mut impl Storage,
    tail: Unfinished,
    in_started_segment: bool,
) -> Result<Torn, FileError> {
    let path = segment_path(directory.path(), tail.segment);
    // Cutting comes before keeping in importance: on a full disk the agent must
    // still start, and cutting makes room.
    let kept_in = keep(directory, storage, tail, &path).unwrap_or_default();
    if in_started_segment {
        let segment = open_to_append(&path).map_err(FileError::at(&path))?;
        storage
            .truncate(&segment, tail.offset)
            .and_then(|()| storage.sync(&segment))
            .map_err(FileError::at(&path))?;
    } else {
        fs::remove_file(&path).map_err(FileError::at(&path))?;
    }
    storage.sync_directory(directory.handle()).map_err(FileError::at(directory.path()))?;
    Ok(Torn { tail, kept_in })
}

fn keep(
    directory: &Directory,
    storage: &mut impl Storage,
    tail: Unfinished,
    path: &Path,
) -> io::Result<Option<PathBuf>> {
    if tail.bytes == 0 {
        return Ok(None);
    }
    let name = format!("torn-{:08}-{}", tail.segment, tail.offset);
    let side_path = directory.path().join(name);
    let mut side: File = directory.open_or_create(&side_path)?;
    // Lines may tear at the same place again: the file then grows up to its limit.
    let room = TORN_BYTES_MAX.saturating_sub(side.metadata()?.len());
    let mut torn = open_to_read(path)?;
    torn.seek(SeekFrom::Start(tail.offset))?;
    let mut bytes = Vec::new();
    torn.take(room).read_to_end(&mut bytes)?;
    side.write_all(&bytes)?;
    storage.sync(&side)?;
    Ok(Some(side_path))
}
