//! People who decide, revoke and take back.

use writ_engine::hinges::{Hinge, Hinges, Standing};

use super::*;
use crate::model::Story;

impl World {
    pub(super) fn somebody_decides(&mut self) {
        if self.random.one_in(8) {
            return self.somebody_signs();
        }
        let Some((id, right)) = self.some_request(Stage::Pending) else { return };
        let mut people = everybody();
        // Who is on call answers more than who is not.
        if self.random.one_in(2) {
            people.retain(|person| {
                is_on_call(&self.settings, person) || person.account.name == "erin"
            });
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
            proof: if self.random.one_in(2) { Proof::Given } else { Proof::None },
        };
        let story = &self.model.stories[&id];
        let uses = matches!(&event, Event::Decided { uses: Some(_), .. });
        let counted = story.counts_uses() || !uses;
        let must = counted && story.must_count(self.now, &person, &digest, word, &self.settings);
        let approves = !story.wants_signed() && self.model.extends_what_stands(self.now, id);
        let must = must && (word == Word::Deny || approves);
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

    /// Somebody looks at what waits: who may decide has seen it, and those who wait know.
    pub(super) fn somebody_looks(&mut self) {
        let Some((id, _)) = self.some_request(Stage::Pending) else { return };
        let engine = self.engine.as_ref().unwrap();
        let mut people = everybody();
        if self.random.one_in(2) {
            people.retain(|person| engine.may_decide(self.now, person, id).is_ok());
        }
        if people.is_empty() {
            return;
        }
        let person = self.random.pick(&people).clone();
        let news = engine.is_unseen(self.now, &person, id);
        let may = engine.may_decide(self.now, &person, id).is_ok();
        assert!(may || !news, "{person:?} sees {id}, which is not for him");
        let records = self.ledger.len();
        if let Heard::Answered(_) =
            self.handle(Event::LookedAt { person: person.clone(), ids: vec![id] })
        {
            let engine = self.engine.as_ref().unwrap();
            assert_eq!(self.ledger.len(), records, "a look is on record");
            assert!(!engine.is_unseen(self.now, &person, id));
            let seen = engine.seen(id).any(|(by, _)| *by == person.account);
            assert!(seen || !news, "{person:?} has not seen {id}");
            self.model.seen.seen_by += usize::from(news);
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

    pub(super) fn somebody_wants_longer(&mut self) {
        let Some((id, _)) = self.some_request(Stage::Granted) else { return };
        let requester = self.model.stories[&id].requester().clone();
        let people = everybody();
        let likely = [requester.clone(), requester, self.random.pick(&people).clone()];
        let person = self.random.pick(&likely).clone();
        let number = |random: &mut Random| random.number();
        let name = format!("{:016x}{:016x}", number(&mut self.random), number(&mut self.random));
        let wish = Wish {
            reason: Some("not done yet".into()),
            lasts: Some(Span(self.random.between(1_000, 900_000))),
            ..Wish::default()
        };
        let attempt = AttemptId::parse(&name).unwrap();
        let event = Event::ExtensionAsked { attempt, person: person.clone(), id, wish };
        let granted = self.model.stories[&id].is_granted();
        let mine = person.account == self.model.stories[&id].requester().account;
        if let Heard::Answered(Ok(_)) = self.handle(event) {
            assert!(granted && mine, "{person:?} had {id} stand longer");
        }
    }

    pub(super) fn somebody_logs_out(&mut self) {
        let people = everybody();
        let account = self.random.pick(&people).account.clone();
        if let Heard::Answered(_) = self.handle(Event::LoggedOut { account: account.uid }) {
            let left = self.model.stories.values().filter(|story| story.is_granted());
            let mut of_his = left.filter(|story| story.requester().logged_in_as() == account.uid);
            let stays = |story: &Story| story.window().is_none_or(|window| !window.end_on_logout);
            assert!(of_his.all(stays), "a window outlived its login");
        }
    }

    /// Root, or a package, opens or closes doors, or breaks them.
    pub(super) fn a_door_is_touched(&mut self) {
        let mut doors = Hinges::new();
        for door in ["sudo", "pam:su", "pam:sshd"] {
            let standing = *self.random.pick(&[Standing::Off, Standing::On, Standing::Broken]);
            if standing != Standing::Off {
                let sha256 = Some(self.random.below(2).to_string());
                doors.insert(door.into(), Hinge { standing, fault: None, sha256 });
            }
        }
        if let Heard::Answered(_) = self.handle(Event::DoorsSeen(doors.clone())) {
            let engine = self.engine.as_ref().unwrap();
            assert_eq!(engine.doors(), &doors, "what is on record is not what was seen");
        }
    }

    pub(super) fn somebody_revokes(&mut self) {
        let Some((id, _)) = self.some_request(Stage::Granted) else { return };
        let people = everybody();
        let person = self.random.pick(&people).clone();
        let story = &self.model.stories[&id];
        // What the policy opened by itself, nobody was asked about.
        let asked = story.needed() > 0 && story.is_for(self.now, &person, &self.settings);
        let (may, granted) = (person.is_root() || asked, story.is_granted());
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
