//! The agent: started, killed, with a ledger that fails it and policies that change.

use super::*;

impl World {
    /// One event through engine, ledger and effects, with a crash anywhere.
    pub(super) fn handle(&mut self, event: Event) -> Heard {
        let Some(engine) = &mut self.engine else { return Heard::Nobody };
        self.found = match &event {
            Event::Examined { evidence, .. } => evidence.clone(),
            Event::Confirmed { sha256, .. } => as_on_record(sha256),
            _ => as_on_record(&None),
        };
        let step = engine.step(self.now, event);
        // What several records say is the place where a crash can cut a story in two.
        let one_in = if step.records.len() > 1 { 20 } else { 120 };
        let crash = if self.random.one_in(one_in) { Some(self.random.below(3)) } else { None };
        if crash == Some(0) {
            let kept = self.random.below(step.records.len() + 1);
            self.ledger.append_torn(&step.records, kept);
            self.kill_agent();
            return Heard::Nobody;
        }
        if self.ledger.append(&step.records, step.durability).is_err() {
            return Heard::NoRecord;
        }
        self.read_ledger();
        if crash == Some(1) {
            self.kill_agent();
            return Heard::Nobody;
        }
        let Step { changes, effects, result, durability, .. } = step;
        for change in changes {
            engine_of(&mut self.engine).apply(change);
        }
        if crash == Some(2) {
            self.kill_agent();
            return Heard::Nobody;
        }
        for effect in effects {
            self.perform(effect, durability);
        }
        Heard::Answered(result)
    }

    pub(super) fn perform(&mut self, effect: Effect, durability: Durability) {
        match effect {
            Effect::Announce { id, about } => {
                assert_eq!(self.model.glass[&id].about, *about);
                self.announced.insert(id);
            }
            Effect::Notify { id, .. } => assert!(self.model.stories[&id].is_open()),
            Effect::Remind { id } => {
                let story = &self.model.stories[&id];
                assert!(story.is_open() && story.reminds(self.now), "{id} is no longer asked");
                self.model.seen.reminded += 1;
            }
            Effect::End(remains) => {
                self.model.is_told_to_end(&remains);
                for RunLeft { attempt, person, .. } in remains.runs {
                    self.told_to_end.insert(attempt.clone());
                    let end = SessionEnd {
                        attempt: Some(attempt),
                        account: person.account,
                        how: SessionEnding::Stopped,
                        processes: vec![],
                        more: 0,
                    };
                    self.mail.push(Event::SessionEnded { id: remains.id, end });
                }
            }
            Effect::Prolong { id } => assert!(self.model.stories[&id].is_granted()),
            Effect::Lend => {
                let loans = engine_of(&mut self.engine).loans();
                let told = loans.map(|loan| {
                    (loan.person.account.name.clone(), loan.group.into_owned(), loan.until)
                });
                self.lent = told.collect();
            }
            Effect::Stop { attempt, id } => {
                assert!(!self.model.stories[&id].is_granted(), "{id} stands, and is stopped");
                self.ends(&attempt, Ending::Signal(15));
            }
            Effect::FindGroups { attempt, groups, .. } => {
                let broken = self.random.one_in(12);
                let number = |group: String| (group, (!broken).then_some(4));
                let groups = groups.into_iter().map(number).collect();
                self.mail.push(Event::GroupsFound { attempt, groups, free: BTreeSet::new() });
            }
            Effect::Examine { attempt, path, .. } => {
                let broken = self.random.below(20);
                let evidence = Evidence {
                    sha256: (broken != 0).then(|| self.digest_of(&path)),
                    writable: (broken == 1).then(|| path.clone()),
                };
                self.mail.push(Event::Examined { attempt, evidence });
            }
            Effect::Answer { attempt, answer } => self.answer(&attempt, answer, durability),
        }
    }

    pub(super) fn answer(&mut self, attempt: &AttemptId, answer: Answer, durability: Durability) {
        match &answer {
            Answer::Allowed { id, .. } => self.model.is_allowed(self.now, *id),
            Answer::Waiting { id, approvals, .. } => {
                assert!(self.model.stories[id].is_open());
                assert!(
                    *approvals == 0 || durability == Durability::Written || self.ledger.is_synced()
                );
            }
            Answer::LeftAlone => panic!("nobody asks for sessions here"),
            Answer::Denied { .. }
            | Answer::Expired { .. }
            | Answer::Wanted { .. }
            | Answer::Open { .. } => {}
        }
        let Some(door) = self.doors.iter_mut().find(|door| door.attempt == *attempt) else {
            return;
        };
        // It asks anew already: this went to a connection that is gone.
        let asks = door.outbox.iter().any(Door::asks);
        if asks || !matches!(door.stand, Stand::Asking | Stand::Waiting) {
            return;
        }
        match answer {
            Answer::Waiting { .. } => door.stand = Stand::Waiting,
            Answer::Allowed { id, .. } => {
                door.stand = Stand::Allowed(id);
                door.kept_in = self.life;
            }
            Answer::LeftAlone => {}
            Answer::Wanted { .. } => door.justify(),
            Answer::Denied { .. } | Answer::Expired { .. } | Answer::Open { .. } => {
                door.stand = Stand::Gone
            }
        }
    }

