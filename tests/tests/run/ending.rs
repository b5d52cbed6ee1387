//! It ends with its window, with its caller, and whatever becomes of the agent.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

use crate::{limits, units};

/// From the end of a window to that of what runs, with the second of grace and a busy
/// machine.
const SOON: Duration = Duration::from_secs(4);

/// Opens a window, the only one of its role then; gives its ID.
#[track_caller]
fn opened(host: &Host, user: &str, role: &str, lasts: &str) -> String {
    for id in windows(host, user, role) {
        host.as_user(user, &format!("writ end {id}")).ok();
    }
    host.as_user(user, &format!("writ request {role} --for {lasts}")).ok();
    windows(host, user, role).pop().expect("an open window")
}

/// The windows of a role that are open for a user.
#[track_caller]
fn windows(host: &Host, user: &str, role: &str) -> Vec<String> {
    let status = writ_tests::json(&host.as_user(user, "writ status --json"));
    let requests = status["requests"].as_array().expect("a list");
    let of_role = requests.iter().filter(|request| request["window"]["role"] == role);
    of_role.filter_map(|request| Some(request["id"].as_str()?.to_owned())).collect()
}

pub(crate) fn the_end_of_the_window_stops_what_runs(host: &Host) {
    opened(host, "carol", "brief", "3s");
    let begun = Instant::now();
    let ran = host.start_as("carol", "writ run brief -- sh -c 'echo started; exec sleep 1000'");
    ran.expect_stdout("started");
    let ended = ran.finish(PATIENCE);
    assert!(begun.elapsed() < Duration::from_secs(3) + SOON, "{:?}", begun.elapsed());
    assert!(matches!(ended.status, 143 | 129), "{ended}");
    assert!(ended.stderr.contains("has ended"), "{ended}");
}

pub(crate) fn what_does_not_want_to_end_is_killed(host: &Host) {
    opened(host, "carol", "brief", "3s");
    let begun = Instant::now();
    let ran = host.start_as(
        "carol",
        "writ run brief -- sh -c 'trap \"\" TERM HUP INT; echo started; while :; do sleep 1; done'",
    );
    ran.expect_stdout("started");
    let ended = ran.finish(PATIENCE);
    assert!(begun.elapsed() < Duration::from_secs(3) + SOON, "{:?}", begun.elapsed());
    assert_eq!(ended.status, 137, "{ended}");
}

pub(crate) fn a_revoked_window_stops_what_runs(host: &Host) {
    let id = opened(host, "carol", "brief", "10m");
    let ran = host.start_as("carol", "writ run brief -- sh -c 'echo started; exec sleep 1000'");
    ran.expect_stdout("started");
    let revoked = Instant::now();
    host.root(&["writ", "revoke", &id, "--comment", "enough"]).ok();
    let ended = ran.finish(PATIENCE);
    assert!(revoked.elapsed() < SOON, "{:?}", revoked.elapsed());
    assert!(matches!(ended.status, 143 | 129), "{ended}");
}

pub(crate) fn a_lost_caller_takes_the_command_along(host: &Host) {
    opened(host, "carol", "brief", "10m");
    let ran = host.start_as(
        "carol",
        "echo $$; exec writ run brief -- sh -c 'echo $$ started; exec sleep 1000'",
    );
    ran.expect_stdout("started");
    let said = ran.stdout();
    let mut lines = said.lines();
    let caller = lines.next().expect("a number").to_owned();
    let command =
        lines.next().and_then(|line| line.split(' ').next()).expect("one more").to_owned();
    host.root(&["kill", "-KILL", &caller]).ok();
    host.wait_until("the command to end", SOON, || !host.has(&format!("/proc/{command}")));
    // At a terminal it is the loss of the connection.
    let carol = host.login("carol");
    carol.type_line("writ shell brief");
    carol.expect("$ ");
    carol.type_line("echo nu''mber $$");
    let number = carol.expect_regex("number [0-9]+");
    let shell = number.rsplit(' ').next().expect("a number").to_owned();
    drop(carol);
    host.wait_until("the shell to end", SOON, || !host.has(&format!("/proc/{shell}")));
}

