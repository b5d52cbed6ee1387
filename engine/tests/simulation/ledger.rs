//! A ledger that loses what a real one may lose, and nothing else.

use writ_engine::effect::Durability;
use writ_engine::facts::AttemptId;
use writ_engine::{Engine, Record};

use crate::random::Random;

/// Lines of JSON; what is synced survives a power cut, the rest a kill only.
pub(crate) struct Ledger {
    lines: Vec<String>,
    synced: usize,
    /// A snapshot, and how many lines it stands for.
    base: Option<(String, usize)>,
    /// The disk is full: nothing can be written.
    pub(crate) full: bool,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self { lines: Vec::new(), synced: 0, base: None, full: false }
    }

    /// All of the records, or none.
    pub(crate) fn append(&mut self, records: &[Record], durability: Durability) -> Result<(), ()> {
        if records.is_empty() {
            return Ok(());
        }
        if self.full {
            return Err(());
        }
        self.write(records);
        if durability == Durability::Synced {
            self.synced = self.lines.len();
        }
        Ok(())
    }

    /// The crash comes in the middle of the write: only the first so many are there.
    pub(crate) fn append_torn(&mut self, records: &[Record], kept: usize) {
        if !self.full {
            self.write(&records[..kept]);
        }
    }

    fn write(&mut self, records: &[Record]) {
        self.lines.extend(records.iter().map(|record| serde_json::to_string(record).unwrap()));
    }

    /// The power goes: a part of what was not synced is lost.
    pub(crate) fn cut_power(&mut self, random: &mut Random) {
        let kept = random.between(self.synced as u64, self.lines.len() as u64);
        self.lines.truncate(usize::try_from(kept).unwrap());
        self.synced = self.lines.len();
    }

    /// A new segment begins, with what is open.
    pub(crate) fn rotate(&mut self, snapshot: String) {
        self.synced = self.lines.len();
        self.base = Some((snapshot, self.lines.len()));
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.synced == self.lines.len()
    }

    /// Whether no power cut can take back that a command has started.
    pub(crate) fn has_synced_start(&self, attempt: &AttemptId) -> bool {
        let is_start =
            |line: &String| line.contains("command.started") && line.contains(attempt.as_str());
        self.lines[..self.synced].iter().any(is_start)
    }

    /// The records from that line on.
    pub(crate) fn records_from(&self, line: usize) -> impl Iterator<Item = Record> {
        self.lines[line..].iter().map(|line| serde_json::from_str(line).unwrap())
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// What a restarted agent knows.
    pub(crate) fn replayed(&self) -> Engine {
        let (mut engine, from) = match &self.base {
            Some((snapshot, from)) => (Engine::restore(snapshot).unwrap(), *from),
            None => (Engine::new(), 0),
        };
        for record in self.records_from(from) {
            engine.replay(&record).unwrap();
        }
        engine
    }
}
