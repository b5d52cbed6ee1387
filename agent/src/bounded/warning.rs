//! Words before the end.
//!
//! The engine says until when each grant stands; an instant is due once, when it comes
//! to lie in the past. A grant that stands longer has its instants before it again.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use writ_engine::Engine;
use writ_engine::facts::{Leader, OnEnd, Person};
use writ_engine::id::RequestId;
use writ_engine::time::{BootTime, Span};

use super::{groups, sweep, terminal};
use crate::agent::Agent;
use crate::clock::{self, DeadlineTimer};

/// Something that ends.
struct Ending {
    id: RequestId,
    until: BootTime,
    person: Person,
    on_end: OnEnd,
    what: What,
}

/// Where it is said.
enum What {
    /// On the terminal of a command: of this process, which was asked for from there.
    Command(Option<Leader>, Option<String>),
    /// Wherever a group is held.
    Groups(BTreeSet<u32>),
}

/// Warns whoever is about to lose something, until the agent ends. Sleeps while nothing
/// ends.
pub(crate) async fn warn_in_time(agent: Rc<Agent>, timer: DeadlineTimer) {
    let mut changed = agent.core.grants_changed.subscribe();
    let mut looked_at = clock::now().boot;
    let mut set = None;
    loop {
        let spans = agent.core.policy().settings().warn.clone();
        let now = clock::now().boot;
        let (due, next) = agent.core.look(|engine| due(engine, &spans, looked_at, now));
        looked_at = now;
        let mut said = BTreeSet::new();
        for ending in that_matter(due).await {
            warn(&agent, now, ending, &mut said).await;
        }
        if set != Some(next) {
            if timer.set(next).is_err() {
                return;
            }
            set = Some(next);
        }
        tokio::select! {
            _ = changed.changed() => {}
            woken = timer.wait() => {
                if woken.is_err() {
                    return;
                }
                set = None;
            }
        }
    }
}

/// What is to be warned of now, and when the next is.
fn due(
    engine: &Engine,
    spans: &[Span],
    looked_at: BootTime,
    now: BootTime,
) -> (Vec<Ending>, Option<BootTime>) {
    let mut next: Option<BootTime> = None;
    // There may be many that end, of which few are due: those are told apart first.
    let mut is_due = |until: BootTime| {
        let instants = spans.iter().filter_map(|span| until.0.checked_sub(span.0).map(BootTime));
        let ahead = instants.clone().filter(|at| *at > now).min();
        next = next.into_iter().chain(ahead).min();
        now < until && instants.into_iter().any(|at| looked_at < at && at <= now)
    };
    let mut due = Vec::new();
    for session in engine.sessions() {
        let Some(until) = session.until.filter(|until| is_due(*until)) else { continue };
        due.push(Ending {
            id: session.id,
            until,
            person: session.requester.clone(),
            on_end: session.on_end,
            what: What::Command(session.leader, session.act.tty.clone()),
        });
    }
    for (id, until, person, window) in engine.lending().filter(|(_, until, ..)| is_due(*until)) {
        due.push(Ending {
            id,
            until,
            person: person.clone(),
            on_end: window.on_end,
            what: What::Groups(window.groups.values().copied().collect()),
        });
    }
    (due, next)
}

/// Those of them that anybody may have to be told of: of windows, only whose groups some
/// process holds. All processes are looked at once.
async fn that_matter(mut due: Vec<Ending>) -> Vec<Ending> {
    let lent = due.iter().filter_map(|ending| match &ending.what {
        What::Groups(groups) => Some((ending.person.account.uid, groups)),
        What::Command(..) => None,
    });
    let seen = sweep::holders(lent).await;
    due.retain(|ending| match &ending.what {
        What::Command(..) => true,
        What::Groups(groups) => seen
            .iter()
            .any(|one| one.uid == ending.person.account.uid && !one.groups.is_disjoint(groups)),
    });
    due
}

/// Says it once on each terminal: one may have a command on it and hold a group, too.
async fn warn(
    agent: &Agent,
    now: BootTime,
    ending: Ending,
    said: &mut BTreeSet<(RequestId, PathBuf)>,
) {
    let Ending { id, until, person, on_end, what } = ending;
    let left = in_words(until.since(now));
    let words = match on_end {
        OnEnd::Terminate => format!(
            "{id} ends in {left}, and what runs on it is stopped then; `writ extend {id}` asks for longer"
        ),
        OnEnd::Warn => format!(
            "{id} ends in {left}; leave what runs on it by then, or ask for longer with `writ extend {id}`"
        ),
    };
    let terminals = match what {
        What::Command(leader, tty) => {
            terminal::of(leader, tty.as_deref()).await.into_iter().collect()
        }
        What::Groups(gids) => {
            groups::terminals(&groups::holding(agent, &person.account, &gids, until).await)
        }
    };
    for terminal in terminals {
        if said.insert((id, terminal.clone())) {
            terminal::say(terminal, &person, &words).await;
        }
    }
}

/// Rounded to the nearest second: a timer is late by a little.
fn in_words(left: Span) -> String {
    let seconds = left.0.saturating_add(500) / 1000;
    match (seconds / 60, seconds % 60) {
        (0, 1) => "1 second".to_owned(),
        (0, seconds) => format!("{seconds} seconds"),
        (1, 0) => "1 minute".to_owned(),
        (minutes, 0) => format!("{minutes} minutes"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