pub(crate) fn an_agent_that_is_killed_finds_its_commands_again(host: &Host) {
    opened(host, "carol", "brief", "10m");
    let line =
        "writ run brief -- sh -c 'echo started; read line; echo \"$line\"; exit 6' found-again";
    let mut ran = host.start_as("carol", line);
    ran.expect_stdout("started");
    host.root(&["systemctl", "kill", "--signal=KILL", "writd.service"]).ok();
    host.wait_until("the agent to be back", PATIENCE, || {
        host.root(&["systemctl", "is-active", "writd.service"]).stdout.trim() == "active"
    });
    assert!(ran.is_running());
    ran.write(b"words\n");
    let ended = ran.finish(PATIENCE);
    assert!(ended.status == 6 && ended.stdout.contains("words"), "{ended}");
    host.wait_until("the end on record", PATIENCE, || {
        let said = host.root(&["journalctl", "-o", "json", "WRIT_EVENT=command.finished"]);
        said.stdout
            .lines()
            .any(|line| line.contains("found-again") && line.contains(r#""WRIT_EXIT_STATUS":"6""#))
    });
    // One that ends while the agent is away is told of, too.
    let ran = host.start_as("carol", "writ run brief -- sh -c 'echo started; sleep 1; exit 8'");
    ran.expect_stdout("started");
    host.root_sh(
        "systemctl kill --signal=STOP writd; sleep 1.5; systemctl kill --signal=KILL writd",
    )
    .ok();
    assert_eq!(ran.finish(PATIENCE).status, 8);
}

pub(crate) fn while_the_agent_is_dead_pid_1_ends_it(host: &Host) {
    opened(host, "carol", "brief", "4s");
    let ran = host.start_as("carol", "writ run brief -- sh -c 'echo $$ started; exec sleep 1000'");
    ran.expect_stdout("started");
    let command = ran.stdout().split(' ').next().expect("a number").trim().to_owned();
    host.root_sh("systemctl stop writd.socket writd.service").ok();
    host.wait_until("PID 1 to end it", Duration::from_secs(4) + SOON, || {
        !host.has(&format!("/proc/{command}"))
    });
    host.root_sh("systemctl start writd.socket writd.service").ok();
    drop(ran);
}

/// Its window is extended, and then the agent dies: PID 1 has the new end, and no other.
pub(crate) fn what_runs_when_its_window_is_extended_goes_on_to_the_new_end(host: &Host) {
    let id = opened(host, "carol", "brief", "6s");
    let line = "writ run brief -- sh -c 'echo $$ started; exec sleep 1000'";
    let ran = host.start_as("carol", line);
    ran.expect_stdout("started");
    let command = ran.stdout().split(' ').next().expect("a number").trim().to_owned();
    let is_there = || host.has(&format!("/proc/{command}"));
    let since = Instant::now();
    let first = limits(host).split(' ').next().expect("a name").to_owned();
    host.as_user("carol", &format!("writ extend {id} --for 10s")).ok();
    host.wait_until("the new limit to stand alone", PATIENCE, || {
        let limits = limits(host);
        limits.lines().count() == 1 && !limits.contains(&first)
    });
    assert_eq!(limits(host).lines().count(), 1, "{}", limits(host));
    host.root_sh("systemctl stop writd.socket writd.service").ok();
    host.wait_until("the old end to be past", Duration::from_secs(8), || {
        assert!(is_there(), "ended after {:?}", since.elapsed());
        since.elapsed() > Duration::from_secs(7)
    });
    host.wait_until("PID 1 to end it", Duration::from_secs(10) + SOON, || !is_there());
    assert!(since.elapsed() > Duration::from_secs(12), "{:?}", since.elapsed());
    host.root_sh("systemctl start writd.socket writd.service").ok();
    drop(ran);
    host.wait_until("no limit to be left", PATIENCE, || limits(host).is_empty());
}

pub(crate) fn what_an_agent_left_behind_is_let_go_by_the_next(host: &Host) {
    host.root(&["systemctl", "stop", "writd.service"]).ok();
    let unit = "writ-7K3M-Q2-0a1b2c3d.service";
    let kept = "-p RemainAfterExit=yes -p Type=exec";
    host.root_sh(&format!("systemd-run --quiet {kept} --unit={unit} true")).ok();
    host.wait_until("the unit to have ended", PATIENCE, || units(host).contains("exited"));
    host.root(&["systemctl", "start", "writd.service"]).ok();
    host.wait_until("it to be let go", PATIENCE, || !units(host).contains(unit));
}

pub(crate) fn no_unit_is_left_behind(host: &Host) {
    host.wait_until("PID 1 to have none", PATIENCE, || units(host).is_empty());
    let failed = host.root(&["systemctl", "--failed", "--plain", "--no-legend"]);
    assert_eq!(failed.ok(), "");
    let running = writ_tests::json(&host.root(&["writ", "status", "--json"]));
    let requests = running["requests"].as_array().expect("a list");
    assert!(requests.iter().all(|request| request["running"] == 0), "{running}");
}
