//! How far each collector is, kept over a restart.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::limits::POSITIONS_MAX;

const FILE: &str = "collectors.json";

/// The largest file, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Its number; 0 before the first.
    pub seq: u64,
    /// Its digest.
    pub digest: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    url: String,
    #[serde(flatten)]
    position: Position,
}

/// Why what is kept cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path} cannot be read; mend it, or remove it to have every event of the ledger sent again"
)]
pub struct PositionsError {
    path: String,
    source: io::Error,
}

/// The last event of each collector that counts as delivered; the latest is last.
#[derive(Debug)]
pub(crate) struct Positions {
    path: PathBuf,
    kept: RefCell<Vec<Kept>>,
}

impl Positions {
    /// Reads what is kept in a folder.
    pub(crate) fn read(folder: &Path) -> Result<Self, PositionsError> {
        let path = folder.join(FILE);
        let kept = match contents(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        let unread = |source| PositionsError { path: path.display().to_string(), source };
        let kept = RefCell::new(kept.map_err(unread)?);
        Ok(Self { path, kept })
    }

    /// Where a collector is; one that is not known is before the first event.
    pub(crate) fn of(&self, url: &str) -> Position {
        let kept = self.kept.borrow();
        let known = kept.iter().find(|kept| kept.url == url);
        known.map(|kept| kept.position.clone()).unwrap_or_default()
    }

    /// Keeps where a collector is: when this returns, it is on the disk.
    pub(crate) fn keep(&self, url: &str, position: Position) -> io::Result<()> {
        let mut kept = self.kept.borrow_mut();
        kept.retain(|kept| kept.url != url);
        kept.push(Kept { url: url.to_owned(), position });
        // The one that was not heard of for the longest time goes first.
        let beyond = kept.len().saturating_sub(POSITIONS_MAX);
        kept.drain(..beyond);
        let fresh = self.path.with_extension("new");
        let mut file =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(&*kept)?)?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}

fn contents(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seq: u64) -> Position {
        Position { seq, digest: format!("{seq:064x}") }
    }

    #[test]
    fn where_a_collector_is_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let positions = Positions::read(folder.path()).unwrap();
        assert_eq!(positions.of("udp://a:1"), Position::default());
        positions.keep("udp://a:1", at(7)).unwrap();
        positions.keep("udp://b:1", at(9)).unwrap();
        positions.keep("udp://a:1", at(8)).unwrap();
        let again = Positions::read(folder.path()).unwrap();
        assert_eq!((again.of("udp://a:1"), again.of("udp://b:1")), (at(8), at(9)));
    }

    #[test]
    fn only_so_many_are_kept_and_the_latest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let positions = Positions::read(folder.path()).unwrap();
        for number in 0..100 {
            positions.keep(&format!("udp://a:{number}"), at(number)).unwrap();
        }
        assert_eq!(positions.kept.borrow().len(), POSITIONS_MAX);
        assert_eq!(positions.of("udp://a:99"), at(99));
    }

    #[test]
    fn a_file_that_was_cut_off_is_named_and_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "[{\"url\"").unwrap();
        let error = Positions::read(folder.path()).unwrap_err();
        assert!(crate::sentence(&error).contains("collectors.json cannot be read"), "{error}");
    }
}
