//! `systemctl restart writd`, until it is ready, over a ledger of 100,000 events.

use std::time::Duration;

use writ_tests::Host;

use crate::on_host;
use crate::sample::{Sample, in_ms};
use crate::table::Row;

/// In milliseconds.
const TIME_MAX: f64 = 1000.0;

/// In the ledger.
const EVENTS: usize = 100_000;

/// How often each kind is measured: each time on a new ledger, because the first
/// restart begins a segment with a snapshot.
const ROUNDS: usize = 3;

/// As the agent has it: a segment and its snapshot come after 16 MiB.
const USUAL_SEGMENT: u64 = writ_ledger::SEGMENT_BYTES_DEFAULT;

/// All in one, and so each event is replayed.
const ONE_SEGMENT: u64 = u64::MAX;

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    let usual = restart_over(host, USUAL_SEGMENT);
    let whole = restart_over(host, ONE_SEGMENT);
    host.root_sh("systemctl stop writd && rm -rf /var/lib/writ/ledger/* && systemctl start writd")
        .ok();
    vec![
        Row::at_most("restart over 100,000 events, all replayed", in_ms(whole), TIME_MAX, " ms", 0),
        Row::at_most("  with snapshots, as it is kept", in_ms(usual), TIME_MAX, " ms", 0),
    ]
}

fn restart_over(host: &Host, segment_bytes: u64) -> Duration {
    let times = (0..ROUNDS).map(|_| {
        host.root_sh("rm -rf /srv/ledger").ok();
        let (events, bytes) = (EVENTS.to_string(), segment_bytes.to_string());
        on_host::as_root(host, &["history", "/srv/ledger", &events, &bytes], "");
        restarted_with(host)
    });
    Sample::of(times).median()
}

/// The agent starts with an empty ledger; then the made one is put in its place, and it
/// is restarted.
fn restarted_with(host: &Host) -> Duration {
    host.root_sh(
        "systemctl start writd && rm -rf /var/lib/writ/ledger/*.jsonl && \
         cp /srv/ledger/*.jsonl /var/lib/writ/ledger/ && chgrp -R adm /var/lib/writ/ledger && sync",
    )
    .ok();
    let words = ["timed", "systemctl", "restart", "writd.service"];
    let said = on_host::as_root(host, &words, "\n");
    Duration::from_nanos(said.ok().parse().expect("nanoseconds"))
}
