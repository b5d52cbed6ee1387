//! `writ run`: a command of the caller's own, with what his window of a role lends him,
//! as a service that PID 1 starts.
//!
//! The start is on record before PID 1 is asked. A run is told to end when its caller
//! is gone, or its window is; PID 1 ends it by itself when the agent is dead. Its end
//! is read from PID 1, by whichever agent is there then.

mod begin;
mod descriptors;
mod follow;
mod service;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use writ_engine::facts::{AttemptId, Ending, Uid};
use writ_engine::id::RequestId;
use writ_engine::time::Span;
use writ_engine::{Event, Starter};
use writ_protocol::ErrorReply;

use crate::agent::Agent;
use crate::units::{Ended, Kind, UnitName};

pub(crate) use begin::{begin, known, prepare};
use descriptors::Closing;
pub(crate) use descriptors::Descriptors;
pub(crate) use follow::Following;

/// How long the end of a run is kept for a caller who lost the agent.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// Where PID 1 keeps what it was told of transient units (systemd.unit(5)).
const TRANSIENT_UNITS: &str = "/run/systemd/transient";

/// How many of them are looked at.
const TRANSIENT_UNITS_MAX: usize = 65_536;

/// How long to wait before PID 1 is asked again that could not be.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The runs that are known of.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    closing: Closing,
    known: RefCell<HashMap<AttemptId, Known>>,
}

/// One of them.
#[derive(Debug, Clone)]
struct Known {
    id: RequestId,
    uid: Uid,
    /// Its end, once it has one.
    ended: watch::Receiver<Option<Ending>>,
    /// When it had.
    since: Option<Instant>,
}

impl Runs {
    /// Room for the descriptors of a caller.
    fn expect(&self) -> Result<Descriptors, ErrorReply> {
        self.closing.expect()
    }

    fn insert(&self, attempt: AttemptId, run: Known) {
        let mut known = self.known.borrow_mut();
        known.retain(|_, run| run.since.is_none_or(|since| since.elapsed() < KEPT_FOR));
        known.insert(attempt, run);
    }

    fn get(&self, attempt: &AttemptId) -> Option<Known> {
        self.known.borrow().get(attempt).cloned()
    }

    fn has_ended(&self, attempt: &AttemptId) {
        if let Some(run) = self.known.borrow_mut().get_mut(attempt) {
            run.since = Some(Instant::now());
        }
    }
}

/// The runs that went on while the agent was away. Must be called inside of the local
/// tasks.
pub(crate) fn await_ends(agent: &Rc<Agent>) {
    let running: Vec<(AttemptId, RequestId, Uid)> = agent.core.look(|engine| {
        let runs = engine.running().filter(|running| running.starter == Starter::FirstProcess);
        runs.filter_map(|run| Some((run.attempt.clone(), run.id, run.account?))).collect()
    });
    for unit in left_behind(&running) {
        let agent = Rc::clone(agent);
        tokio::task::spawn_local(async move { let_go(&agent, &unit).await });
    }
    for (attempt, id, uid) in running {
        watch(agent, attempt, id, uid, None);
    }
}

/// Units whose end is on record and that an agent did not come to let go. They are looked
/// for by the files that PID 1 has of them, so that an agent that starts without any need
/// of PID 1 does not ask it.
fn left_behind(running: &[(AttemptId, RequestId, Uid)]) -> Vec<UnitName> {
    let mut units: Vec<UnitName> = std::fs::read_dir(TRANSIENT_UNITS)
        .into_iter()
        .flatten()
        .take(TRANSIENT_UNITS_MAX)
        .filter_map(|file| UnitName::parse(file.ok()?.file_name().to_str()?))
        .collect();
    units.retain(|unit| {
        unit.kind() == Kind::Service
            && !running
                .iter()
                .any(|(attempt, id, _)| *unit == UnitName::new(Kind::Service, *id, attempt))
    });
    units
}

async fn let_go(agent: &Agent, unit: &UnitName) {
    while let Err(error) = agent.units.release(unit).await {
        eprintln!("{unit} cannot be let go yet: {error}");
        tokio::time::sleep(RETRY_AFTER).await;
    }
}

/// Tells a run to end: its processes are killed if they do not.
pub(crate) async fn stop(agent: Rc<Agent>, id: RequestId, attempt: AttemptId) {
    let unit = UnitName::new(Kind::Service, id, &attempt);
    while let Err(error) = agent.units.stop(&unit).await {
        eprintln!("{unit} cannot be stopped yet: {error}");
        tokio::time::sleep(RETRY_AFTER).await;
    }
}

/// Awaits the end of a run, and puts it on record.
fn watch(
    agent: &Rc<Agent>,
    attempt: AttemptId,
    id: RequestId,
    uid: Uid,
    started: Option<Instant>,
) -> watch::Receiver<Option<Ending>> {
    let (tell, ended) = watch::channel(None);
    let run = Known { id, uid, ended: ended.clone(), since: None };
    agent.runs.insert(attempt.clone(), run);
    let agent = Rc::clone(agent);
    tokio::task::spawn_local(async move {
        let unit = UnitName::new(Kind::Service, id, &attempt);
        let ending = match agent.units.ended(&unit).await {
            Ok(Ended::Status(status)) => Ending::ExitStatus(status),
            Ok(Ended::Signal(signal)) => Ending::Signal(signal),
            Ok(Ended::Gone) => Ending::Unknown,
            Err(error) => {
                eprintln!("how {unit} ended cannot be told: {error}");
                Ending::Unknown
            }
        };
        finish(&agent, id, &attempt, ending, started);
        tell.send_replace(Some(ending));
        agent.runs.has_ended(&attempt);
        let_go(&agent, &unit).await;
    });
    ended
}

/// Puts the end of a run on record; where nothing can be, the core keeps it and tries again.
fn finish(
    agent: &Agent,
    id: RequestId,
    attempt: &AttemptId,
    ending: Ending,
    started: Option<Instant>,
) {
    let runtime = started
        .map(|started| Span(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)));
    let attempt = attempt.clone();
    let _ = agent.core.submit(Event::Finished { attempt, id, ending, runtime });
}
