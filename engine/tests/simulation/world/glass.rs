//! Break-glass without the agent: doors let people pass by themselves and write it to the
//! disk, and the agent puts it on record when it is there again.

use super::*;
use crate::cast::same_human;

impl World {
    pub(super) fn the_glass_is_broken(&mut self) {
        let person = self.random.pick(&everybody()).clone();
        let act = some_act(&mut self.random);
        let (high, low) = (self.random.number(), self.random.number());
        let attempt = AttemptId::parse(&format!("{high:016x}{low:016x}")).unwrap();
        let leader = Leader { pid: 5, started_ticks: self.truth.len() as u64 };
        let truth = Truth { person: person.clone(), aim: act.aim.clone(), leader };
        self.truth.insert(attempt.clone(), truth);
        let about = About {
            attempt: self.random.one_in(2).then(|| attempt.clone()),
            requester: person,
            act,
            reason: Some("the agent does not answer".into()),
            ticket: None,
            sha256: None,
            source: Source::default(),
        };
        self.broke.insert(attempt.clone());
        self.spool.push_back((LetPass { at: self.now.wall, attempt }, about));
    }

    /// The agent reads what was let pass, the oldest first, and forgets each only when it
    /// is on record. It may be lost before it forgets, and reads that one again.
    pub(super) fn the_spool_is_read(&mut self) {
        while let Some((passed, about)) = self.spool.front().cloned() {
            let attempt = passed.attempt.clone();
            let known = self.model.glass_of(&attempt);
            let event = Event::GlassReported { passed, about: Box::new(about) };
            match self.handle(event) {
                Heard::Answered(told) => {
                    assert!(told.is_ok(), "{told:?}: it has happened");
                    let id = self.model.glass_of(&attempt).expect("it is on record");
                    let synced = known.is_some() || self.ledger.is_synced();
                    assert!(synced, "a use that a power cut could undo");
                    let said = known.is_some() || self.announced.contains(&id);
                    assert!(said, "{id} was said to nobody");
                }
                Heard::NoRecord | Heard::Nobody => return,
            }
            if self.random.one_in(4) {
                return;
            }
            self.spool.pop_front();
        }
    }

    /// Somebody says that he has looked at a use, if only at his own.
    pub(super) fn somebody_reviews(&mut self) {
        let all: Vec<RequestId> = self.model.glass.keys().copied().collect();
        let open: Vec<RequestId> = self.model.open_reviews().into_iter().collect();
        let from = if open.is_empty() || self.random.one_in(8) { all } else { open };
        if from.is_empty() {
            return;
        }
        let id = *self.random.pick(&from);
        let person = self.random.pick(&everybody()).clone();
        let used = &self.model.glass[&id];
        let (reviewed, own) = (used.reviewed, same_human(&person, &used.about.requester));
        // Whoever takes an approver's place is one himself.
        let named = person.is_root() || is_on_call(&self.settings, &person);
        let event = Event::GlassReviewed { person: person.clone(), id, comment: None };
        match self.handle(event) {
            Heard::Answered(Ok(_)) => {
                assert!(!reviewed && !own && named, "{person:?} reviewed {id}");
                assert!(self.model.glass[&id].reviewed && self.ledger.is_synced());
            }
            Heard::Answered(Err(refusal)) => {
                let must = !reviewed && !own && person.is_root();
                assert!(!must, "root did not review {id}: {refusal}");
            }
            Heard::NoRecord | Heard::Nobody => {}
        }
    }
}
