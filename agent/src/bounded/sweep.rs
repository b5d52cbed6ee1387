//! What many grants that end together may have left behind is looked for once: control
//! groups and processes are many, and each look goes over all of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use writ_engine::facts::{Person, Uid};
use writ_engine::id::RequestId;

use super::ending::{looked_up, stop_scopes};
use super::groups;
use super::processes::{self, Seen};
use super::scopes::{self, Scope};
use crate::agent::Agent;
use crate::units::UnitName;

/// How long others that end are waited for.
const TOGETHER: Duration = Duration::from_millis(10);

/// The grants that have ended and were not looked after yet.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    waiting: RefCell<Vec<Over>>,
}

/// A grant that has ended.
#[derive(Debug)]
pub(super) struct Over {
    pub id: RequestId,
    pub person: Person,
    /// Its scopes that are seen to already; of others it may have.
    pub scopes: Scopes,
    /// Numbers of the groups that it lent.
    pub groups: BTreeSet<u32>,
}

/// Whether something may be left in scopes of a grant.
#[derive(Debug)]
pub(super) enum Scopes {
    /// Nothing.
    None,
    /// In others than these.
    But(BTreeSet<String>),
}

impl Sweep {
    /// Looks after a grant soon, together with those that end meanwhile.
    pub(super) fn add(agent: &Rc<Agent>, over: Over) {
        let first = {
            let mut waiting = agent.sweep.waiting.borrow_mut();
            waiting.push(over);
            waiting.len() == 1
        };
        if first {
            let agent = Rc::clone(agent);
            tokio::task::spawn_local(async move {
                tokio::time::sleep(TOGETHER).await;
                let over = agent.sweep.waiting.take();
                sweep(&agent, over).await;
            });
        }
    }
}

async fn sweep(agent: &Rc<Agent>, all: Vec<Over>) {
    let (seen, left) = tokio::join!(holders(&all), scopes_left(&all));
    for (over, scopes) in left {
        tokio::task::spawn_local(stop_scopes(
            Rc::clone(agent),
            over.id,
            over.person.clone(),
            scopes,
        ));
    }
    for (place, groups) in claimed(&all, seen) {
        let Some(over) = all.get(place) else { continue };
        let (agent, id, account) = (Rc::clone(agent), over.id, over.person.account.clone());
        tokio::task::spawn_local(async move { groups::end(&agent, id, account, groups).await });
    }
}

/// The scopes that are left of each grant.
async fn scopes_left(all: &[Over]) -> Vec<(&Over, Vec<Scope>)> {
    if all.iter().all(|over| matches!(over.scopes, Scopes::None)) {
        return Vec::new();
    }
    let mut of: BTreeMap<(RequestId, Uid), Vec<Scope>> = BTreeMap::new();
    for (owner, scope) in looked_up(scopes::all).await {
        if let Some(id) = scope.name.as_ref().and_then(UnitName::id) {
            of.entry((id, owner)).or_default().push(scope);
        }
    }
    let left = all.iter().filter_map(|over| {
        let Scopes::But(known) = &over.scopes else { return None };
        let mut scopes = of.remove(&(over.id, scopes::owner(&over.person)))?;
        scopes
            .retain(|scope| scope.name.as_ref().is_some_and(|name| !known.contains(name.as_str())));
        (!scopes.is_empty()).then_some((over, scopes))
    });
    left.collect()
}

/// The processes of these people that hold a group which one of the grants lent.
async fn holders(all: &[Over]) -> Vec<Seen> {
    let mut lent: BTreeMap<Uid, BTreeSet<u32>> = BTreeMap::new();
    for over in all.iter().filter(|over| !over.groups.is_empty()) {
        lent.entry(over.person.account.uid).or_default().extend(&over.groups);
    }
    if lent.is_empty() {
        return Vec::new();
    }
    looked_up(move || {
        let mut seen = processes::all();
        seen.retain(|one| lent.get(&one.uid).is_some_and(|groups| !one.groups.is_disjoint(groups)));
        seen
    })
    .await
}

/// For the first grant of each process that lent it a group: its place, and its groups.
fn claimed(all: &[Over], mut seen: Vec<Seen>) -> Vec<(usize, BTreeSet<u32>)> {
    let mut claims = Vec::new();
    for (place, over) in all.iter().enumerate() {
        if seen.is_empty() {
            break;
        }
        let before = seen.len();
        seen.retain(|one| {
            one.uid != over.person.account.uid || one.groups.is_disjoint(&over.groups)
        });
        if seen.len() < before {
            claims.push((place, over.groups.clone()));
        }
    }
    claims
}
