//! Ten thousand windows, each lending a group, that end in the same millisecond, with a
//! command running on each of some of them: when the groups are gone, when all of it is on
//! record, when the last process is gone, and what the agent takes meanwhile.

use std::fmt::Write as _;
use std::time::Duration;

use writ_tests::{Host, PATIENCE};

use crate::on_host;
use crate::policies;
use crate::table::Row;

/// How many have windows, and how many each has.
const USERS: usize = 100;
const WINDOWS_EACH: usize = 100;

/// On how many of the windows a command runs.
const COMMANDS: usize = 50;

/// From the first request to the end of all windows: opening one takes a write to the disk.
const LASTS: Duration = Duration::from_secs(200);

/// After the deadline, in milliseconds.
const LATE_MAX: f64 = 1000.0;

/// In MiB.
const RESIDENT_MAX: f64 = 64.0;

/// The users that the host gets: their numbers begin here.
const FIRST_UID: usize = 20_000;

/// What runs in a window. It takes its end as anything does that says nothing of it.
const COMMAND: &str = "#!/bin/sh\nsleep 1000\n";

pub(crate) fn measure(host: &Host) -> Vec<Row> {
    host.root_sh(&format!(
        "for n in $(seq 0 {}); do echo \"w$n:*:$(({FIRST_UID} + n)):100::/:/bin/sh\"; done >> /etc/passwd",
        USERS - 1
    ))
    .ok();
    host.put("/srv/long", COMMAND, 0o755);
    host.put("/etc/sudoers.d/windows", "%users ALL=(ALL) NOPASSWD: ALL\n", 0o440);
    let roles = roles();
    let mut files: Vec<(&str, &str)> = policies::SMALL.to_vec();
    files.push(("roles.d/windows.toml", &roles));
    host.take_policy(&files);
    host.root(&["systemctl", "restart", "writd.service"]).ok();

    let words = [USERS, WINDOWS_EACH, COMMANDS].map(|number| number.to_string());
    let lasts_ms = LASTS.as_millis().to_string();
    let argv = [
        on_host::PROGRAM,
        on_host::WORD,
        "end-together",
        &words[0],
        &words[1],
        &words[2],
        &lasts_ms,
    ];
    let mut running = host.start_root(&argv);
    running.close_stdin();
    let output = running.finish(LASTS + PATIENCE);
    let numbers: Vec<f64> =
        output.ok().split_whitespace().map(|word| word.parse().expect("a number")).collect();
    let [groups_ms, processes_ms, recorded_ms, peak_mib] = numbers[..] else {
        panic!("{output:?}");
    };
    host.take_policy(policies::SMALL);
    vec![
        Row::at_most(
            "10,000 windows end at once: the last of 50 commands is gone after",
            processes_ms,
            LATE_MAX,
            " ms",
            0,
        ),
        Row::at_most("  the agent's memory at its peak", peak_mib, RESIDENT_MAX, " MiB", 1),
        Row::beside("  no look-up finds a lent group after", format!("{groups_ms:.0} ms")),
        Row::beside("  all ends are on record after", format!("{recorded_ms:.0} ms")),
    ]
}

fn roles() -> String {
    let mut text = String::new();
    for role in 0..WINDOWS_EACH {
        let written = writeln!(
            text,
            "[role.w{role}]\nmembers = [\"%users\"]\ngroups = [\"games\"]\ndecision = \"allow\"\n\
             [[role.w{role}.rule]]\nname = \"long\"\ncommands = [\"/srv/long {role}\"]\ndecision = \"ask\""
        );
        written.expect("a string takes everything");
    }
    text
}
