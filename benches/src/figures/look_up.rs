//! `id` of a user with three lent groups against `id` while nothing is lent, and so no
//! socket of Writ's is there.
//!
//! nss-systemd looks each group of a membership up by itself, in all of its sources, before
//! `id` has it. What that takes without Writ stands beside: the same three memberships from
//! systemd's own files (nss-systemd(8), /etc/userdb).

use std::time::Duration;

use writ_tests::{Host, PolicyFiles};

use crate::on_host;
use crate::policies;
use crate::sample::Sample;
use crate::table::Row;

/// What the one may take of the other.
const RATIO_MAX: f64 = 1.3;

/// What is lent.
const GROUPS: &str = "adm shadow staff";

/// How often both are measured, by turns: what is lent is lent to all of the host.
const ROUNDS: usize = 8;

/// How often `id` runs in each.
const RUNS: usize = 100;

/// A role that lends three groups to whoever asks.
const KEEPER: (&str, &str) = (
    "roles.d/keeper.toml",
    "[role.keeper]\nmembers = [\"alice\"]\ngroups = [\"adm\", \"shadow\", \"staff\"]\n\
     decision = \"allow\"\n",
);

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    let policy: Vec<(&str, &str)> = [policies::SMALL, &[KEEPER]].concat();
    let policy: PolicyFiles<'_> = &policy;
    host.take_policy(policy);
    let (mut without, mut own, mut with) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.extend(look_ups(host));
        host.root_sh(&format!(
            "mkdir -p /etc/userdb && for group in {GROUPS}; do echo {{}} >/etc/userdb/alice:$group.membership; done"
        ))
        .ok();
        let groups = host.root(&["id", "-Gn", "alice"]);
        assert!(groups.ok().contains("shadow"), "{groups:?}");
        own.extend(look_ups(host));
        host.root(&["rm", "-r", "/etc/userdb"]).ok();
        host.as_user("alice", "writ request keeper --for 10m --reason bench").ok();
        let groups = host.root(&["id", "-Gn", "alice"]);
        assert!(groups.ok().contains("shadow"), "{groups:?}");
        with.extend(look_ups(host));
        // The window ends with the role.
        host.take_policy(policies::SMALL);
        host.take_policy(policy);
    }
    host.take_policy(policies::SMALL);
    let (without, own, with) = (Sample::of(without), Sample::of(own), Sample::of(with));
    let against = |other: &Sample| with.median().as_secs_f64() / other.median().as_secs_f64();
    let what = "`id` with three lent groups against none lent";
    vec![
        Row::at_most(what, against(&without), RATIO_MAX, "", 3),
        Row::beside("  against three of systemd's own", format!("{:.3}", against(&own))),
        Row::beside("  none lent (quartiles)", without.quartiles()),
        Row::beside("  three of systemd's own", own.quartiles()),
        Row::beside("  three lent groups", with.quartiles()),
    ]
}

fn look_ups(host: &Host) -> Vec<Duration> {
    let said = on_host::as_root(host, &["timed", "id", "alice"], &"\n".repeat(RUNS));
    let times = said.ok().lines();
    times.map(|line| Duration::from_nanos(line.parse().expect("nanoseconds"))).collect()
}
