//! Processes that hold a group which was lent and is lent no more: an ssh login during
//! the window, a tmux that was started in it.
//!
//! A process that has the group by right is never touched: whether its user has it, the
//! other sources of this host say, and what Writ lends now, the ledger.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rustix::process::Signal;
use writ_engine::facts::{Account, Person};
use writ_engine::id::RequestId;
use writ_engine::time::BootTime;

use super::ending::{TOLD, ended, looked_up, record};
use super::processes::{self, Seen};
use super::{GRACE, terminal};
use crate::agent::Agent;
use crate::clock;

/// How often those are killed that were started while others were.
const ROUNDS_MAX: usize = 5;

/// Ends the processes of an account that hold one of these groups and should not.
pub(super) async fn end(agent: &Agent, id: RequestId, account: Account, groups: BTreeSet<u32>) {
    let seen = holding(agent, &account, &groups, clock::now().boot).await;
    if seen.is_empty() {
        return;
    }
    let person = Person::known_by(account.clone());
    let words = format!("{id} has ended, and what holds a group of it ends now");
    say(&seen, &person, &words).await;
    tokio::time::sleep(terminal::SEEN_AFTER).await;
    record(agent, id, ended(account.clone(), None, &seen));
    for process in &seen {
        process.signal(&TOLD);
    }
    tokio::time::sleep(GRACE).await;
    for _ in 0..ROUNDS_MAX {
        let left = holding(agent, &account, &groups, clock::now().boot).await;
        if left.is_empty() {
            return;
        }
        for process in &left {
            process.signal(&[Signal::KILL]);
        }
    }
}

/// The processes that hold one of these groups now, and should not from an instant on.
pub(super) async fn holding(
    agent: &Agent,
    account: &Account,
    groups: &BTreeSet<u32>,
    from: BootTime,
) -> Vec<Seen> {
    let by_right = match agent.accounts.numbers(account.uid).await {
        Ok(numbers) => numbers,
        Err(error) => {
            // Whoever may have it by right is left alone.
            eprintln!("processes with groups that were lent are not ended: {error}");
            return Vec::new();
        }
    };
    let lent: BTreeSet<u32> = agent.core.look(|engine| {
        let his = engine.loans().filter(|loan| loan.person.account.uid == account.uid);
        his.filter(|loan| loan.until > from).map(|loan| loan.gid).collect()
    });
    let expired: BTreeSet<u32> = groups
        .iter()
        .copied()
        .filter(|gid| !by_right.contains(gid) && !lent.contains(gid))
        .collect();
    if expired.is_empty() {
        return Vec::new();
    }
    let uid = account.uid;
    looked_up(move || {
        let mut his = processes::of_user(uid);
        his.retain(|process| !process.groups.is_disjoint(&expired));
        his
    })
    .await
}

/// Says something on every terminal that controls one of them.
pub(super) async fn say(seen: &[Seen], person: &Person, words: &str) {
    for terminal in terminals(seen) {
        terminal::say(terminal, person, words).await;
    }
}

/// The terminals that control them.
pub(super) fn terminals(seen: &[Seen]) -> BTreeSet<PathBuf> {
    seen.iter().filter_map(|process| process.terminal.clone()).collect()
}
