//! A ledger in a temporary directory, and what the tests do with it.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use writ_ledger::{
    Content, Durability, Entry, Ledger, OpenError, Opened, Options, Record, Snapshot, WriteError,
};

pub(crate) struct Scene {
    _home: Option<TempDir>,
    pub(crate) directory: PathBuf,
}

/// Segments so short that two records of [`record`] fill one.
pub(crate) const SHORT: Options = Options { segment_bytes: 300, group: None };

impl Scene {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("ledger");
        Self { _home: Some(home), directory }
    }

    /// A ledger that somebody else has in hand.
    pub(crate) fn at(directory: PathBuf) -> Self {
        Self { _home: None, directory }
    }

    /// A ledger with the events 1 to `count`, in short segments or in one.
    pub(crate) fn with(count: u64, options: Options) -> Self {
        let scene = Self::new();
        let (mut ledger, mut events, _) = scene.open(options).unwrap();
        for event in 1..=count {
            write(&mut ledger, &mut events, event).unwrap();
        }
        scene
    }

    /// Opens it and gives all events, those in the snapshot first.
    pub(crate) fn open(&self, options: Options) -> Result<(Ledger, Vec<u64>, Opened), OpenError> {
        let mut events = Vec::new();
        let (ledger, opened) = Ledger::open(&self.directory, options, |entry| {
            replay(&mut events, &entry);
            Ok::<_, Infallible>(())
        })?;
        Ok((ledger, events, opened))
    }

    pub(crate) fn segment(&self, number: u32) -> PathBuf {
        self.directory.join(format!("{number:08}.jsonl"))
    }

    pub(crate) fn read(&self, number: u32) -> Vec<u8> {
        fs::read(self.segment(number)).unwrap()
    }

    pub(crate) fn write(&self, number: u32, bytes: &[u8]) {
        fs::write(self.segment(number), bytes).unwrap();
    }

    pub(crate) fn lines(&self, number: u32) -> Vec<Vec<u8>> {
        let bytes = self.read(number);
        bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// The names in the directory with their contents.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files(&self.directory)
    }
}

fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

pub(crate) fn record(event: u64) -> Record {
    Record::from_json(&format!("{{\"event\":{event}}}")).unwrap()
}

pub(crate) fn snapshot(events: &[u64]) -> Snapshot {
    Snapshot::from_json(&format!("{{\"events\":{events:?}}}")).unwrap()
}

/// Appends an event and rotates when it is time, as the agent does.
pub(crate) fn write(
    ledger: &mut Ledger,
    events: &mut Vec<u64>,
    event: u64,
) -> Result<(), WriteError> {
    ledger.append(&[record(event)], Durability::Synced)?;
    events.push(event);
    if ledger.rotation_due() {
        ledger.rotate(&snapshot(events))?;
    }
    Ok(())
}

pub(crate) fn replay(events: &mut Vec<u64>, entry: &Entry) {
    match &entry.content {
        Content::Record(json) => events.push(number(json)),
        Content::Snapshot { state, .. } => {
            assert!(events.is_empty(), "a snapshot comes first");
            let list = state
                .strip_prefix("{\"events\":[")
                .and_then(|list| list.strip_suffix("]}"))
                .unwrap();
            events.extend(list.split_terminator(", ").map(|event| {
                let event: u64 = event.parse().unwrap();
                event
            }));
        }
    }
}

/// The number in a record.
pub(crate) fn number(json: &str) -> u64 {
    json.strip_prefix("{\"event\":")
        .and_then(|json| json.strip_suffix('}'))
        .unwrap()
        .parse()
        .unwrap()
}

pub(crate) fn upto(count: u64) -> Vec<u64> {
    (1..=count).collect()
}
