//! A grant has ended while it was in use.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use rustix::process::Signal;
use writ_engine::Event;
use writ_engine::effect::{Remains, RunLeft};
use writ_engine::facts::{Account, AttemptId, Leader, OnEnd, Person};
use writ_engine::id::RequestId;
use writ_engine::record::{SessionEnd, SessionEnding};

use super::processes::{self, Seen};
use super::scopes::{self, Scope};
use super::sweep::{Over, Scopes, Sweep};
use super::{AFTERWARDS, GRACE, groups, terminal};
use crate::agent::Agent;
use crate::clock;

/// What a process is told that is to end, in this order: systemd's own, and one that a
/// stopped process wakes up for. An interactive shell ends by SIGHUP alone.
pub(super) const TOLD: [Signal; 3] = [Signal::TERM, Signal::CONT, Signal::HUP];

/// Ends what still runs on a grant that has ended, or says that it has.
pub(crate) async fn end(agent: Rc<Agent>, remains: Remains) {
    let Remains { id, person, on_end, runs, groups } = remains;
    if on_end == OnEnd::Warn {
        return warn(&agent, id, &person, &runs, &groups).await;
    }
    let mut known = BTreeSet::new();
    for run in runs {
        known.extend(scopes::names(id, &run.attempt).iter().map(|name| name.as_str().to_owned()));
        tokio::task::spawn_local(end_run(Rc::clone(&agent), id, run));
    }
    let scopes = match may_have_left_others(&agent, id, known.len()) {
        true => Scopes::But(known),
        false => Scopes::None,
    };
    Sweep::add(&agent, Over { id, person, scopes, groups: groups.into_values().collect() });
}

/// Whether a command that is over may have left something behind. What was for one use
/// has no command but those that run; and after a restart, this may be about groups alone
/// that a window which still stands has lent before.
fn may_have_left_others(agent: &Agent, id: RequestId, names: usize) -> bool {
    agent.core.look(|engine| match engine.get(id) {
        Some(grant) => grant.deadline.is_none() && (grant.opened.uses != 1 || names == 0),
        None => true,
    })
}

/// Ends one command: what is in its scopes, and whatever comes of its sudo where that has
/// gone elsewhere.
async fn end_run(agent: Rc<Agent>, id: RequestId, run: RunLeft) {
    let RunLeft { attempt, leader, person, tty } = run;
    let scopes = looked_up({
        let (attempt, person) = (attempt.clone(), person.clone());
        move || scopes::of_attempt(&person, id, &attempt)
    })
    .await;
    let tty = terminal::of(leader, tty.as_deref()).await;
    if let Some(tty) = tty.clone() {
        let words = format!("{id} has ended, and what runs on it ends now");
        terminal::say(tty, &person, &words).await;
        tokio::time::sleep(terminal::SEEN_AFTER).await;
    }
    stop(agent, id, person, Left { attempt: Some(attempt), leader, scopes, tty }).await;
}

/// What is left of a command.
#[derive(Default, Clone)]
struct Left {
    attempt: Option<AttemptId>,
    leader: Option<Leader>,
    scopes: Vec<Scope>,
    tty: Option<PathBuf>,
}

impl Left {
    /// Its processes, as they are now.
    async fn processes(&self) -> Vec<Seen> {
        let (scopes, leader) = (self.scopes.clone(), self.leader);
        looked_up(move || {
            let pids: Vec<i32> = scopes.iter().flat_map(Scope::processes).collect();
            let mut seen = processes::look_at(&pids);
            let known: BTreeSet<i32> = seen.iter().map(|seen| seen.pid).collect();
            // A sudo that is where it was put has all that comes of it there, too.
            let outside = leader.filter(|leader| !known.contains(&leader.pid));
            let family = outside.map(processes::family).unwrap_or_default();
            seen.extend(family.into_iter().filter(|one| !known.contains(&one.pid)));
            seen
        })
        .await
    }

    /// Has PID 1 stop what it knows as Writ's, and tells the rest.
    async fn tell(&self, agent: &Agent, seen: &[Seen]) {
        let mut told = BTreeSet::new();
        for scope in &self.scopes {
            let Some(name) = &scope.name else { continue };
            let there = scope.processes();
            match agent.units.stop(name).await {
                Ok(()) => told.extend(there),
                // PID 1 has its own limit; until then the agent does what it can.
                Err(error) => eprintln!("{name} could not be stopped by PID 1: {error}"),
            }
        }
        for process in seen.iter().filter(|process| !told.contains(&process.pid)) {
            process.signal(&TOLD);
        }
    }
}

