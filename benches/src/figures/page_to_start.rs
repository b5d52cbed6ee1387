//! From the approval on the hub's page to the command: hub, courier and agent are on one host,
//! alice's sudo waits, erin's answer is signed by a passkey, and the time is taken from before
//! it is sent until the first byte that the command writes has been read.

use std::collections::BTreeMap;
use std::time::Duration;

use writ_tests::{Host, PATIENCE, hub_package};

use super::approval_to_start::{on_host_as, stamps};
use crate::on_host::approving::PIPE;
use crate::on_host::page::{APPROVER, ORIGIN};
use crate::on_host::{PROGRAM, WORD, as_root};
use crate::policies;
use crate::sample::{Sample, in_ms};
use crate::table::Row;

/// At the 99th percentile, in milliseconds.
const TIME_MAX_MS: f64 = 100.0;

/// Times that count.
const ROUNDS: usize = 300;

/// Rounds before them.
const WARM_UP: usize = 20;

/// How long all of them may take.
const ALL_MAX: Duration = Duration::from_secs(300);

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    connect(host);
    host.root_sh(&format!("rm -f {PIPE}; mkfifo {PIPE} && chmod 666 {PIPE}")).ok();
    // Who approves is elsewhere in the world, and no account of the host's.
    let mut page = host.start_root(&[PROGRAM, WORD, "page"]);
    page.close_stdin();
    let asked = on_host_as(host, "alice", &format!("ask {}", WARM_UP + ROUNDS));
    let approved = page.finish(ALL_MAX);
    let begun: BTreeMap<String, Duration> = stamps(&approved).into_iter().collect();
    let times = stamps(&asked).into_iter().skip(WARM_UP).map(|(id, started)| started - begun[&id]);
    let times = Sample::of(times);
    disconnect(host);
    vec![
        Row::at_most(
            "approval on the hub's page to the command's start, 99th percentile",
            in_ms(times.percentile(99)),
            TIME_MAX_MS,
            " ms",
            1,
        ),
        Row::beside("  quartiles", times.quartiles()),
    ]
}

/// Installs the hub, enrols the host and erin's passkey there, and pins it.
fn connect(host: &Host) {
    host.install(&hub_package());
    let hub = format!("url = \"{ORIGIN}\"\nlisten = \"127.0.0.1:8080\"\n");
    host.put("/etc/writ-hub/hub.toml", hub, 0o644);
    host.root(&["systemctl", "restart", "writ-hub.service"]).ok();
    let link = host.root(&["writ-hub", "people", "add", APPROVER]);
    let line = as_root(host, &["passkey", link.ok()], "").stdout.trim().to_owned();
    let erin = format!("[approver.{APPROVER}]\nteams = [\"oncall\"]\nkeys = [\"{line}\"]\n");
    let (settings, roles) = policies::asking_the_hub(ORIGIN);
    host.take_policy(&[
        ("writ.toml", &settings),
        ("roles.d/people.toml", roles),
        ("approvers.d/erin.toml", &erin),
    ]);
    let name = host.root(&["hostname"]).ok().trim().to_owned();
    let token = host.root(&["writ-hub", "token", &name]);
    let token = token.ok().split_whitespace().last().expect("a token").to_owned();
    host.root_with(&["writ", "enroll", ORIGIN], format!("{token}\n").as_bytes()).ok();
    host.wait_until("writ doctor to be content", PATIENCE, || {
        host.root(&["writ", "doctor"]).status == 0
    });
}

/// Leaves the host as it was: what else is measured has no hub beside it.
fn disconnect(host: &Host) {
    host.root(&["dpkg", "--purge", "writ-hub"]).ok();
    host.take_policy(policies::SMALL);
    host.root_sh("systemctl stop writd && rm -rf /var/lib/writ/ledger/* && systemctl start writd")
        .ok();
}
