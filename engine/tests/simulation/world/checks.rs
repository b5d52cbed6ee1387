//! What must hold after every turn, and at the end.

use super::*;

impl World {
    pub(super) fn read_ledger(&mut self) {
        for record in self.ledger.records_from(self.read) {
            let settings = self.engine.as_ref().map(|_| &self.settings);
            self.model.read(&record, settings, &self.truth, &self.found);
            self.reader.replay(&record).unwrap();
        }
        self.read = self.ledger.len();
    }

    pub(super) fn check(&mut self, turn: usize) {
        let Some(engine) = &self.engine else { return };
        if self.compared != self.ledger.len() || turn.is_multiple_of(16) {
            let told = engine.snapshot().unwrap();
            assert_eq!(
                told,
                self.reader.snapshot().unwrap(),
                "turn {turn}: the ledger tells another story"
            );
            self.compared = self.ledger.len();
        }
        let stand = |loans: &BTreeSet<(String, String, BootTime)>| {
            loans.iter().filter(|(_, _, until)| *until > self.now.boot).cloned().collect()
        };
        let (lent, granted): (BTreeSet<_>, BTreeSet<_>) =
            (stand(&self.lent), stand(&self.model.loans()));
        assert_eq!(lent, granted, "turn {turn}: what is lent is not what is granted");
        let forgotten: Vec<_> =
            self.model.outlived().difference(&self.told_to_end).cloned().collect();
        assert!(forgotten.is_empty(), "turn {turn}: {forgotten:?} are not ended");
        for (attempt, id) in &self.services {
            let story = &self.model.stories[id];
            assert!(story.runs(attempt), "turn {turn}: a service of {id} is not on record");
            assert!(story.is_granted(), "turn {turn}: a service runs on after the end of {id}");
        }
        let (open, told) = (engine.open_reviews(), self.model.open_reviews());
        assert_eq!(open, told, "turn {turn}: other uses of break-glass wait for a review");
        let mut listed = 0;
        for request in engine.list() {
            let story = &self.model.stories[&request.id];
            assert!(story.is_alive(), "turn {turn}: {} is over", request.id);
            assert!(!story.is_half_decided(), "turn {turn}: {} is half decided", request.id);
            let stands = story.is_open() || story.is_granted();
            assert!(
                !stands || !story.is_refused_by(&self.settings),
                "turn {turn}: {} is against the policy",
                request.id
            );
            assert_eq!(request.running, story.running());
            if story.is_granted() {
                assert_eq!(request.uses_left as usize, story.uses_left());
                let kept = self.doors.iter().filter(|door| {
                    let told = matches!(door.stand, Stand::Allowed(id) | Stand::Confirming(id) if id == request.id);
                    told && door.kept_in == self.life && door.will_run() && !story.runs(&door.attempt)
                });
                assert!(
                    story.window().is_some() || kept.count() <= story.uses_left(),
                    "turn {turn}: {} is promised too often",
                    request.id
                );
            }
            if let Some(grant) = story.extends().filter(|_| story.is_open()) {
                assert!(self.model.stories[&grant].is_granted(), "turn {turn}: {grant} is over");
            }
            listed += 1;
        }
        let alive =
            self.model.stories.values().filter(|story| story.is_request() && story.is_alive());
        assert_eq!(listed, alive.count(), "turn {turn}: something is forgotten");
        if let Some(at) = self.model.min_deadline() {
            assert!(
                engine.next_deadline().is_some_and(|next| next <= at),
                "turn {turn}: nobody wakes for {at:?}"
            );
        }
        for door in &self.doors {
            if door.stand == Stand::Waiting && door.outbox.is_empty() {
                assert!(engine.is_waiting(&door.attempt), "turn {turn}: a door waits for nothing");
            }
        }
    }

    /// Everything ends: doors leave, and time goes on.
    pub(super) fn end_all(&mut self) {
        for _ in 0..1_000 {
            self.ledger.full = false;
            if self.engine.is_none() {
                self.start_agent();
                continue;
            }
            for door in &mut self.doors {
                if door.stand != Stand::Gone {
                    door.hang_up();
                }
            }
            while self.engine.is_some() && self.doors.iter().any(|door| !door.outbox.is_empty()) {
                self.deliver_from_a_door();
            }
            while let Some(attempt) = self.services.keys().next().cloned() {
                self.ends(&attempt, Ending::ExitStatus(0));
            }
            self.the_spool_is_read();
            for event in std::mem::take(&mut self.mail) {
                self.handle(event);
            }
            self.now.boot.0 += 60_000;
            self.tick();
            let Some(engine) = &self.engine else { continue };
            let quiet =
                self.mail.is_empty() && self.spool.is_empty() && engine.next_deadline().is_none();
            if quiet && engine.counts() == writ_engine::Counts::default() {
                let alive = self.model.stories.iter().find(|(_, story)| story.is_alive());
                assert!(alive.is_none(), "{} never ended", alive.unwrap().0);
                let off = self.broke.iter().find(|attempt| self.model.glass_of(attempt).is_none());
                assert_eq!(off, None, "what was broken without the agent is not on record");
                return;
            }
        }
        panic!("something never ends");
    }
}
