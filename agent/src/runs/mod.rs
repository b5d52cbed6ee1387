//! `writ run`: a command of the caller's own, with what his window of a role lends him,
//! as a service that PID 1 starts.
//!
//! The start is on record before PID 1 is asked. A run is told to end when its caller
//! is gone, or its window is; PID 1 ends it by itself when the agent is dead. Its end
//! is read from PID 1, by whichever agent is there then.

mod begin;
mod descriptors;
mod follow;
mod limit;
mod service;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use writ_engine::facts::{AttemptId, Ending, Uid};
use writ_engine::id::RequestId;
use writ_engine::time::{BootTime, Span};
use writ_engine::{Event, Running, Starter};
use writ_protocol::ErrorReply;

use crate::agent::Agent;
use crate::units::{Ended, Kind, UnitName};

pub(crate) use begin::{begin, known, prepare};
use descriptors::Closing;
pub(crate) use descriptors::Descriptors;
pub(crate) use follow::Following;
pub(crate) use limit::put_off;

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
    let running: Vec<Left> = agent.core.look(|engine| {
        let runs = engine.running().filter(|running| running.starter == Starter::FirstProcess);
        let left = |run: Running<'_>| {
            let (attempt, uid) = (run.attempt.clone(), run.account?);
            Some(Left { attempt, id: run.id, uid, until: run.until })
        };
        runs.filter_map(left).collect()
    });
    for units in left_behind(&running) {
        let agent = Rc::clone(agent);
        tokio::task::spawn_local(async move {
            for unit in &units {
                let_go(&agent, unit).await;
            }
        });
    }
    for Left { attempt, id, uid, until } in running {
        watch(agent, attempt.clone(), id, uid, None);
        // Its window may have come to stand longer in the moment in which the agent was lost.
        let Some(until) = until else { continue };
        let agent = Rc::clone(agent);
        tokio::task::spawn_local(async move { limit::renew(&agent, id, &attempt, until).await });
    }
}

/// A run that goes on.
struct Left {
    attempt: AttemptId,
    id: RequestId,
    uid: Uid,
    until: Option<BootTime>,
}

/// Units whose end is on record and that an agent did not come to let go: each service, and
/// after it its limits. They are looked for by the files that PID 1 has of them, so that an
/// agent that starts without any need of PID 1 does not ask it.
fn left_behind(running: &[Left]) -> Vec<Vec<UnitName>> {
    let units: Vec<UnitName> = std::fs::read_dir(TRANSIENT_UNITS)
        .into_iter()
        .flatten()
        .take(TRANSIENT_UNITS_MAX)
        .filter_map(|file| UnitName::parse(file.ok()?.file_name().to_str()?))
        .collect();
    let is_of_none = |unit: &UnitName| {
        !running.iter().any(|run| UnitName::all(unit.kind(), run.id, &run.attempt).contains(unit))
    };
    let of_none = |kind| {
        let units = units.iter().filter(move |unit| unit.kind() == kind);
        units.filter(|unit| is_of_none(unit)).cloned().collect::<Vec<_>>()
    };
    let limits = of_none(Kind::Limit);
    let mut services: Vec<Vec<UnitName>> =
        of_none(Kind::Service).into_iter().map(|service| vec![service]).collect();
    // A limit goes when what it is for is gone.
    for limit in limits {
        let of = services.iter_mut().find(|of| of.first().is_some_and(|of| of.id() == limit.id()));
        match of {
            Some(of) => of.push(limit),
            None => services.push(vec![limit]),
        }
    }
    services
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
        limit::lift(&agent, id, &attempt).await;
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
