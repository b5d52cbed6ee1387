//! `sudo -n true`, allowed by policy, against the same sudo without the plugin.
//!
//! Both are there at once, on one host with one agent: each is called in a mount
//! namespace of its own, in which /etc/sudo.conf is another file. alice calls them
//! from her session, without a terminal; in each round all contenders run once, in
//! an order that is drawn anew.

use std::collections::BTreeMap;
use std::time::Duration;

use writ_tests::{Host, Release};

use crate::on_host;
use crate::sample::{Sample, in_ms};
use crate::table::Row;

/// What the one may take of the other.
const RATIO_MAX: f64 = 1.05;

/// Rounds that count, after a warm-up of its own.
const ROUNDS: usize = 500;

/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(540);

/// sudo.conf without Writ's lines, on the host.
const PLAIN_CONF: &str = "/srv/sudo.conf.plain";
/// The same with them.
const WRIT_CONF: &str = "/srv/sudo.conf.writ";

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    host.root_sh(&format!(
        "cp /etc/sudo.conf {WRIT_CONF} && sed '/writ: begin/,/writ: end/d' {WRIT_CONF} >{PLAIN_CONF}"
    ))
    .ok();
    let mut contenders = vec![
        format!("plain={PLAIN_CONF}=sudo -n true"),
        format!("writ={WRIT_CONF}=sudo -n true"),
        format!("doas={PLAIN_CONF}=doas -n true"),
    ];
    if host.release() == Release::Trixie {
        contenders.push(format!("sudo-rs={PLAIN_CONF}=sudo-rs -n true"));
    }
    let quoted: Vec<String> = contenders.iter().map(|words| format!("'{words}'")).collect();
    let line = format!(
        "sudo -n {} {} interleaved {ROUNDS} alice {}",
        on_host::PROGRAM,
        on_host::WORD,
        quoted.join(" ")
    );
    let mut running = host.start_as("alice", &line);
    running.close_stdin();
    let said = running.finish(PATIENCE);
    let times = on_host::interleaved::read(said.ok());
    rows(&times)
}

fn rows(times: &BTreeMap<String, Vec<Duration>>) -> Vec<Row> {
    let (plain, writ) = (&times["plain"], &times["writ"]);
    let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
    let (plain_sample, writ_sample) =
        (Sample::of(plain.iter().copied()), Sample::of(writ.iter().copied()));
    let mut in_pairs: Vec<f64> = writ.iter().zip(plain).map(|(a, b)| ratio(*a, *b)).collect();
    in_pairs.sort_by(f64::total_cmp);
    let medians = ratio(writ_sample.median(), plain_sample.median());
    let mut rows = vec![
        Row::at_most("sudo with Writ against sudo, medians", medians, RATIO_MAX, "", 3),
        Row::beside(
            "  median of the ratios in pairs",
            format!("{:.3}", in_pairs[in_pairs.len() / 2]),
        ),
        Row::beside(
            "  difference of the medians",
            format!("{:.2} ms", in_ms(writ_sample.median()) - in_ms(plain_sample.median())),
        ),
        Row::beside("  sudo (quartiles)", plain_sample.quartiles()),
        Row::beside("  sudo with Writ", writ_sample.quartiles()),
    ];
    for (name, times) in times.iter().filter(|(name, _)| !matches!(name.as_str(), "plain" | "writ"))
    {
        rows.push(Row::beside(&format!("  {name}"), Sample::of(times.iter().copied()).quartiles()));
    }
    rows
}
