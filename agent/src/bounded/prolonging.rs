//! A grant stands longer. The limit of a scope cannot be changed, so a new scope takes
//! its processes over, with a limit as far off as the new end; the old one is gone when
//! it is empty. At no moment is a process without a limit: one that could not be taken
//! over ends with the old.

use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use writ_engine::facts::Person;
use writ_engine::id::RequestId;

use super::ending::looked_up;
use super::hold::{self, Held};
use super::scopes::{self, Scope};
use crate::agent::Agent;
use crate::units::{Member, UnitError, UnitName};

/// How often it is tried to make the new scope: a process that ends meanwhile is a
/// reason for PID 1 to refuse.
const TRIES_MAX: usize = 16;

/// How often the old scopes are looked at for processes that were started while others
/// were taken over.
const ROUNDS_MAX: usize = 256;

/// How many processes a new scope is made around: the bus takes no more than 16 of their
/// descriptors in a message (dbus-daemon(1), max_message_unix_fds).
const FIRST_MAX: usize = 16;

/// How many processes are taken over with one call after that.
const MEMBERS_MAX: usize = 256;

/// Gives what runs under a grant its new limit.
pub(crate) async fn prolong(agent: Rc<Agent>, id: RequestId) {
    let held: Vec<(Held, Person)> = agent.core.look(|engine| {
        let of_it = engine.sessions().filter(|session| session.id == id);
        of_it.filter_map(|session| Some((Held::of(&session)?, session.requester.clone()))).collect()
    });
    for (held, person) in held {
        let old = looked_up({
            let (attempt, person) = (held.attempt.clone(), person.clone());
            move || scopes::of_attempt(&person, id, &attempt)
        })
        .await;
        if let Err(error) = gather(&agent, &held, &person, old).await {
            eprintln!(
                "what runs under {id} keeps its old limit, though {id} stands longer: {error}"
            );
        }
    }
}

/// Puts the processes of these scopes into another one of the command's: one that it has
/// besides, or a new one.
pub(super) async fn gather(
    agent: &Agent,
    held: &Held,
    person: &Person,
    from: Vec<Scope>,
) -> Result<(), UnitError> {
    let names = scopes::names(held.id, &held.attempt);
    let taken: Vec<UnitName> = from.iter().filter_map(|scope| scope.name.clone()).collect();
    let mut into: Option<UnitName> = None;
    let mut refused = None;
    for _ in 0..ROUNDS_MAX {
        let left = pids(&from).await;
        if left.is_empty() {
            return Ok(());
        }
        let others = looked_up({
            let (person, id, attempt) = (person.clone(), held.id, held.attempt.clone());
            move || {
                let all = scopes::of_attempt(&person, id, &attempt).into_iter();
                let used = all.filter(|scope| !scope.processes().is_empty());
                used.filter_map(|scope| scope.name).collect()
            }
        })
        .await;
        let mut others = others.into_iter().filter(|name| !taken.contains(name));
        into = into.or_else(|| others.next());
        let Some(name) = into.clone() else {
            // One that was emptied may still be on its way out.
            let free =
                names.iter().find(|name| !taken.contains(name) && !scopes::is_there(person, name));
            let Some(free) = free else { break };
            into = begin(agent, free, held, &from).await?.then(|| free.clone());
            continue;
        };
        for chunk in left.chunks(MEMBERS_MAX) {
            let numbers: Vec<u32> =
                chunk.iter().filter_map(|pid| u32::try_from(*pid).ok()).collect();
            match agent.units.attach(&name, &numbers).await {
                // One of them may have ended; the next look tells.
                Ok(()) => {}
                Err(error @ UnitError::Refused { .. }) => {
                    (into, refused) = (None, Some(error));
                }
                Err(error) => return Err(error),
            }
            if into.is_none() {
                break;
            }
        }
    }
    refused.map_or(Ok(()), Err)
}

/// Makes a new scope, around what there is at the moment; not where nothing is left.
async fn begin(
    agent: &Agent,
    new: &UnitName,
    held: &Held,
    old: &[Scope],
) -> Result<bool, UnitError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let pids = pids(old).await;
        let handles: Vec<(i32, OwnedFd)> = pids
            .into_iter()
            .take(FIRST_MAX)
            .filter_map(|pid| {
                Some((pid, pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?))
            })
            .collect();
        if handles.is_empty() {
            return Ok(false);
        }
        let members: Vec<Member<'_>> = handles
            .iter()
            .map(|(pid, handle)| Member { pid: *pid, handle: handle.as_fd() })
            .collect();
        match hold::start(agent, new, held, &members).await {
            Err(UnitError::Refused { .. } | UnitError::NotStarted(..)) if tries < TRIES_MAX => {}
            done => return done.map(|()| true),
        }
    }
}

async fn pids(old: &[Scope]) -> Vec<i32> {
    let old = old.to_vec();
    looked_up(move || old.iter().flat_map(Scope::processes).collect()).await
}
