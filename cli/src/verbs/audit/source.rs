//! The ledger's records, in order.

use std::io;

use serde::Serialize;
use serde_json::value::RawValue;
use writ_engine::record::Record;
use writ_ledger::{Content, Entry, ReadError, Reader};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;

/// Where it lies.
pub(crate) const LEDGER: &str = "/var/lib/writ/ledger";

/// Why the ledger gives nothing more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// Not for the caller.
    #[error(
        "only root and the members of the group adm may read the ledger; try `sudo writ audit`"
    )]
    NotYours,
    /// No agent has run yet.
    #[error("there is no ledger yet in {LEDGER}; the agent starts one when it runs first")]
    None,
    /// It is broken, or the disk is.
    #[error(transparent)]
    Read(ReadError),
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let exit = match error {
            SourceError::NotYours => Exit::NotYours,
            SourceError::None | SourceError::Read(_) => Exit::Failed,
        };
        Self::verb(exit, error)
    }
}

impl From<ReadError> for SourceError {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::File(file) if file.source.kind() == io::ErrorKind::PermissionDenied => {
                Self::NotYours
            }
            ReadError::File(file) if file.source.kind() == io::ErrorKind::NotFound => Self::None,
            ReadError::File(_) | ReadError::Broken(_) => Self::Read(error),
        }
    }
}

/// One event of the ledger.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its number in the chain, from 1.
    pub(crate) seq: u64,
    /// What it says; `None` for an event of a newer version.
    pub(crate) record: Option<Record>,
    /// Its JSON as it stands in the ledger.
    json: Box<RawValue>,
}

/// An event as `--json` prints it: the ledger's own fields.
#[derive(Debug, Serialize)]
pub(crate) struct PrintedEvent<'a> {
    seq: u64,
    record: &'a RawValue,
}

impl Line {
    pub(crate) fn printed(&self) -> PrintedEvent<'_> {
        PrintedEvent { seq: self.seq, record: &self.json }
    }

    /// `None` for what is no event: the snapshots that segments start with.
    fn of(entry: Entry) -> Option<Self> {
        let Content::Record(json) = entry.content else {
            return None;
        };
        let record = serde_json::from_str(&json).ok();
        // It verified, so it is JSON.
        let json = RawValue::from_string(json.into()).ok()?;
        Some(Self { seq: entry.link.seq, record, json })
    }
}

/// All events, oldest first. An error is the last item: what precedes it verified.
///
/// # Errors
/// When there is no ledger, or it is not for the caller to read.
pub(crate) fn lines(
    host: &Host,
) -> Result<impl Iterator<Item = Result<Line, SourceError>>, SourceError> {
    let reader = Reader::open(&host.path(LEDGER))?;
    Ok(reader.filter_map(|entry| match entry {
        Ok(entry) => Line::of(entry).map(Ok),
        Err(error) => Some(Err(error.into())),
    }))
}

/// When the newest event that can be read was recorded, in milliseconds since
/// 1970-01-01 UTC.
///
/// # Errors
/// When there is no ledger, or it is not for the caller to read.
pub(crate) fn newest_record_wall_ms(host: &Host) -> Result<Option<u64>, SourceError> {
    let newest = lines(host)?.map_while(Result::ok).filter_map(|line| line.record).last();
    Ok(newest.map(|record| record.at.wall.0))
}
