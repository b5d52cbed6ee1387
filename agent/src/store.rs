//! Opening the ledger, and going on after a break.

use std::path::{Path, PathBuf};

use nix::unistd::Group;
use writ_engine::Engine;
use writ_engine::state::ReplayError;
use writ_ledger::{
    AcknowledgeError, Acknowledgement, Content, Entry, Ledger, OpenError, Options, Snapshot,
};

use crate::core::Store;
use crate::sentence;

/// The group that may read the ledger, where the host has it (Debian: it reads
/// logs).
const READERS: &str = "adm";

/// A record that the engine does not take back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotOurs {
    /// It cannot be read.
    #[error("it was written by another version of Writ, or by another program: {0}")]
    Unread(#[from] serde_json::Error),
    /// It does not follow from those before it.
    #[error(transparent)]
    Stray(#[from] ReplayError),
}

/// The ledger as it was found.
pub(crate) struct Found {
    /// The engine, as replaying gives it; of a broken ledger, a new one.
    pub engine: Engine,
    /// The ledger, or why there is none.
    pub store: Store,
    /// A torn last line that was cut off, in bytes.
    pub torn_bytes: Option<u64>,
}

fn options() -> Options {
    let group = Group::from_name(READERS).ok().flatten().map(|group| group.gid.as_raw());
    Options { group, ..Options::default() }
}

/// Opens the ledger and replays it. One that is broken is not opened: the agent
/// starts all the same, refuses everything and says why.
///
/// # Errors
/// When another agent has it, or the system refuses.
pub(crate) fn open(directory: &Path) -> Result<Found, OpenError> {
    let mut engine = Engine::new();
    match Ledger::open(directory, options(), |entry| replay(&mut engine, entry)) {
        Ok((ledger, opened)) => Ok(Found {
            engine,
            store: Store::Open(Box::new(ledger)),
            torn_bytes: opened.torn.map(|torn| torn.tail.bytes),
        }),
        Err(error @ (OpenError::Broken(_) | OpenError::Replay { .. })) => Ok(Found {
            engine: Engine::new(),
            store: Store::Sealed(sentence(&error)),
            torn_bytes: None,
        }),
        Err(error) => Err(error),
    }
}

fn replay(engine: &mut Engine, entry: Entry) -> Result<(), NotOurs> {
    match entry.content {
        Content::Record(json) => engine.replay(&serde_json::from_str(&json)?)?,
        Content::Snapshot { state, .. } => *engine = Engine::restore(&state)?,
    }
    Ok(())
}

/// What comes of [`acknowledge`].
pub(crate) struct Acknowledged {
    /// The engine, as it was before the break.
    pub engine: Engine,
    /// The ledger, which goes on.
    pub ledger: Ledger,
    /// The files that hold what was put aside.
    pub kept: Vec<PathBuf>,
}

/// Root has seen the break: sets it aside and goes on from what was before it.
///
/// # Errors
/// When there is no break, or the system refuses.
pub(crate) fn acknowledge(directory: &Path) -> Result<Acknowledged, AcknowledgeError> {
    let mut engine = Engine::new();
    let acknowledgement =
        Acknowledgement::prepare(directory, options(), |entry| replay(&mut engine, entry))?;
    let unwritable =
        |source| AcknowledgeError::Open(OpenError::Replay { segment: 0, line: 0, source });
    let state = engine.snapshot().map_err(|error| unwritable(error.into()))?;
    let snapshot = Snapshot::from_json(&state).map_err(|error| unwritable(error.into()))?;
    let done = acknowledgement.commit(&snapshot)?;
    let mut engine = Engine::new();
    let (ledger, _) = Ledger::open(directory, options(), |entry| replay(&mut engine, entry))?;
    Ok(Acknowledged { engine, ledger, kept: done.kept })
}
