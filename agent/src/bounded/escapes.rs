//! A command moves itself to a session scope: `sudo -i` and `su -l` open a login session,
//! and logind gives that a scope of its own, without a limit.
//!
//! What runs in such a session is put back into the scope of the command, or into a new
//! one where that is gone with its last process. So it has the limit of PID 1 again, and
//! is found when the grant ends. Whose session it is, the process tells that opened it:
//! it comes of the sudo that was held, or of something in its scope.

use std::rc::Rc;

use tokio::sync::watch::Receiver;
use writ_engine::facts::{AttemptId, Leader, Person};

use super::ending::looked_up;
use super::hold::Held;
use super::prolonging;
use super::scopes::{self, Scope};
use super::session_changes::SessionChanges;
use crate::agent::Agent;
use crate::units::UnitName;
use crate::{process, sessions};

/// How many generations a process is followed upwards.
const GENERATIONS_MAX: usize = 64;

/// A command that is held, as its processes are known.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) attempt: AttemptId,
    pub(super) leader: Option<Leader>,
    pub(super) names: Vec<UnitName>,
}

/// Keeps commands held that open sessions, until the agent ends. Wakes up only while
/// something is held.
pub(crate) async fn keep_held(agent: Rc<Agent>) {
    let mut changed = agent.core.grants_changed.subscribe();
    loop {
        while known(&agent).is_empty() {
            let _ = changed.changed().await;
        }
        match SessionChanges::new() {
            Ok(changes) => watch(&agent, &mut changed, &changes).await,
            Err(error) => {
                // Without logind nobody opens a session.
                eprintln!("new login sessions are not seen: {error}");
                let _ = changed.changed().await;
            }
        }
    }
}

async fn watch(agent: &Rc<Agent>, changed: &mut Receiver<()>, changes: &SessionChanges) {
    loop {
        let known = known(agent);
        if known.is_empty() {
            return;
        }
        for (attempt, session) in looked_up(move || escaped(&known)).await {
            put_back(agent, &attempt, session).await;
        }
        tokio::select! {
            _ = changed.changed() => {}
            seen = changes.next() => {
                if seen.is_err() {
                    return;
                }
            }
        }
    }
}

async fn put_back(agent: &Agent, attempt: &AttemptId, session: Scope) {
    let found: Option<(Held, Person)> = agent.core.look(|engine| {
        let session = engine.session(attempt)?;
        Some((Held::of(&session)?, session.requester.clone()))
    });
    let Some((held, person)) = found else { return };
    if let Err(error) = prolonging::gather(agent, &held, &person, vec![session]).await {
        eprintln!("what moved out of the scope of {} could not be put back: {error}", held.id);
    }
}

fn known(agent: &Agent) -> Vec<Known> {
    agent.core.look(|engine| {
        let held = engine.sessions().filter(|session| Held::of(session).is_some());
        held.map(|session| Known {
            attempt: session.attempt.clone(),
            leader: session.leader,
            names: scopes::names(session.id, session.attempt),
        })
        .collect()
    })
}

/// The scopes of sessions that were opened by one of these commands, and have processes.
pub(super) fn escaped(known: &[Known]) -> Vec<(AttemptId, Scope)> {
    let sessions = sessions::opened_by().into_iter();
    sessions
        .filter_map(|(name, owner, leader)| {
            let scope =
                scopes::of_session(owner, &name).filter(|scope| !scope.processes().is_empty())?;
            Some((of(leader, known)?.attempt.clone(), scope))
        })
        .collect()
}

/// The command that a process comes of.
fn of(mut pid: i32, known: &[Known]) -> Option<&Known> {
    for _ in 0..GENERATIONS_MAX {
        let unit = scopes::unit_of(pid);
        let in_unit = |one: &&Known| unit.as_ref().is_some_and(|unit| one.names.contains(unit));
        let started_ticks = process::started_ticks(pid).ok()?;
        let is_leader = |one: &&Known| one.leader == Some(Leader { pid, started_ticks });
        if let Some(found) = known.iter().find(|one| in_unit(one) || is_leader(one)) {
            return Some(found);
        }
        pid = process::parent(pid).filter(|parent| *parent > 1)?;
    }
    None
}
