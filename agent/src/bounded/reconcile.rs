//! After a restart: what the ledger, PID 1 and `/proc` say is brought together.
//!
//! What should have ended, the engine says ([`writ_engine::Effect::End`]), as it does
//! for a grant that ends now. Here are the rest: scopes that no grant stands for, and
//! commands that went on in a process of which nothing is on record.

use std::rc::Rc;
use std::time::Duration;

use writ_engine::Session;
use writ_engine::facts::{AttemptId, Person, Uid};
use writ_engine::id::RequestId;

use super::ending::{ended, looked_up, record};
use super::hold::Held;
use super::processes;
use super::prolonging::prolong;
use super::scopes::{self, Scope};
use crate::agent::Agent;
use crate::units::UnitName;

/// How much earlier than it should be a limit may be: PID 1 takes its time to make a scope.
const LATE_MAX: Duration = Duration::from_secs(1);

/// Stops every scope that no grant stands for: of a grant that is over, or of one that a
/// lost part of the ledger told of.
pub(crate) async fn reconcile(agent: Rc<Agent>) {
    // While the ledger is broken nobody can tell what stands; PID 1 has its limits.
    if agent.core.sealed().is_some() {
        return;
    }
    let there = looked_up(scopes::all).await;
    let orphans = agent.core.look(|engine| {
        let stands = |scope: &Scope| {
            scope.name.as_ref().and_then(UnitName::id).is_some_and(|id| engine.get(id).is_some())
        };
        there.into_iter().filter(|(_, scope)| !stands(scope)).collect::<Vec<_>>()
    });
    for (owner, scope) in orphans {
        stop(&agent, owner, &scope).await;
    }
    put_limits_off(&agent).await;
}

/// A grant may have come to stand longer in the moment in which the agent was lost: what
/// runs on it then still has the old limit.
async fn put_limits_off(agent: &Rc<Agent>) {
    let held: Vec<(Held, Person)> = agent.core.look(|engine| {
        let held = |session: Session<'_>| Some((Held::of(&session)?, session.requester.clone()));
        engine.sessions().filter_map(held).collect()
    });
    for (held, person) in held {
        let scopes = looked_up({
            let (id, attempt) = (held.id, held.attempt.clone());
            move || scopes::of_attempt(&person, id, &attempt)
        })
        .await;
        for name in scopes.into_iter().filter_map(|scope| scope.name) {
            match agent.units.time_left(&name).await {
                Ok(left) if left + LATE_MAX < held.bounds().runtime_max => {
                    prolong(Rc::clone(agent), held.id).await;
                    break;
                }
                Ok(_) => {}
                Err(error) => eprintln!("the limit of {name} is not known: {error}"),
            }
        }
    }
}

async fn stop(agent: &Agent, owner: Uid, scope: &Scope) {
    let seen = looked_up({
        let scope = scope.clone();
        move || processes::look_at(&scope.processes())
    })
    .await;
    let Some(name) = &scope.name else { return };
    if let (Some(id), Ok(person)) = (name.id(), agent.accounts.plain_person(owner).await) {
        record(agent, id, ended(person.account, None, &seen));
    }
    if let Err(error) = agent.units.stop(name).await {
        eprintln!("{name}, which no grant stands for, could not be stopped: {error}");
    }
}

/// Waits until the scopes of a command are gone, once its sudo is: a `sudo -b` goes on
/// in a child that nobody knows.
pub(crate) async fn await_scopes(agent: &Rc<Agent>, attempt: &AttemptId) {
    let known = agent.core.look(|engine| {
        let session = engine.session(attempt)?;
        Some((session.id, session.requester.clone()))
    });
    let Some((id, person)): Option<(RequestId, _)> = known else { return };
    loop {
        let there = looked_up({
            let (attempt, person) = (attempt.clone(), person.clone());
            move || scopes::of_attempt(&person, id, &attempt)
        })
        .await;
        let used = there.into_iter().find(|scope| !scope.processes().is_empty());
        let Some(name) = used.and_then(|scope| scope.name) else { return };
        if let Err(error) = agent.units.ended(&name).await {
            eprintln!("the end of {name} cannot be awaited: {error}");
            return;
        }
    }
}
