//! What a copy of this program does on a host, where things are timed.

pub(crate) mod approving;
pub(crate) mod history;
pub(crate) mod interleaved;
pub(crate) mod rules;
pub(crate) mod timed;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use writ_tests::{Host, Output};

/// The first word of a command line that is meant for a host.
pub(crate) const WORD: &str = "on-host";

/// Where the copy lies there.
pub(crate) const PROGRAM: &str = "/srv/writ-bench";

/// Copies this program to a host.
pub(crate) fn copy_to(host: &Host) {
    let program = std::env::current_exe().expect("a path");
    host.put(PROGRAM, std::fs::read(program).expect("this program"), 0o755);
}

/// Does what the words say.
pub(crate) fn run(words: &[String]) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["interleaved", rounds, user, ref contenders @ ..] => {
            interleaved::run(rounds.parse().expect("a number"), user, contenders);
        }
        ["request", count] => approving::request(count.parse().expect("a number")),
        ["ask", rounds] => approving::ask(rounds.parse().expect("a number")),
        ["approve"] => approving::approve(),
        ["history", folder, events, segment_bytes] => history::write(
            folder.as_ref(),
            events.parse().expect("a number"),
            segment_bytes.parse().expect("a number"),
        ),
        ["rules"] => rules::measure(),
        ["timed", ref command @ ..] => timed::serve(command),
        _ => panic!("{words:?} is nothing that is done on a host"),
    }
}

/// Runs the copy on a host as root, and gives what it printed.
#[track_caller]
pub(crate) fn as_root(host: &Host, words: &[&str], stdin: &str) -> Output {
    let argv = [&[PROGRAM, WORD], words].concat();
    let output = host.root_with(&argv, stdin.as_bytes());
    output.ok();
    output
}

/// Nanoseconds of CLOCK_MONOTONIC, which all processes of a host share.
fn now() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Monotonic)).expect("it counts from the boot")
}
