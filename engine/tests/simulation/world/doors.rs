//! The doors as the world moves them.

use super::*;
use crate::model::Story;

impl World {
    pub(super) fn open_a_door(&mut self) {
        let mut people = everybody();
        // Who has a role asks more than who has none.
        people.truncate(if self.random.one_in(4) { people.len() } else { 5 });
        let person = self.random.pick(&people).clone();
        let act = match self.random.one_in(6) {
            true => some_window(&mut self.random),
            false => some_act(&mut self.random),
        };
        let attempt = AttemptId::parse(&format!(
            "{:016x}{:016x}",
            self.random.number(),
            self.random.number()
        ));
        let wish = Wish {
            reason: self.random.one_in(2).then(|| "upgrade".into()),
            ticket: None,
            lasts: self.random.one_in(3).then(|| Span(self.random.between(1_000, 900_000))),
            uses: self.random.one_in(3).then(|| u32::try_from(self.random.between(1, 3)).unwrap()),
        };
        let leader = Leader {
            pid: i32::try_from(self.random.between(100, 120)).unwrap(),
            started_ticks: self.truth.len() as u64,
        };
        let door = Door::new(attempt.unwrap(), leader, person, act, wish);
        let (person, aim) = (door.person.clone(), door.act.aim.clone());
        self.truth.insert(door.attempt.clone(), Truth { person, aim, leader });
        self.doors.push(door);
        if self.doors.len() > 60 {
            let gone = self
                .doors
                .iter()
                .position(|door| door.stand == Stand::Gone && door.outbox.is_empty());
            gone.map(|place| self.doors.swap_remove(place));
        }
    }

    pub(super) fn some_door(&mut self, fits: impl Fn(&Door) -> bool) -> Option<usize> {
        let fitting: Vec<usize> =
            (0..self.doors.len()).filter(|place| fits(&self.doors[*place])).collect();
        (!fitting.is_empty()).then(|| *self.random.pick(&fitting))
    }

    pub(super) fn a_door_goes_on(&mut self) {
        if let Some(place) =
            self.some_door(|door| matches!(door.stand, Stand::Allowed(_) | Stand::Running(_)))
        {
            if self.random.one_in(32) {
                let command = self.doors[place].act.aim.command();
                if let Some(command) = command.cloned() {
                    self.replace(&command.path);
                }
            }
            self.doors[place].goes_on();
        }
    }

    pub(super) fn a_door_hangs_up(&mut self) {
        let Some(place) = self.some_door(|door| door.stand != Stand::Gone) else { return };
        let confirming = self.doors[place].stand;
        self.doors[place].hang_up();
        match confirming {
            // Its connection alone was lost: it comes again.
            Stand::Asking | Stand::Waiting if self.random.one_in(2) => self.doors[place].ask(),
            Stand::Allowed(id) | Stand::Confirming(id) if self.random.one_in(2) => {
                self.doors[place].stand = Stand::Allowed(id);
                self.doors[place].goes_on();
            }
            _ => {}
        }
    }

    pub(super) fn deliver_from_a_door(&mut self) {
        let Some(place) = self.some_door(|door| !door.outbox.is_empty()) else { return };
        if self.engine.is_none() {
            return;
        }
        let Some(mut event) = self.doors[place].outbox.pop_front() else { return };
        if let Event::Confirmed { attempt, id, sha256, .. } = &mut event {
            *sha256 = self.digest_to_confirm(*id, attempt);
        }
        if Door::asks(&event) && self.doors[place].stand == Stand::Waiting {
            self.doors[place].stand = Stand::Asking;
        }
        let heard = self.handle(event.clone());
        let doubled = self.random.one_in(8);
        match heard {
            Heard::Nobody => self.doors[place].outbox.push_front(event),
            // The agent itself has to see to it that ends are told.
            Heard::NoRecord if matches!(event, Event::Left { .. } | Event::Finished { .. }) => {
                self.doors[place].outbox.push_front(event);
            }
            heard => {
                self.door_hears(place, &event, &heard);
                if doubled && matches!(event, Event::Confirmed { .. } | Event::Finished { .. }) {
                    self.handle(event);
                }
            }
        }
    }

    pub(super) fn door_hears(&mut self, place: usize, event: &Event, heard: &Heard) {
        let well = matches!(heard, Heard::Answered(Ok(_)));
        let started = matches!(heard, Heard::Answered(Ok(Done::Started)));
        let lost = self.random.one_in(6);
        let door = &mut self.doors[place];
        match (event, door.stand) {
            (event, _) if Door::asks(event) && !well => door.hang_up(),
            // The start is on record already; where the reply is lost, it is asked for.
            (Event::AskedToStart { .. }, Stand::Allowed(id)) if started && !lost => {
                self.starts_on_record(place, id, None);
            }
            // The reply is lost; the door was stopped, and says it again at any time.
            (Event::Confirmed { .. }, Stand::Confirming(id)) if lost => {
                door.stand = Stand::Allowed(id);
            }
            (Event::Confirmed { id, sha256, .. }, Stand::Confirming(_)) if well => {
                self.starts_on_record(place, *id, sha256.as_ref());
            }
            (Event::Confirmed { id, sha256, .. }, Stand::Confirming(_)) => {
                let unlike = |story: &Story| !story.may_start_as(sha256.as_ref());
                let refused = matches!(heard, Heard::Answered(Err(_)));
                let unlike = refused && self.model.stories.get(id).is_some_and(unlike);
                self.model.seen.unlike += usize::from(unlike);
                door.ask();
            }
            (Event::Finished { .. }, _) => door.stand = Stand::Gone,
            _ => {}
        }
    }

    /// Its command starts, as that file where the agent looked.
    fn starts_on_record(&mut self, place: usize, id: RequestId, sha256: Option<&String>) {
        let story = &self.model.stories[&id];
        assert!(story.may_start_as(sha256), "{id} starts another file: {sha256:?}");
        self.model.seen.pinned += usize::from(story.is_pinned());
        let door = &mut self.doors[place];
        door.stand = Stand::Running(id);
        door.kept_in = 0;
        self.starts += 1;
        self.model.really_starts(self.now, id, &door.attempt);
        let by_people = self.model.stories[&id].is_request();
        assert!(
            !by_people || self.ledger.has_synced_start(&self.doors[place].attempt),
            "a start that a power cut could undo"
        );
    }

    pub(super) fn digest_to_confirm(
        &mut self,
        id: RequestId,
        attempt: &AttemptId,
    ) -> Option<String> {
        let path = self.engine.as_ref()?.bound_file(id, attempt)?;
        // Now and then nobody can read it.
        let digest = self.digest_of(path);
        (!self.random.one_in(12)).then_some(digest)
    }

    pub(super) fn digest_of(&self, path: &str) -> String {
        digest(path, &self.files)
    }

    pub(super) fn replace_a_file(&mut self) {
        let act = some_act(&mut self.random);
        let Some(command) = act.aim.command() else { return };
        self.replace(&command.path);
    }

    /// By the next, or by the one that was there before.
    fn replace(&mut self, path: &str) {
        let file = self.files.entry(path.into()).or_default();
        *file = if self.random.one_in(3) { file.saturating_sub(1) } else { *file + 1 };
    }
}
