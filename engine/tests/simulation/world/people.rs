//! People who decide, revoke and take back.

use super::*;

impl World {
    pub(super) fn somebody_decides(&mut self) {
        let Some((id, right)) = self.some_request(Stage::Pending) else { return };
        let mut people = everybody();
        // Who is on call answers more than who is not.
        if self.random.one_in(2) {
            people.retain(|person| is_on_call(&self.settings, person));
        }
        let people = if people.is_empty() { everybody() } else { people };
        let person = self.random.pick(&people).clone();
        let digest = if self.random.one_in(8) { "0".repeat(64) } else { right };
        let word = if self.random.one_in(8) { Word::Deny } else { Word::Approve };
        let event = Event::Decided {
            person: person.clone(),
            id,
            digest: digest.clone(),
            word,
            comment: self.random.one_in(4).then(|| "as agreed".into()),
            lasts: self.random.one_in(4).then(|| Span(self.random.between(1_000, 60_000))),
            uses: self.random.one_in(4).then_some(1),
        };
        let must = self.model.stories[&id].must_count(self.now, &person, &digest, &self.settings);
        match self.handle(event.clone()) {
            Heard::Answered(Ok(_)) => {
                assert!(must, "{person:?} was heard on {id}");
                assert!(self.ledger.is_synced(), "a decision that a power cut could undo");
            }
            Heard::Answered(Err(refusal)) => {
                assert!(!must, "{person:?} was not heard on {id}: {refusal}")
            }
            Heard::NoRecord | Heard::Nobody => {}
        }
        if self.random.one_in(6) {
            self.mail.push(event);
        }
    }

    /// Some request, more likely one of that stage.
    pub(super) fn some_request(&mut self, likely: Stage) -> Option<(RequestId, String)> {
        let any = self.random.one_in(4);
        let engine = self.engine.as_ref()?;
        let all: Vec<(RequestId, String)> = engine
            .list()
            .filter(|listed| any || listed.stage == likely)
            .map(|listed| (listed.id, listed.opened.digest.clone()))
            .collect();
        (!all.is_empty()).then(|| self.random.pick(&all).clone())
    }

    pub(super) fn somebody_takes_back(&mut self) {
        let Some((id, _)) = self.some_request(Stage::Granted) else { return };
        let people = everybody();
        let person = self.random.pick(&people).clone();
        let story = &self.model.stories[&id];
        let (open, granted) = (story.is_open(), story.is_granted());
        let heard = match self.random.one_in(2) {
            true => (open, self.handle(Event::Cancelled { person, id })),
            false => (granted, self.handle(Event::GivenBack { person, id })),
        };
        if let (possible, Heard::Answered(Ok(_))) = heard {
            assert!(
                possible
                    && !self.model.stories[&id].is_open()
                    && !self.model.stories[&id].is_granted()
            );
            assert!(self.ledger.is_synced());
        }
    }

    pub(super) fn somebody_revokes(&mut self) {
        let Some((id, _)) = self.some_request(Stage::Granted) else { return };
        let people = everybody();
        let person = self.random.pick(&people).clone();
        let may = person.is_root() || is_on_call(&self.settings, &person);
        let granted = self.model.stories[&id].is_granted();
        match self.handle(Event::Revoked { person, id, comment: None }) {
            Heard::Answered(Ok(_)) => {
                assert!(may && granted && !self.model.stories[&id].is_granted());
                assert!(self.ledger.is_synced());
            }
            Heard::Answered(Err(_)) => assert!(!may || !granted),
            Heard::NoRecord | Heard::Nobody => {}
        }
    }
}
