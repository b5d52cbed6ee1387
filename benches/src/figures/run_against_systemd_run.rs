//! `writ run` under an open window against `systemd-run --pipe --wait` with the same
//! properties: what asking, recording and lending add to what PID 1 does in both cases.
//!
//! In each round both run once, in an order that is drawn anew: alice calls writ, root
//! calls systemd-run, which an unprivileged user may not.

use std::time::Duration;

use writ_tests::{Host, PolicyFiles};

use crate::on_host;
use crate::policies;
use crate::sample::Sample;
use crate::table::Row;

/// What the one may take of the other.
const RATIO_MAX: f64 = 1.3;

/// Rounds that count, after a warm-up of its own.
const ROUNDS: usize = 200;

/// Before each run.
const REST_MS: u64 = 40;

/// How long all of them may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// A role that is open for whoever asks.
const CAPTURE: (&str, &str) = (
    "roles.d/capture.toml",
    "[role.capture]\nmembers = [\"alice\"]\ncapabilities = [\"CAP_NET_RAW\"]\n\
     groups = [\"www-data\"]\ndecision = \"allow\"\n",
);

/// What `writ run` gives its service (agent/src/units/properties.rs).
const PROPERTIES: [&str; 14] = [
    "Type=exec",
    "User=alice",
    "SupplementaryGroups=www-data",
    "AmbientCapabilities=CAP_NET_RAW",
    "CapabilityBoundingSet=CAP_NET_RAW",
    "NoNewPrivileges=yes",
    "WorkingDirectory=/",
    "UMask=0022",
    "IgnoreSIGPIPE=no",
    "RuntimeMaxSec=3600",
    "TimeoutStopSec=1",
    "KillMode=control-group",
    "SendSIGHUP=yes",
    "Slice=user-1000.slice",
];

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    let policy: Vec<(&str, &str)> = [policies::SMALL, &[CAPTURE]].concat();
    let policy: PolicyFiles<'_> = &policy;
    host.take_policy(policy);
    let id = host.as_user("alice", "writ request capture --for 1h --no-wait --reason bench");
    id.ok();
    let properties: Vec<String> =
        PROPERTIES.iter().map(|property| format!("--property={property}")).collect();
    let line = format!(
        "sudo -n {} {} interleaved {ROUNDS} {REST_MS} alice \
         'writ=/etc/sudo.conf=writ run capture -- true' \
         'systemd-run@root=/etc/sudo.conf=systemd-run --quiet --collect --pipe --wait {} true'",
        on_host::PROGRAM,
        on_host::WORD,
        properties.join(" ")
    );
    let mut running = host.start_as("alice", &line);
    running.close_stdin();
    let times = on_host::interleaved::read(running.finish(PATIENCE).ok());
    host.take_policy(policies::SMALL);
    let [writ, systemd_run] =
        ["writ", "systemd-run"].map(|name| Sample::of(times[name].iter().copied()));
    let ratio = writ.median().as_secs_f64() / systemd_run.median().as_secs_f64();
    vec![
        Row::at_most("`writ run` against systemd-run, medians", ratio, RATIO_MAX, "", 3),
        Row::beside("  systemd-run (quartiles)", systemd_run.quartiles()),
        Row::beside("  writ run", writ.quartiles()),
    ]
}
