//! The agent dies while something runs on a grant.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

use crate::policy::{GRACE, LATE_MAX, event, events, gone, left, opened, scopes};

fn stop(host: &Host) {
    host.root(&["systemctl", "stop", "writd.socket", "writd.service"]).ok();
}

fn start(host: &Host) {
    host.root(&["systemctl", "start", "writd.socket", "writd.service"]).ok();
}

pub(crate) fn pid_1_ends_commands_on_time_and_the_agent_records_it(host: &Host) {
    let alice = host.login("alice");
    let (id, since) = opened(host, "alice", "ops --for 4s");
    alice.type_line("sudo -i");
    alice.expect("root@host:~# ");
    stop(host);
    let late = gone(host, &id, since).saturating_sub(Duration::from_secs(4));
    println!(
        "{}: {late:?} from the deadline to the last process gone, by PID 1 alone",
        host.release()
    );
    // For a second, sudo tries to tell the agent how the command ended.
    assert!(late < GRACE + LATE_MAX + Duration::from_secs(1), "{late:?}");
    alice.prompt();
    start(host);
    event(host, &id, "command.finished", PATIENCE);
    event(host, &id, "grant.ended", PATIENCE);
}

pub(crate) fn what_is_open_goes_on_and_what_has_ended_is_ended(host: &Host) {
    let alice = host.login("alice");
    let (id, since) = opened(host, "alice", "ops --for 8s");
    alice.type_line("sudo sh -c 'echo up; sleep 1000'");
    alice.expect("\r\nup");
    let before = scopes(host, &id);
    host.root(&["systemctl", "kill", "--signal=KILL", "writd"]).ok();
    host.root(&["writ", "status"]).ok();
    assert_eq!(scopes(host, &id), before);
    assert!(left(host, &id) > 0);
    stop(host);
    host.wait_until("the end", PATIENCE, || since.elapsed() > Duration::from_secs(9));
    assert!(left(host, &id) > 0, "PID 1 waits a little longer");
    start(host);
    let started = Instant::now();
    let late = gone(host, &id, started);
    // sudo itself takes two seconds to end what it runs.
    assert!(late < LATE_MAX + Duration::from_secs(2), "{late:?}");
    alice.prompt();
    event(host, &id, "command.finished", PATIENCE);
    let story = events(host, &id);
    assert!(
        story.ends_with(&["grant.ended".into(), "session.ended".into(), "command.finished".into()]),
        "{story:?}"
    );
}

pub(crate) fn a_scope_that_no_grant_stands_for_is_stopped(host: &Host) {
    let name = "writ-7K3M-Q2-00000000.scope";
    let orphan = host.start_root(&[
        "systemd-run",
        "--scope",
        "--quiet",
        "--slice=user-1000.slice",
        &format!("--unit={name}"),
        "sleep",
        "1000",
    ]);
    host.wait_until("it to run", PATIENCE, || left(host, "7K3M-Q2") > 0);
    host.root(&["systemctl", "restart", "writd"]).ok();
    gone(host, "7K3M-Q2", Instant::now());
    event(host, "7K3M-Q2", "session.ended", PATIENCE);
    drop(orphan);
}

pub(crate) fn a_command_in_the_background_goes_on_over_a_restart(host: &Host) {
    let alice = host.login("alice");
    let (id, _) = opened(host, "alice", "ops --for 10m");
    alice.run("sudo -b sleep 1000 >/dev/null 2>&1");
    host.wait_until("it to run", PATIENCE, || left(host, &id) > 0);
    host.root(&["systemctl", "restart", "writd"]).ok();
    host.root(&["writ", "status"]).ok();
    assert!(!events(host, &id).contains(&"command.finished".to_owned()));
    host.root_sh(&format!("systemctl kill writ-{id}-*.scope")).ok();
    event(host, &id, "command.finished", PATIENCE);
    crate::policy::close(host, &id);
}

pub(crate) fn what_a_lost_part_of_the_ledger_told_of_is_stopped_once_root_goes_on(host: &Host) {
    let alice = host.login("alice");
    let (id, _) = opened(host, "alice", "ops --for 10m");
    alice.type_line("sudo sh -c 'echo up; sleep 1000'");
    alice.expect("\r\nup");
    stop(host);
    // A line in the middle is not what it was.
    let spoil =
        "f=$(ls /var/lib/writ/ledger/0*.jsonl | tail -n 1); sed -i '3s/\"event\"/\"evenT\"/' $f";
    host.root_sh(spoil).ok();
    start(host);
    let status = host.root(&["writ", "status"]);
    assert!(left(host, &id) > 0, "while it is broken, nobody can tell: {status}");
    host.root(&["writ", "audit", "acknowledge", "--comment", "seen"]).ok();
    gone(host, &id, Instant::now());
    alice.prompt();
}
