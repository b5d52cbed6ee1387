//! The simulated host: one turn after the other, each drawn from the seed, and
//! after each of them everything is checked.

mod agent;
mod checks;
mod doors;
mod glass;
mod people;
mod runs;
mod signers;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use writ_engine::effect::{Answer, Done, Durability, Effect, Refusal, RunLeft};
use writ_engine::event::{Event, Proof, Wish, Word};
use writ_engine::facts::{AttemptId, Ending, Evidence, Leader, Person};
use writ_engine::id::{IdKey, RequestId};
use writ_engine::policy::{Policy, Settings};
use writ_engine::record::{About, LetPass, SessionEnd, SessionEnding, Source};
use writ_engine::time::{BootTime, Now, Span, WallTime};
use writ_engine::{Engine, Stage, Starter, Step};

use crate::cast::{everybody, some_act, some_window};
use crate::door::{Door, Stand};
use crate::ledger::Ledger;
use crate::model::{Model, Seen, Truth};
use crate::pins::{as_on_record, digest};
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
    truth: BTreeMap<AttemptId, Truth>,
    /// What the agent itself still has to tell the engine, in any order.
    mail: Vec<Event>,
    /// What the shell was last told to lend, whom, until when.
    lent: BTreeSet<(String, String, BootTime)>,
    /// The commands that this life of the agent was told to end.
    told_to_end: BTreeSet<AttemptId>,
    /// The services that PID 1 runs, and under which window each is.
    services: BTreeMap<AttemptId, RequestId>,
    /// Whether the agent died as it heard that a part of the ledger is lost.
    died_over_loss: bool,
    /// How often each file was replaced.
    files: BTreeMap<String, u32>,
    /// What the agent knows of a file as it handles what it was told last.
    found: Evidence,
    /// What doors let pass without the agent, on the disk until it is on record.
    spool: VecDeque<(LetPass, About)>,
    /// All that they ever let pass so.
    broke: BTreeSet<AttemptId>,
    /// What was said out loud.
    announced: BTreeSet<RequestId>,
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
        let settings = some_policy(&mut random, &BTreeMap::new());
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
            lent: BTreeSet::new(),
            told_to_end: BTreeSet::new(),
            services: BTreeMap::new(),
            died_over_loss: false,
            files: BTreeMap::new(),
            found: Evidence { sha256: None, writable: None },
            spool: VecDeque::new(),
            broke: BTreeSet::new(),
            announced: BTreeSet::new(),
            model: Model::default(),
            read: 0,
            compared: 0,
            reader: Engine::new(),
            starts: 0,
        }
    }

    /// Lets the host live for so many turns, then lets everything end. Returns how
    /// many commands really started, and what else has happened.
    pub(crate) fn live(mut self, turns: usize) -> (usize, Seen) {
        for turn in 0..turns {
            self.turn();
            self.check(turn);
        }
        self.end_all();
        (self.starts, self.model.seen)
    }

    fn turn(&mut self) {
        if self.engine.is_none() {
            match self.random.below(12) {
                0 => return self.the_glass_is_broken(),
                1..=8 => return self.start_agent(),
                _ => {}
            }
        }
        match self.random.below(100) {
            0..=33 => self.deliver_from_a_door(),
            34..=49 => self.a_door_goes_on(),
            50..=59 => self.open_a_door(),
            60..=73 => self.somebody_decides(),
            74..=79 => self.deliver_mail(),
            80 => self.somebody_reviews(),
            81 => self.the_spool_is_read(),
            82..=85 => self.time_passes(),
            86 => self.somebody_runs(),
            87 if self.random.one_in(2) => self.a_service_ends(),
            88 if self.random.one_in(2) => self.somebody_looks(),
            87..=88 => self.a_door_hangs_up(),
            89 => self.somebody_wants_longer(),
            90 if self.random.one_in(3) => self.somebody_logs_out(),
            90 if self.random.one_in(3) => self.a_door_is_touched(),
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
            // The agent is there, and does not answer.
            99 if self.random.one_in(16) => self.the_glass_is_broken(),
            _ => self.tick(),
        }
    }
}

fn engine_of(engine: &mut Option<Engine>) -> &mut Engine {
    engine.as_mut().expect("the agent is up")
}
