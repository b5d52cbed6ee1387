//! The policy of the host: how long it takes to load it, and to decide by it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use writ_engine::facts::{Account, Action, Command, Person, RunAs, Uid};
use writ_engine::policy::{NothingKnown, Verdict};
use writ_policy::{HostName, Trust, load};

use crate::policies::{ROLES, RULES_PER_ROLE};
use crate::sample::Sample;

/// How often it is loaded.
const LOADS: usize = 25;

/// How often is decided.
const DECISIONS: usize = 10_000;

/// Prints the medians of loading and of one decision, and what 99 of 100 decisions do not
/// exceed, in nanoseconds.
pub(crate) fn measure() {
    let mut policy = None;
    let loads = Sample::of((0..LOADS).map(|_| {
        let start = Instant::now();
        let loaded = load("/etc/writ".as_ref(), &HostName::of(b"host"), Trust::OwnedBy(0));
        let took = start.elapsed();
        policy = Some(loaded.expect("a policy without errors").policy);
        took
    }));
    let policy = policy.expect("it was loaded");
    let rules: usize = policy.settings().roles.iter().map(|role| role.rules.len()).sum();
    assert_eq!(rules, ROLES * RULES_PER_ROLE);

    let alice = alice();
    let decisions = Sample::of((0..DECISIONS).map(|number| {
        // Each time another rule of another role.
        let command = restart(number * 7 % ROLES, number * 11 % RULES_PER_ROLE);
        let start = Instant::now();
        let verdict = policy.decide(&alice, &command, NothingKnown);
        let took: Duration = start.elapsed();
        assert!(matches!(verdict, Verdict::Ask(..)), "{verdict:?}");
        took
    }));
    let times = [loads.median(), decisions.median(), decisions.percentile(99)];
    println!("{}", times.map(|time| time.as_nanos().to_string()).join(" "));
}

fn alice() -> Person {
    Person {
        account: Account { uid: Uid(1000), name: "alice".to_owned() },
        login: None,
        session_owner: None,
        groups: BTreeSet::from(["alice".to_owned(), "developers".to_owned()]),
        approver: None,
    }
}

fn restart(role: usize, rule: usize) -> Command {
    let words = ["systemctl", "restart", &format!("unit-{role}-{rule}")];
    Command {
        path: "/usr/bin/systemctl".to_owned(),
        argv: words.map(str::to_owned).to_vec(),
        cwd: "/".to_owned(),
        run_as: RunAs { user: "root".to_owned(), uid: Uid(0), group: None },
        action: Action::Run,
    }
}