/// Ends what a command has moved to a login session, where its grant has ended before that
/// could be put back.
pub(super) async fn end_session(agent: Rc<Agent>, run: Ended, session: Scope) {
    let Ended { id, attempt, person } = run;
    let left = Left { attempt: Some(attempt), scopes: vec![session], ..Left::default() };
    stop(agent, id, person, left).await;
}

/// Ends what was left in scopes of a grant by commands that are over.
pub(super) async fn stop_scopes(
    agent: Rc<Agent>,
    id: RequestId,
    person: Person,
    scopes: Vec<Scope>,
) {
    stop(agent, id, person, Left { scopes, ..Left::default() }).await;
}

/// A command whose grant has ended.
pub(super) struct Ended {
    pub(super) id: RequestId,
    pub(super) attempt: AttemptId,
    pub(super) person: Person,
}

/// Stops what is left: first it is on record, then everything is told to end, then killed.
async fn stop(agent: Rc<Agent>, id: RequestId, person: Person, left: Left) {
    let seen = left.processes().await;
    record(&agent, id, ended(person.account, left.attempt.clone(), &seen));
    left.tell(&agent, &seen).await;
    if seen.is_empty() {
        return;
    }
    tokio::time::sleep(GRACE).await;
    // What sudo runs goes first: when it is gone, sudo puts its terminal in order, says
    // how it ended, and goes by itself. What does not, PID 1 kills a moment later.
    let stubborn = left.processes().await;
    if stubborn.is_empty() {
        return;
    }
    for process in stubborn.iter().filter(|one| !is_sudo(one, left.leader, &stubborn)) {
        process.signal(&[Signal::KILL]);
    }
    tokio::time::sleep(AFTERWARDS).await;
    for process in left.processes().await {
        process.signal(&[Signal::KILL]);
    }
    if let Some(tty) = left.tty {
        drop(tokio::task::spawn_blocking(move || terminal::restore(&tty)));
    }
}

/// The sudo that the command started from, or its child that watches the command on a
/// terminal of its own (`use_pty`).
fn is_sudo(process: &Seen, leader: Option<Leader>, all: &[Seen]) -> bool {
    let Some(leader) = leader else { return false };
    let Some(leader) = all.iter().find(|other| other.is(leader)) else { return false };
    process.pid == leader.pid || process.parent == leader.pid && process.name == leader.name
}

/// What becomes of processes, for the record.
pub(super) fn ended(account: Account, attempt: Option<AttemptId>, seen: &[Seen]) -> SessionEnd {
    let (processes, more) = processes::named(seen);
    let how = if seen.is_empty() { SessionEnding::Gone } else { SessionEnding::Stopped };
    SessionEnd { attempt, account, how, processes, more }
}

/// Puts on record what is stopped. An end is not put off for want of a record.
pub(super) fn record(agent: &Agent, id: RequestId, end: SessionEnd) {
    if let Err(error) = agent.core.submit(Event::SessionEnded { id, end }) {
        eprintln!("what still ran under {id} is ended without a record: {error}");
    }
}

/// What a look at `/proc` or at control groups gives, which is no work for the loop.
pub(super) async fn looked_up<T: Send + 'static>(
    look: impl FnOnce() -> Vec<T> + Send + 'static,
) -> Vec<T> {
    tokio::task::spawn_blocking(look).await.unwrap_or_default()
}

async fn warn(
    agent: &Rc<Agent>,
    id: RequestId,
    person: &Person,
    runs: &[RunLeft],
    groups: &std::collections::BTreeMap<String, u32>,
) {
    let words = format!("{id} has ended; leave what still runs on it");
    let groups = groups.values().copied().collect();
    let holding = groups::holding(agent, &person.account, &groups, clock::now().boot).await;
    // One terminal may have a command on it and hold a group, too.
    let mut said = groups::terminals(&holding);
    for terminal in said.clone() {
        terminal::say(terminal, person, &words).await;
    }
    for run in runs {
        let tty = terminal::of(run.leader, run.tty.as_deref()).await;
        if let Some(tty) = tty.filter(|tty| said.insert(tty.clone())) {
            terminal::say(tty, &run.person, &words).await;
        }
    }
}
