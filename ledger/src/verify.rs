//! The whole ledger, checked and summed up.

use std::path::Path;

use crate::broken::{Break, Broken};
use crate::reader::{ReadError, Reader, Unfinished};
use crate::walk::Entry;
use crate::write::Head;

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Segments with a line that verified.
    pub segments: u64,
    /// Lines that verified.
    pub lines: u64,
    /// The oldest line: the chain starts there, and if its `seq` is not 1, older
    /// segments were removed.
    pub first: Option<Head>,
    /// The last line that verified. Compare it with a copy kept elsewhere: lines cut
    /// off at the end leave no other trace.
    pub head: Option<Head>,
    /// The breaks that root acknowledged, which are no errors.
    pub acknowledged: Vec<Break>,
    /// A line that was being written, or that a crash left.
    pub unfinished: Option<Unfinished>,
    /// The first break that nobody acknowledged. Nothing behind it was read.
    pub broken: Option<Broken>,
}

/// Checks every byte of the ledger in `directory`, also while the agent writes it.
///
/// # Errors
/// When it cannot be read. A break is not an error but in the report.
pub fn verify(directory: &Path) -> Result<Report, ReadError> {
    match read_all(directory) {
        Ok(report) if report.broken.is_none() => Ok(report),
        // The agent may have taken a write or a new segment back under our eyes.
        _ => read_all(directory),
    }
}

fn read_all(directory: &Path) -> Result<Report, ReadError> {
    let mut reader = Reader::open(directory)?;
    let mut report = Report {
        segments: 0,
        lines: 0,
        first: None,
        head: None,
        acknowledged: Vec::new(),
        unfinished: None,
        broken: None,
    };
    for entry in &mut reader {
        match entry {
            Ok(entry) => report.count(&entry),
            Err(ReadError::Broken(broken)) => report.broken = Some(broken),
            Err(error @ ReadError::File(_)) => return Err(error),
        }
    }
    report.acknowledged = reader.breaks().to_vec();
    report.unfinished = reader.unfinished();
    Ok(report)
}

impl Report {
    fn count(&mut self, entry: &Entry) {
        let head = Head { segment: entry.segment, link: entry.link };
        self.lines += 1;
        self.segments += u64::from(entry.line == 1);
        self.first = self.first.or(Some(head));
        self.head = Some(head);
    }
}
