//! The limit that PID 1 has for a run: a timer beside its service, so that a window which
//! stands longer lets the run go on. The new timer is there before the old one goes: at no
//! moment has a run no limit.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use writ_engine::Starter;
use writ_engine::facts::AttemptId;
use writ_engine::id::RequestId;
use writ_engine::time::{BootTime, Span};

use super::TRANSIENT_UNITS;
use crate::agent::Agent;
use crate::clock;
use crate::units::{Kind, Limit, UnitError, UnitName};

/// Sets the limit of a run that begins.
///
/// # Errors
/// When PID 1 refuses, or cannot be asked.
pub(super) async fn set(
    agent: &Agent,
    id: RequestId,
    attempt: &AttemptId,
    remaining: Span,
) -> Result<(), UnitError> {
    start(agent, &UnitName::new(Kind::Limit, id, attempt), id, attempt, remaining).await
}

/// Puts off the limits of what runs under a window that stands longer.
pub(crate) async fn put_off(agent: Rc<Agent>, id: RequestId) {
    let running: Vec<(AttemptId, BootTime)> = agent.core.look(|engine| {
        let runs = engine.running().filter(|run| run.id == id);
        let runs = runs.filter(|run| run.starter == Starter::FirstProcess);
        runs.filter_map(|run| Some((run.attempt.clone(), run.until?))).collect()
    });
    for (attempt, until) in running {
        renew(&agent, id, &attempt, until).await;
    }
}

/// Gives a run the limit that its window has now.
pub(super) async fn renew(agent: &Agent, id: RequestId, attempt: &AttemptId, until: BootTime) {
    let (old, free) = names(id, attempt);
    let Some(free) = free else {
        eprintln!("a run under {id} has as many limits as it can have, and keeps the old ones");
        return;
    };
    let left = until.since(clock::now().boot);
    match start(agent, &free, id, attempt, left).await {
        Ok(()) => remove(agent, &old).await,
        Err(error) => eprintln!(
            "what runs under {id} keeps its old limit, though {id} stands longer: {error}"
        ),
    }
}

/// Takes away the limits of a run that is over.
pub(super) async fn lift(agent: &Agent, id: RequestId, attempt: &AttemptId) {
    remove(agent, &names(id, attempt).0).await;
}

async fn start(
    agent: &Agent,
    name: &UnitName,
    id: RequestId,
    attempt: &AttemptId,
    left: Span,
) -> Result<(), UnitError> {
    let service = UnitName::new(Kind::Service, id, attempt);
    let limit = Limit {
        description: format!("End of the command under the window {id} of Writ"),
        of: service.as_str(),
        after: Duration::from(left),
    };
    agent.units.start_limit(name, &limit).await
}

async fn remove(agent: &Agent, names: &[UnitName]) {
    for name in names {
        // One that stays elapses, stops nothing, and is gone.
        if let Err(error) = agent.units.stop(name).await {
            eprintln!("{name} cannot be taken away, and stays until it elapses: {error}");
        }
    }
}

/// The names that are in use, and one that is not: PID 1 has a file of each unit.
fn names(id: RequestId, attempt: &AttemptId) -> (Vec<UnitName>, Option<UnitName>) {
    let all = UnitName::all(Kind::Limit, id, attempt).into_iter();
    let (used, free): (Vec<_>, Vec<_>) =
        all.partition(|name| Path::new(TRANSIENT_UNITS).join(name.as_str()).exists());
    (used, free.into_iter().next())
}