    pub(super) fn start_agent(&mut self) {
        self.ledger.full &= self.random.one_in(2);
        let replayed = self.ledger.replayed();
        assert_eq!(replayed.snapshot().unwrap(), self.reader.snapshot().unwrap());
        self.engine = Some(replayed);
        self.life += 1;
        self.mail.clear();
        self.lent.clear();
        self.told_to_end.clear();
        let started = Event::Started {
            version: "1".into(),
            boot_id: format!("boot-{}", self.boot),
            fresh_key: IdKey(self.random.number()),
            torn_bytes: None,
            policy: Arc::new(Policy::compile(self.settings.clone())),
        };
        if !matches!(self.handle(started), Heard::Answered(Ok(_))) {
            self.engine = None;
            return;
        }
        for door in &mut self.doors {
            door.reconnects();
        }
        let engine = engine_of(&mut self.engine);
        for running in engine.running() {
            if running.starter == Starter::FirstProcess {
                // It ended while nobody was there, or was never begun.
                if !self.services.contains_key(running.attempt) {
                    let (attempt, id) = (running.attempt.clone(), running.id);
                    let ending = Ending::Unknown;
                    self.mail.push(Event::Finished { attempt, id, ending, runtime: None });
                }
                continue;
            }
            let of_it = |door: &&Door| Some(door.leader) == running.leader;
            let there = self.doors.iter().find(of_it).is_some_and(|door| door.stand != Stand::Gone);
            if !there {
                self.mail.push(Event::Left { attempt: running.attempt.clone() });
            }
        }
        // Where the agent died over the loss of a part of the ledger, services run on whose
        // end is on record. The next one looks for those, and stops them.
        let on_record: BTreeSet<_> = engine.running().map(|running| running.attempt).collect();
        let strays = self.services.keys().find(|attempt| !on_record.contains(attempt));
        assert!(strays.is_none() || self.died_over_loss, "{strays:?} runs on off the record");
        self.services.retain(|attempt, _| on_record.contains(attempt));
        self.died_over_loss = false;
    }

    pub(super) fn kill_agent(&mut self) {
        self.engine = None;
        self.read_ledger();
    }

    pub(super) fn stop_agent(&mut self) {
        self.handle(Event::Stopping);
        self.kill_agent();
    }

    pub(super) fn cut_power(&mut self) {
        self.engine = None;
        self.ledger.cut_power(&mut self.random);
        self.boot += 1;
        self.now.boot = BootTime(self.random.between(1_000, 30_000));
        for door in &mut self.doors {
            door.stand = Stand::Gone;
            door.outbox.clear();
        }
        self.mail.clear();
        self.services.clear();
        self.model = self.model.anew();
        self.reader = Engine::new();
        self.read = 0;
        self.read_ledger();
    }

    pub(super) fn rotate(&mut self) {
        if let Some(engine) = &self.engine {
            self.ledger.rotate(engine.snapshot().unwrap());
        }
    }

    pub(super) fn lose_a_part(&mut self) {
        let person = everybody().into_iter().find(Person::is_root).unwrap();
        let (comment, what) = ("the disk was replaced".into(), "line 7".into());
        let heard = self.handle(Event::Acknowledged { person, comment, what });
        self.died_over_loss |= matches!(heard, Heard::Nobody);
    }

    pub(super) fn load_policy(&mut self) {
        let settings = some_policy(&mut self.random, &self.files);
        let before = std::mem::replace(&mut self.settings, settings.clone());
        let policy = Arc::new(Policy::compile(settings));
        if !matches!(self.handle(Event::PolicyLoaded(policy)), Heard::Answered(_))
            && self.engine.is_some()
        {
            self.settings = before;
        }
    }

    pub(super) fn time_passes(&mut self) {
        let most = *self.random.pick(&[50, 2_000, 20_000, 400_000]);
        self.now.boot.0 += self.random.between(1, most);
        // The wall clock goes where it likes.
        self.now.wall.0 = self.now.wall.0 + self.random.between(0, 9_000_000) - 4_000_000;
        if !self.random.one_in(3) {
            self.tick();
        }
    }

    pub(super) fn tick(&mut self) {
        if matches!(self.handle(Event::Tick), Heard::Answered(_)) {
            let late = self.model.min_deadline().filter(|at| *at <= self.now.boot);
            assert_eq!(late, None, "a deadline was passed over");
        }
    }

    pub(super) fn deliver_mail(&mut self) {
        if self.mail.is_empty() {
            return;
        }
        let place = self.random.below(self.mail.len());
        let event = self.mail[place].clone();
        match self.handle(event) {
            Heard::Answered(_) if self.random.one_in(6) => {}
            Heard::NoRecord | Heard::Nobody => {}
            Heard::Answered(_) => {
                self.mail.swap_remove(place);
            }
        }
    }
}
