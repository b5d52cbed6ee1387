//! The simulated host: one turn after the other, each drawn from the seed, and
//! after each of them everything is checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use writ_engine::effect::{Answer, Done, Durability, Effect, Refusal};
use writ_engine::event::{Event, Wish, Word};
use writ_engine::facts::{AttemptId, Command, Evidence, Person};
use writ_engine::id::{IdKey, RequestId};
use writ_engine::policy::{Policy, Settings};
use writ_engine::time::{BootTime, Now, Span, WallTime};
use writ_engine::{Engine, Stage, Step};

use crate::cast::{everybody, some_act};
use crate::door::{Door, Stand};
use crate::ledger::Ledger;
use crate::model::Model;
use crate::random::Random;
use crate::rules::{is_on_call, some_policy};

/// What became of an event.
enum Heard {
    /// The engine took it, and its answer came through.
    Answered(Result<Done, Refusal>),
    /// The ledger could not be written: nothing happened.
    NoRecord,
    /// The agent is down, or died over it.
    Nobody,
}

pub(crate) struct World {
    random: Random,
    now: Now,
    boot: u32,
    /// How often the agent started.
    life: u32,
    ledger: Ledger,
    engine: Option<Engine>,
    settings: Settings,
    doors: Vec<Door>,
    /// What the attempts really are.
    truth: BTreeMap<AttemptId, (Person, Command)>,
    /// What the agent itself still has to tell the engine, in any order.
    mail: Vec<Event>,
    /// How often each file was replaced.
    files: BTreeMap<String, u32>,
    model: Model,
    read: usize,
    /// How much of the ledger was compared with the engine.
    compared: usize,
    /// An agent that only ever reads the ledger.
    reader: Engine,
    starts: usize,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let settings = some_policy(&mut random);
        let now = Now { boot: BootTime(20_000), wall: WallTime(1_800_000_000_000) };
        Self {
            random,
            now,
            boot: 1,
            life: 0,
            ledger: Ledger::new(),
            engine: None,
            settings,
            doors: vec![],
            truth: BTreeMap::new(),
            mail: vec![],
            files: BTreeMap::new(),
            model: Model::default(),
            read: 0,
            compared: 0,
            reader: Engine::new(),
            starts: 0,
        }
    }

    /// Lets the host live for so many turns, then lets everything end. Returns how
    /// many commands really started.
    pub(crate) fn live(mut self, turns: usize) -> usize {
        for turn in 0..turns {
            self.turn();
            self.check(turn);
        }
        self.end_all();
        self.starts
    }

    fn turn(&mut self) {
        if self.engine.is_none() && !self.random.one_in(3) {
            return self.start_agent();
        }
        match self.random.below(100) {
            0..=33 => self.deliver_from_a_door(),
            34..=49 => self.a_door_goes_on(),
            50..=59 => self.open_a_door(),
            60..=73 => self.somebody_decides(),
            74..=81 => self.deliver_mail(),
            82..=87 => self.time_passes(),
            88..=89 => self.a_door_hangs_up(),
            90 => self.somebody_takes_back(),
            91 => self.somebody_revokes(),
            92 => self.load_policy(),
            93 => self.replace_a_file(),
            94 => self.ledger.full = self.random.one_in(3),
            95..=96 => self.rotate(),
            97 if self.random.one_in(2) => self.kill_agent(),
            97 if self.random.one_in(2) => self.stop_agent(),
            98 if self.random.one_in(4) => self.cut_power(),
            98 if self.random.one_in(12) => self.lose_a_part(),
            _ => self.tick(),
        }
    }

    // The agent.

    /// One event through engine, ledger and effects, with a crash anywhere.
    fn handle(&mut self, event: Event) -> Heard {
        let Some(engine) = &mut self.engine else { return Heard::Nobody };
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

    fn perform(&mut self, effect: Effect, durability: Durability) {
        match effect {
            Effect::Notify { id, .. } => assert!(self.model.stories[&id].is_open()),
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

    fn answer(&mut self, attempt: &AttemptId, answer: Answer, durability: Durability) {
        match &answer {
            Answer::Allowed { id, .. } => self.model.is_allowed(self.now, *id),
            Answer::Waiting { id, approvals, .. } => {
                assert!(self.model.stories[id].is_open());
                assert!(
                    *approvals == 0 || durability == Durability::Written || self.ledger.is_synced()
                );
            }
            Answer::Denied { .. } | Answer::Wanted { .. } | Answer::Open { .. } => {}
        }
        let Some(door) = self.doors.iter_mut().find(|door| door.attempt == *attempt) else {
            return;
        };
        if !matches!(door.stand, Stand::Asking | Stand::Waiting) {
            return;
        }
        match answer {
            Answer::Waiting { .. } => door.stand = Stand::Waiting,
            Answer::Allowed { id, .. } => {
                door.stand = Stand::Allowed(id);
                door.kept_in = self.life;
            }
            Answer::Wanted { .. } => door.justify(),
            Answer::Denied { .. } | Answer::Open { .. } => door.stand = Stand::Gone,
        }
    }

    fn start_agent(&mut self) {
        self.ledger.full &= self.random.one_in(2);
        let replayed = self.ledger.replayed();
        assert_eq!(replayed.snapshot().unwrap(), self.reader.snapshot().unwrap());
        self.engine = Some(replayed);
        self.life += 1;
        self.mail.clear();
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
        for (attempt, _) in engine.running() {
            let door = self.doors.iter().find(|door| door.attempt == *attempt);
            let there = door.is_some_and(|door| door.stand != Stand::Gone);
            if !there {
                self.mail.push(Event::Left { attempt: attempt.clone() });
            }
        }
    }

    fn kill_agent(&mut self) {
        self.engine = None;
        self.read_ledger();
    }

    fn stop_agent(&mut self) {
        self.handle(Event::Stopping);
        self.kill_agent();
    }

    fn cut_power(&mut self) {
        self.engine = None;
        self.ledger.cut_power(&mut self.random);
        self.boot += 1;
        self.now.boot = BootTime(self.random.between(1_000, 30_000));
        for door in &mut self.doors {
            door.stand = Stand::Gone;
            door.outbox.clear();
        }
        self.mail.clear();
        self.model = Model::default();
        self.reader = Engine::new();
        self.read = 0;
        self.read_ledger();
    }

    fn rotate(&mut self) {
        if let Some(engine) = &self.engine {
            self.ledger.rotate(engine.snapshot().unwrap());
        }
    }

    fn lose_a_part(&mut self) {
        let person = everybody().into_iter().find(Person::is_root).unwrap();
        let (comment, what) = ("the disk was replaced".into(), "line 7".into());
        self.handle(Event::Acknowledged { person, comment, what });
    }

    fn load_policy(&mut self) {
        let settings = some_policy(&mut self.random);
        let before = std::mem::replace(&mut self.settings, settings.clone());
        let policy = Arc::new(Policy::compile(settings));
        if !matches!(self.handle(Event::PolicyLoaded(policy)), Heard::Answered(_))
            && self.engine.is_some()
        {
            self.settings = before;
        }
    }

    fn time_passes(&mut self) {
        let most = *self.random.pick(&[50, 2_000, 20_000, 400_000]);
        self.now.boot.0 += self.random.between(1, most);
        // The wall clock goes where it likes.
        self.now.wall.0 = self.now.wall.0 + self.random.between(0, 9_000_000) - 4_000_000;
        if !self.random.one_in(3) {
            self.tick();
        }
    }

    fn tick(&mut self) {
        if matches!(self.handle(Event::Tick), Heard::Answered(_)) {
            let late = self.model.min_deadline().filter(|at| *at <= self.now.boot);
            assert_eq!(late, None, "a deadline was passed over");
        }
    }

    fn deliver_mail(&mut self) {
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

    // The doors.

    fn open_a_door(&mut self) {
        let mut people = everybody();
        // Who has a role asks more than who has none.
        people.truncate(if self.random.one_in(4) { people.len() } else { 5 });
        let person = self.random.pick(&people).clone();
        let act = some_act(&mut self.random);
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
        let door = Door::new(attempt.unwrap(), person, act, wish);
        self.truth.insert(door.attempt.clone(), (door.person.clone(), door.act.command.clone()));
        self.doors.push(door);
        if self.doors.len() > 60 {
            let gone = self
                .doors
                .iter()
                .position(|door| door.stand == Stand::Gone && door.outbox.is_empty());
            gone.map(|place| self.doors.swap_remove(place));
        }
    }

    fn some_door(&mut self, fits: impl Fn(&Door) -> bool) -> Option<usize> {
        let fitting: Vec<usize> =
            (0..self.doors.len()).filter(|place| fits(&self.doors[*place])).collect();
        (!fitting.is_empty()).then(|| *self.random.pick(&fitting))
    }

    fn a_door_goes_on(&mut self) {
        if let Some(place) =
            self.some_door(|door| matches!(door.stand, Stand::Allowed(_) | Stand::Running(_)))
        {
            self.doors[place].goes_on();
        }
    }

    fn a_door_hangs_up(&mut self) {
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

    fn deliver_from_a_door(&mut self) {
        let Some(place) = self.some_door(|door| !door.outbox.is_empty()) else { return };
        if self.engine.is_none() {
            return;
        }
        let mut event = self.doors[place].outbox[0].clone();
        if let Event::Confirmed { id, sha256, .. } = &mut event {
            *sha256 = self.digest_to_confirm(*id);
        }
        if matches!((&event, self.doors[place].stand), (Event::Asked { .. }, Stand::Waiting)) {
            self.doors[place].stand = Stand::Asking;
        }
        let heard = self.handle(event.clone());
        let doubled = self.random.one_in(8);
        match heard {
            Heard::Nobody => {}
            // The agent itself has to see to it that ends are told.
            Heard::NoRecord if matches!(event, Event::Left { .. } | Event::Finished { .. }) => {}
            heard => {
                self.doors[place].outbox.pop_front();
                self.door_hears(place, &event, &heard);
                if doubled && matches!(event, Event::Confirmed { .. } | Event::Finished { .. }) {
                    self.handle(event);
                }
            }
        }
    }

    fn door_hears(&mut self, place: usize, event: &Event, heard: &Heard) {
        let well = matches!(heard, Heard::Answered(Ok(_)));
        let lost = self.random.one_in(6);
        let door = &mut self.doors[place];
        match (event, door.stand) {
            (Event::Asked { .. }, _) if !well => door.hang_up(),
            // The reply is lost; the door was stopped, and says it again at any time.
            (Event::Confirmed { .. }, Stand::Confirming(id)) if lost => {
                door.stand = Stand::Allowed(id);
            }
            (Event::Confirmed { id, sha256, .. }, Stand::Confirming(_)) if well => {
                let bound = self.model.stories[id].sha256();
                assert!(bound.is_none() || bound == sha256.as_ref(), "{id} starts another file");
                door.stand = Stand::Running(*id);
                door.kept_in = 0;
                self.starts += 1;
                self.model.really_starts(self.now, *id, &door.attempt);
                let by_people = self.model.stories[id].is_request();
                assert!(
                    !by_people || self.ledger.has_synced_start(&self.doors[place].attempt),
                    "a start that a power cut could undo"
                );
            }
            (Event::Confirmed { .. }, Stand::Confirming(_)) => door.ask(),
            (Event::Finished { .. }, _) => door.stand = Stand::Gone,
            _ => {}
        }
    }

    fn digest_to_confirm(&self, id: RequestId) -> Option<String> {
        let (path, _) = self.engine.as_ref()?.bound_file(id)?;
        Some(self.digest_of(path))
    }

    fn digest_of(&self, path: &str) -> String {
        format!("{path} {}", self.files.get(path).unwrap_or(&0))
    }

    fn replace_a_file(&mut self) {
        let path = some_act(&mut self.random).command.path;
        *self.files.entry(path).or_default() += 1;
    }

    // The people.

    fn somebody_decides(&mut self) {
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
    fn some_request(&mut self, likely: Stage) -> Option<(RequestId, String)> {
        let any = self.random.one_in(4);
        let engine = self.engine.as_ref()?;
        let all: Vec<(RequestId, String)> = engine
            .list()
            .filter(|listed| any || listed.stage == likely)
            .map(|listed| (listed.id, listed.opened.digest.clone()))
            .collect();
        (!all.is_empty()).then(|| self.random.pick(&all).clone())
    }

    fn somebody_takes_back(&mut self) {
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

    fn somebody_revokes(&mut self) {
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

    // What must hold.

    fn read_ledger(&mut self) {
        for record in self.ledger.records_from(self.read) {
            self.model.read(&record, self.engine.as_ref().map(|_| &self.settings), &self.truth);
            self.reader.replay(&record).unwrap();
        }
        self.read = self.ledger.len();
    }

    fn check(&mut self, turn: usize) {
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
                    kept.count() <= story.uses_left(),
                    "turn {turn}: {} is promised too often",
                    request.id
                );
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
    fn end_all(&mut self) {
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
            for event in std::mem::take(&mut self.mail) {
                self.handle(event);
            }
            self.now.boot.0 += 60_000;
            self.tick();
            let Some(engine) = &self.engine else { continue };
            let quiet = self.mail.is_empty() && engine.next_deadline().is_none();
            if quiet && engine.counts() == writ_engine::Counts::default() {
                let alive = self.model.stories.iter().find(|(_, story)| story.is_alive());
                assert!(alive.is_none(), "{} never ended", alive.unwrap().0);
                return;
            }
        }
        panic!("something never ends");
    }
}

fn engine_of(engine: &mut Option<Engine>) -> &mut Engine {
    engine.as_mut().expect("the agent is up")
}
