//! What lending costs a look-up.

use writ_tests::Host;

use crate::lender::{UNIT, lend};

/// How often `id` runs in each round, and how many rounds there are.
const RUNS: usize = 100;
const ROUNDS: usize = 5;

pub(crate) fn a_look_up_with_three_lent_groups_against_one_without(host: &Host) {
    let script = format!(
        "began=$(date +%s%N); for n in $(seq {RUNS}); do id bob >/dev/null; done; echo $((($(date +%s%N) - began) / {RUNS}))"
    );
    let look_up = || -> u32 { host.root_sh(&script).ok().parse().expect("nanoseconds") };
    let mut without = Vec::new();
    let mut with = Vec::new();
    for _ in 0..ROUNDS {
        host.root(&["systemctl", "stop", UNIT]).ok();
        without.push(look_up());
        host.root(&["systemctl", "start", UNIT]).ok();
        lend(host, &[("bob", "adm"), ("bob", "shadow"), ("bob", "staff")]);
        with.push(look_up());
        lend(host, &[]);
    }
    without.sort_unstable();
    with.sort_unstable();
    let median = |times: &[u32]| f64::from(times[times.len() / 2]) / 1e6;
    let (without, with) = (median(&without), median(&with));
    println!(
        "{}: `id` takes {without:.2} ms without the agent, {with:.2} ms with three lent groups: {:.2} times",
        host.release(),
        with / without
    );
}
