//! The agent at rest: its memory, and how often it wakes when nothing happens.

use std::thread;
use std::time::Duration;

use writ_tests::{Host, PATIENCE};

use crate::policies;
use crate::table::Row;

/// In MiB.
const RESIDENT_MAX: f64 = 8.0;

/// In MiB.
const WITH_RULES_MAX: f64 = 32.0;

/// In the minute. (It tells the watchdog that it lives every 90 s; the minute lies
/// between two of these.)
const WAKE_UPS_MAX: f64 = 0.0;

/// What it has to do after its start is done: a thread that looked up names stays for
/// ten seconds in case of more.
const SETTLED_AFTER: Duration = Duration::from_secs(15);

/// How long it is looked at.
const MINUTE: Duration = Duration::from_secs(60);

/// Context switches of all threads, of either kind (proc_pid_status(5)).
const SWITCHES: &str = r#"cat /proc/"$1"/task/*/status |
    awk '/ctxt_switches:/ { count += $2 } END { print count }'"#;

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    let agent = restarted(host);
    thread::sleep(SETTLED_AFTER);
    let before = switches(host, &agent);
    thread::sleep(MINUTE);
    let wake_ups = switches(host, &agent) - before;
    let resident = kib(host, &agent, "status", "VmRSS:") / 1024.0;
    let proportional = kib(host, &agent, "smaps_rollup", "Pss:") / 1024.0;

    let large = policies::large();
    let files: Vec<(&str, &str)> =
        large.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    host.take_policy(&files);
    let agent = restarted(host);
    let with_rules = kib(host, &agent, "status", "VmRSS:") / 1024.0;
    host.take_policy(policies::SMALL);
    restarted(host);
    vec![
        Row::at_most("agent at rest, resident", resident, RESIDENT_MAX, " MiB", 1),
        Row::beside(
            "  proportional (shared pages counted in part)",
            format!("{proportional:.1} MiB"),
        ),
        Row::at_most("  with 10,000 rules, resident", with_rules, WITH_RULES_MAX, " MiB", 1),
        Row::at_most("agent at rest, wake-ups in a minute", wake_ups, WAKE_UPS_MAX, "", 0),
    ]
}

/// Restarts the agent, and gives its number.
fn restarted(host: &Host) -> String {
    host.root(&["systemctl", "restart", "writd.service"]).ok();
    let mut number = String::new();
    host.wait_until("the agent", PATIENCE, || {
        let show = host.root(&["systemctl", "show", "-P", "MainPID", "writd.service"]);
        number = show.ok().to_owned();
        number != "0"
    });
    number
}

fn switches(host: &Host, agent: &str) -> f64 {
    host.root(&["sh", "-c", SWITCHES, "sh", agent]).ok().parse().expect("a number")
}

/// A line of a file of `/proc/PID` that is in KiB.
fn kib(host: &Host, agent: &str, file: &str, line: &str) -> f64 {
    let text = host.read(&format!("/proc/{agent}/{file}"));
    let value = text.lines().find_map(|text| text.strip_prefix(line)).expect("such a line");
    value.trim().trim_end_matches(" kB").parse().expect("a number")
}
