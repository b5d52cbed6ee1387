//! The doors that are there: of this process alone, gone when it ends.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::collections::btree_map::{BTreeMap, Entry};
use alloc::vec::Vec;

use crate::event::Wish;
use crate::facts::{Act, AttemptId, Door, Person};
use crate::id::RequestId;
use crate::time::BootTime;

/// What a door asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) person: Person,
    pub(crate) act: Act,
    pub(crate) wish: Wish,
}

/// An attempt that has not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) asked: Asked,
    pub(crate) stand: Stand,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// The file of its command is looked at.
    Examining,
    /// It waits for people, no longer than this where nobody is there.
    Waiting { id: RequestId, until: Option<BootTime> },
    /// One use of a grant is kept for it.
    Reserved { id: RequestId },
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attempts {
    by_name: BTreeMap<AttemptId, Box<Attempt>>,
    deadlines: BTreeSet<(BootTime, AttemptId)>,
    /// In the order in which they came.
    waiting: BTreeMap<RequestId, Vec<AttemptId>>,
    reserved: BTreeMap<RequestId, BTreeSet<AttemptId>>,
}

impl Attempt {
    /// Whether it will run: `writ request` only asks.
    pub(crate) fn will_run(&self) -> bool {
        self.asked.act.door != Door::Writ
    }
}

impl Attempts {
    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    pub(crate) fn get(&self, attempt: &AttemptId) -> Option<&Attempt> {
        self.by_name.get(attempt).map(AsRef::as_ref)
    }

    /// Those that wait for a request, in the order in which they came.
    pub(crate) fn waiting_for(
        &self,
        id: RequestId,
    ) -> impl Iterator<Item = (&AttemptId, &Attempt)> {
        let names = self.waiting.get(&id).into_iter().flatten();
        names.filter_map(|name| Some((name, self.get(name)?)))
    }

    /// Those that a use of a grant is kept for.
    pub(crate) fn reserved_of(&self, id: RequestId) -> impl Iterator<Item = &AttemptId> {
        self.reserved.get(&id).into_iter().flatten()
    }

    pub(crate) fn deadlines(&self) -> impl Iterator<Item = &(BootTime, AttemptId)> {
        self.deadlines.iter()
    }

    pub(crate) fn set(&mut self, name: AttemptId, stands: Option<Box<Attempt>>) {
        self.unlink(&name);
        let Some(attempt) = stands else { return };
        match attempt.stand {
            Stand::Examining => {}
            Stand::Waiting { id, until } => {
                self.waiting.entry(id).or_default().push(name.clone());
                self.deadlines.extend(until.map(|at| (at, name.clone())));
            }
            Stand::Reserved { id } => {
                self.reserved.entry(id).or_default().insert(name.clone());
            }
        }
        self.by_name.insert(name, attempt);
    }

    fn unlink(&mut self, name: &AttemptId) {
        let Some(old) = self.by_name.remove(name) else { return };
        match old.stand {
            Stand::Examining => {}
            Stand::Waiting { id, until } => {
                if let Entry::Occupied(mut names) = self.waiting.entry(id) {
                    names.get_mut().retain(|other| other != name);
                    if names.get().is_empty() {
                        names.remove();
                    }
                }
                if let Some(at) = until {
                    self.deadlines.remove(&(at, name.clone()));
                }
            }
            Stand::Reserved { id } => {
                if let Entry::Occupied(mut names) = self.reserved.entry(id) {
                    names.get_mut().remove(name);
                    if names.get().is_empty() {
                        names.remove();
                    }
                }
            }
        }
    }
}
