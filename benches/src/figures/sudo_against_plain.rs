//! `sudo -n true`, allowed by policy, against the same sudo without the plugin.
//!
//! Both are there at once, on one host with one agent: each is called in a mount
//! namespace of its own, in which /etc/sudo.conf is another file. alice calls them
//! from her session, without a terminal; in each round all contenders run once, in
//! an order that is drawn anew. All of them and the agent are scheduled in real time,
//! with one priority, because a delay by something else is a delay for both: on a busy
//! machine it would hide what Writ takes. A measurement that is unsteady all the same
//! does not count.
//!
//! The bound is for a sudo by itself: before each run the host rests, as it does when
//! people use it, so that the agent is asleep and what the last run has left (the
//! journal's lines, syslog's) is done. Beside it stands the same without a rest.

use std::collections::BTreeMap;
use std::time::Duration;

use writ_tests::{Host, Release};

use crate::on_host;
use crate::sample::{Sample, in_ms};
use crate::table::Row;

/// What the one may take of the other.
pub(super) const RATIO_MAX: f64 = 1.05;

/// How far the upper quartile of plain sudo may be above the lower one.
const SPREAD_MAX: f64 = 1.4;

/// Rounds that count, after a warm-up of its own.
const ROUNDS: usize = 500;

/// Before each run.
const REST_MS: u64 = 40;

/// How long each kind may take.
const PATIENCE: Duration = Duration::from_secs(540);

/// sudo.conf without Writ's lines, on the host.
const PLAIN_CONF: &str = "/srv/sudo.conf.plain";
/// The same with them.
const WRIT_CONF: &str = "/srv/sudo.conf.writ";

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    on_host::put_agent_in_turns(host);
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
    let mut rows = rows(&times(host, &contenders, ROUNDS, REST_MS));
    let busy = times(host, &contenders[..2], ROUNDS, 0);
    let ratio = ratio_of_medians(&busy["writ"], &busy["plain"]);
    host.root(&["systemctl", "restart", "writd.service"]).ok();
    rows.push(Row::beside("  one after another without a rest, medians", format!("{ratio:.3}")));
    rows
}

/// Of each contender, in each round.
pub(super) fn times(
    host: &Host,
    contenders: &[String],
    rounds: usize,
    rest_ms: u64,
) -> BTreeMap<String, Vec<Duration>> {
    let quoted: Vec<String> = contenders.iter().map(|words| format!("'{words}'")).collect();
    let line = format!(
        "sudo -n {} {} interleaved {rounds} {rest_ms} alice {}",
        on_host::PROGRAM,
        on_host::WORD,
        quoted.join(" ")
    );
    let mut running = host.start_as("alice", &line);
    running.close_stdin();
    let said = running.finish(PATIENCE);
    on_host::interleaved::read(said.ok())
}

pub(super) fn ratio_of_medians(one: &[Duration], other: &[Duration]) -> f64 {
    let median = |times: &[Duration]| Sample::of(times.iter().copied()).median().as_secs_f64();
    median(one) / median(other)
}

fn rows(times: &BTreeMap<String, Vec<Duration>>) -> Vec<Row> {
    let (plain, writ) = (&times["plain"], &times["writ"]);
    let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
    let (plain_sample, writ_sample) =
        (Sample::of(plain.iter().copied()), Sample::of(writ.iter().copied()));
    let mut in_pairs: Vec<f64> = writ.iter().zip(plain).map(|(a, b)| ratio(*a, *b)).collect();
    in_pairs.sort_by(f64::total_cmp);
    let medians = ratio_of_medians(writ, plain);
    let [low, high] = [25, 75].map(|percent| plain_sample.percentile(percent));
    let what = "sudo with Writ against sudo, medians";
    let mut rows = vec![
        if ratio(high, low) <= SPREAD_MAX {
            Row::at_most(what, medians, RATIO_MAX, "", 3)
        } else {
            Row::unsteady(what, format!("{medians:.3}"))
        },
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
