//! From `writ approve` to the command: with many requests waiting, alice's sudo waits,
//! bob approves, and the time is taken from before his process is started until the
//! first byte that the command writes has been read.

use std::collections::BTreeMap;
use std::time::Duration;

use writ_tests::{Host, Output};

use crate::on_host::{self, approving::PIPE};
use crate::sample::{Sample, in_ms};
use crate::table::Row;

/// At the 99th percentile, in milliseconds.
const TIME_MAX_MS: f64 = 50.0;

/// Requests that wait all the while, and who has asked for them: one account may have
/// no more than 1,024 open.
const WAITING: [(&str, usize); 2] = [("carol", 500), ("dave", 500)];

/// Times that count.
const ROUNDS: usize = 300;

/// Rounds before them.
const WARM_UP: usize = 20;

/// How long all of them may take.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    for (user, count) in WAITING {
        on_host_as(host, user, &format!("request {count}"));
    }
    host.root_sh(&format!("rm -f {PIPE}; mkfifo {PIPE} && chmod 666 {PIPE}")).ok();
    let mut bob = host.start_as("bob", &format!("{} {} approve", on_host::PROGRAM, on_host::WORD));
    bob.close_stdin();
    let asked = on_host_as(host, "alice", &format!("ask {}", WARM_UP + ROUNDS));
    let approved = bob.finish(PATIENCE);
    let begun: BTreeMap<String, Duration> = stamps(&approved).into_iter().collect();
    let times = stamps(&asked).into_iter().skip(WARM_UP).map(|(id, started)| started - begun[&id]);
    let times = Sample::of(times);

    let waiting = host.requests_of("waiting").len();
    let mut rows = vec![Row::at_most(
        &format!("`writ approve` to the command's start, 99th percentile, {waiting} waiting"),
        in_ms(times.percentile(99)),
        TIME_MAX_MS,
        " ms",
        1,
    )];
    rows.push(Row::beside("  quartiles", times.quartiles()));
    // What waits is not in the way of the other figures.
    host.root_sh("systemctl stop writd && rm -rf /var/lib/writ/ledger/* && systemctl start writd")
        .ok();
    rows
}

pub(super) fn on_host_as(host: &Host, user: &str, words: &str) -> Output {
    let mut running =
        host.start_as(user, &format!("{} {} {words}", on_host::PROGRAM, on_host::WORD));
    running.close_stdin();
    let output = running.finish(PATIENCE);
    output.ok();
    output
}

/// "ID NANOSECONDS" a line.
pub(super) fn stamps(output: &Output) -> Vec<(String, Duration)> {
    let stamp = |line: &str| {
        let (id, nanoseconds) = line.split_once(' ').expect("two words");
        (id.to_owned(), Duration::from_nanos(nanoseconds.parse().expect("nanoseconds")))
    };
    output.ok().lines().map(stamp).collect()
}
