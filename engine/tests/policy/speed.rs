//! Ten thousand rules.

use std::time::{Duration, Instant};

use writ_engine::policy::{Decision, Verdict};

use crate::commands::*;

/// Ten times what is promised for a release build on an idle machine.
const DECISION_MAX: Duration = Duration::from_micros(100);

#[test]
fn one_decision_among_ten_thousand_rules_reads_only_a_few() {
    let roles = (0..200).map(|number| {
        let rules = (0..50).map(|place| {
            let command = format!("/usr/bin/systemctl restart unit-{number}-{place} *");
            rule(&format!("{place}"), &[&command], Decision::Allow)
        });
        role(&format!("role{number}"), &["%ops"], rules.collect())
    });
    let policy = policy(roles.collect());
    let alice = person("alice", &["ops"]);
    let command = run("/usr/bin/systemctl", &["restart", "unit-199-49", "now"]);
    let fastest = (0..200)
        .map(|_| {
            let start = Instant::now();
            let verdict = policy.decide(&alice, &command, nothing_covered);
            let took = start.elapsed();
            assert!(matches!(verdict, Verdict::Allow(_)));
            took
        })
        .min()
        .unwrap();
    println!("{fastest:?} for one decision");
    assert!(fastest < DECISION_MAX, "{fastest:?}");
}
