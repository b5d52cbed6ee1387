//! A command moves itself to a session scope: `sudo -i` and `su -l` open a login session,
//! and logind gives that a scope of its own, without a limit.
//!
//! What runs in such a session is put back into the scope of the command, or into a new
//! one where that is gone with its last process. So it has the limit of PID 1 again, and
//! is found when the grant ends. Whose session it is, the process tells that opened it:
//! it comes of the sudo that was held, or of something in its scope.

use std::collections::BTreeSet;
use std::rc::Rc;

use tokio::sync::watch::Receiver;
use writ_engine::facts::{AttemptId, Leader, OnEnd};

use super::ending::{self, Ended, looked_up};
use super::hold::Held;
use super::prolonging;
use super::scopes::{self, Scope};
use crate::agent::Agent;
use crate::folder_changes::FolderChanges;
use crate::units::UnitName;
use crate::{process, sessions};

/// How many generations a process is followed upwards.
const GENERATIONS_MAX: usize = 64;

/// A command that is held, as its processes are known.
#[derive(Debug, Clone)]
struct Known {
    attempt: AttemptId,
    leader: Option<Leader>,
    names: Vec<UnitName>,
}

/// Keeps commands held that open sessions, until the agent ends. Wakes up only while
/// something is held.
pub(crate) async fn keep_held(agent: Rc<Agent>) {
    let mut changed = agent.core.grants_changed.subscribe();
    loop {
        while known(&agent).is_empty() {
            let _ = changed.changed().await;
        }
        match sessions::changes() {
            Ok(changes) => watch(&agent, &mut changed, &changes).await,
            Err(error) => {
                // Without logind nobody opens a session.
                eprintln!("new login sessions are not seen: {error}");
                let _ = changed.changed().await;
            }
        }
    }
}

async fn watch(agent: &Rc<Agent>, changed: &mut Receiver<()>, changes: &FolderChanges) {
    // The sessions that are known to be nobody's here; whose a session is does not change.
    let mut strangers = BTreeSet::new();
    loop {
        let known = known(agent);
        if known.is_empty() {
            return;
        }
        let looked = looked_up(move || vec![look(&known, &strangers)]).await.pop();
        let Some(Looked { escaped, strangers: others }) = looked else { return };
        strangers = others;
        for (attempt, session) in escaped {
            put_back(agent, attempt, session).await;
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

/// Puts it back; or ends it, when the grant has ended meanwhile.
async fn put_back(agent: &Rc<Agent>, attempt: AttemptId, session: Scope) {
    let found = agent.core.look(|engine| {
        let session = engine.session(&attempt)?;
        Some((session.id, Held::of(&session), session.requester.clone()))
    });
    match found {
        None => {}
        Some((id, None, person)) => {
            let ended = Ended { id, attempt, person };
            tokio::task::spawn_local(ending::end_session(Rc::clone(agent), ended, session));
        }
        Some((id, Some(held), person)) => {
            let gathered = prolonging::gather(agent, &held, &person, vec![session]).await;
            if let Err(error) = gathered {
                eprintln!("what moved out of the scope of {id} could not be put back: {error}");
            }
        }
    }
}

/// The commands that end with their grants, and those whose grants have ended.
fn known(agent: &Agent) -> Vec<Known> {
    agent.core.look(|engine| {
        let ending = engine.sessions().filter(|session| session.on_end == OnEnd::Terminate);
        ending
            .map(|session| Known {
                attempt: session.attempt.clone(),
                leader: session.leader,
                names: scopes::names(session.id, session.attempt),
            })
            .collect()
    })
}

/// What a look at the sessions gives.
struct Looked {
    /// The scopes of those that were opened by one of the commands, and have processes.
    escaped: Vec<(AttemptId, Scope)>,
    /// The names of those that were not.
    strangers: BTreeSet<String>,
}

fn look(known: &[Known], strangers: &BTreeSet<String>) -> Looked {
    let mut looked = Looked { escaped: Vec::new(), strangers: BTreeSet::new() };
    for name in sessions::names() {
        let opened_by = || sessions::opened_by(&name);
        let found = if strangers.contains(&name) { None } else { opened_by() };
        match found.and_then(|(owner, leader)| Some((owner, of(leader, known)?))) {
            None => {
                looked.strangers.insert(name);
            }
            Some((owner, command)) => {
                let scope = scopes::of_session(owner, &name);
                let used = scope.filter(|scope| !scope.processes().is_empty());
                looked.escaped.extend(used.map(|scope| (command.attempt.clone(), scope)));
            }
        }
    }
    looked
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
