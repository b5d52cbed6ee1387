//! What a copy of this program does on a host, where things are timed.

pub(crate) mod approving;
pub(crate) mod ending;
pub(crate) mod history;
pub(crate) mod interleaved;
pub(crate) mod page;
pub(crate) mod past;
pub(crate) mod rules;
pub(crate) mod timed;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use writ_tests::{Host, Output};

/// The first word of a command line that is meant for a host.
pub(crate) const WORD: &str = "on-host";

/// Where the copy lies there.
pub(crate) const PROGRAM: &str = "/srv/writ-bench";

/// The real-time priority (`SCHED_FIFO`, sched(7)) of what this program runs as root: of
/// what runs in turns, and of the agent meanwhile. What else the machine does cannot push
/// in between; with equal priorities nobody preempts the other.
const PRIORITY: &str = "10";

/// How readily the agent is scheduled otherwise: its nice value (sched(7)).
const PRECEDENCE: &str = "-10";

/// Gives the agent of a host precedence over what else the machine does.
pub(crate) fn prefer_agent(host: &Host) {
    let drop_in = format!("[Service]\nNice={PRECEDENCE}\n");
    host.put("/run/systemd/system/writd.service.d/bench.conf", drop_in, 0o644);
    host.root_sh("systemctl daemon-reload && systemctl restart writd.service").ok();
}

/// Gives the running agent the priority of what runs in turns, until it is restarted.
pub(crate) fn put_agent_in_turns(host: &Host) {
    let chrt = format!("chrt --all-tasks --fifo --pid {PRIORITY} \"$(pidof writd)\"");
    host.root_sh(&chrt).ok();
}

/// Copies this program to a host.
pub(crate) fn copy_to(host: &Host) {
    let program = std::env::current_exe().expect("a path");
    host.put(PROGRAM, std::fs::read(program).expect("this program"), 0o755);
}

/// Does what the words say.
pub(crate) fn run(words: &[String]) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["interleaved", rounds, rest_ms, user, ref contenders @ ..] => {
            let rest = Duration::from_millis(rest_ms.parse().expect("a number"));
            interleaved::run(rounds.parse().expect("a number"), rest, user, contenders);
        }
        ["request", count] => approving::request(count.parse().expect("a number")),
        ["ask", rounds] => approving::ask(rounds.parse().expect("a number")),
        ["approve"] => approving::approve(),
        ["passkey", link] => page::enrol(link),
        ["page"] => page::approve(),
        ["open-windows", windows, until] => ending::open_windows(
            windows.parse().expect("a number"),
            until.parse().expect("a number"),
        ),
        ["end-together", users, windows, commands, lasts_ms] => {
            let [users, windows, commands] =
                [users, windows, commands].map(|word| word.parse().expect("a number"));
            ending::end_together(users, windows, commands, lasts_ms.parse().expect("a number"));
        }
        ["history", folder, events, segment_bytes] => history::write(
            folder.as_ref(),
            events.parse().expect("a number"),
            segment_bytes.parse().expect("a number"),
        ),
        ["past"] => past::measure(),
        ["rules"] => rules::measure(),
        ["timed", ref command @ ..] => timed::serve(command),
        _ => panic!("{words:?} is nothing that is done on a host"),
    }
}

/// Runs the copy on a host as root, and gives what it printed.
#[track_caller]
pub(crate) fn as_root(host: &Host, words: &[&str], stdin: &str) -> Output {
    let argv = [&["chrt", "--fifo", PRIORITY, PROGRAM, WORD], words].concat();
    let output = host.root_with(&argv, stdin.as_bytes());
    output.ok();
    output
}

/// Nanoseconds of CLOCK_MONOTONIC, which all processes of a host share.
fn now() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Monotonic)).expect("it counts from the boot")
}
