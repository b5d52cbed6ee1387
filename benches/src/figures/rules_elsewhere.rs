//! The 10,000 rules of `ten_thousand_rules` as sudoers and as Cedar policies: no bounds,
//! but what stands beside ours.
//!
//! sudo reads sudoers anew each time that it is called, so that loading and deciding are
//! one thing there; `sudo -l COMMAND`, which runs nothing, is timed with them and without.
//! Cedar is timed by a program of its own (`benches/cedar`), which asks by the same
//! commands. It evaluates every policy for each request, where Writ looks a command up:
//! theirs is a language for any question, ours for one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use writ_tests::Host;

use super::sudo_against_plain::times;
use crate::on_host;
use crate::policies::{ROLES, RULES_PER_ROLE};
use crate::sample::{Sample, in_ms};
use crate::table::Row;

/// Rounds that count.
const ROUNDS: usize = 60;

/// Before each run, in milliseconds.
const REST_MS: u64 = 40;

/// How often the file is checked.
const CHECKS: usize = 15;

/// The rules, and a file in their place that has none.
const SUDOERS: &str = "/srv/sudoers.large";
const NO_SUDOERS: &str = "/srv/sudoers.none";

/// Where sudo reads them.
const PLACE: &str = "/etc/sudoers.d/writ-bench";

/// Where the program that has Cedar in it comes to.
const CEDAR: &str = "/srv/beside-cedar";

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    let mut rows = as_sudoers(host);
    rows.extend(as_cedar(host));
    rows
}

fn as_sudoers(host: &Host) -> Vec<Row> {
    host.put(SUDOERS, sudoers(), 0o440);
    host.put(NO_SUDOERS, "# none\n", 0o440);
    host.put(PLACE, "# none\n", 0o440);
    let check = ["timed", "visudo", "-c", "-q", "-f", SUDOERS];
    let said = on_host::as_root(host, &check, &"\n".repeat(CHECKS));
    let took = said.ok().lines().map(|line| line.parse().expect("nanoseconds"));
    let checks = Sample::of(took.map(Duration::from_nanos));
    let last = format!("unit-{}-{}", ROLES - 1, RULES_PER_ROLE - 1);
    let list = format!("sudo -n -l /usr/bin/systemctl restart {last}");
    let contenders =
        [format!("large={SUDOERS}:{PLACE}={list}"), format!("none={NO_SUDOERS}:{PLACE}={list}")];
    let times = times(host, &contenders, ROUNDS, REST_MS);
    host.root(&["rm", PLACE]).ok();
    let [large, none] = ["large", "none"].map(|name| Sample::of(times[name].iter().copied()));
    let more = in_ms(large.median()) - in_ms(none.median());
    vec![
        Row::beside(
            "the same rules as sudoers: visudo -c, median",
            format!("{:.1} ms", in_ms(checks.median())),
        ),
        Row::beside("  what they add to each sudo -l COMMAND", format!("{more:.1} ms")),
    ]
}

fn as_cedar(host: &Host) -> Vec<Row> {
    let program = build_cedar();
    host.put(CEDAR, std::fs::read(program).expect("the program with Cedar"), 0o755);
    let counts = [ROLES, RULES_PER_ROLE].map(|count| count.to_string());
    let said = host.root(&["chrt", "--fifo", "10", CEDAR, &counts[0], &counts[1]]);
    let medians: Vec<f64> =
        said.ok().split_whitespace().map(|word| word.parse().expect("nanoseconds")).collect();
    vec![
        Row::beside("  as Cedar policies: loading, median", format!("{:.0} ms", medians[0] / 1e6)),
        Row::beside("  as Cedar policies: a decision", format!("{:.0} µs", medians[1] / 1e3)),
    ]
}

/// Builds the program with Cedar, which takes minutes the first time, and says where it is.
fn build_cedar() -> PathBuf {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = benches.with_file_name("target").join("beside");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--locked", "--quiet", "--release", "--target-dir"]).arg(&target);
    let status = cargo.current_dir(benches.join("cedar")).status().expect("cargo can be started");
    assert!(status.success(), "cargo: {status}");
    target.join("release/writ-beside-cedar")
}

/// A line for each rule.
fn sudoers() -> String {
    let mut text = String::new();
    for role in 0..ROLES {
        for rule in 0..RULES_PER_ROLE {
            let written = writeln!(
                text,
                "alice ALL=(root) NOPASSWD: /usr/bin/systemctl restart unit-{role}-{rule}, \
                 /opt/app{role}/bin/tool{rule} --file /var/log/*"
            );
            written.expect("a string takes everything");
        }
    }
    text
}
