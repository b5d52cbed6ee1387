//! su and su -l.

use writ_tests::Host;

use crate::policy::{approve, approve_for, as_bob, event, events, id_in, waiting_id};

/// Somebody types su and a password.
#[track_caller]
fn su(host: &Host, user: &str, line: &str, password: &str) -> writ_tests::Terminal {
    let person = host.login(user);
    person.type_line(line);
    person.expect("Password: ");
    person.type_line(password);
    person
}

pub(crate) fn su_waits_until_another_person_approves(host: &Host) {
    let alice = su(host, "alice", "su -c 'echo done as $(id -un)'; echo status $?", "root");
    let id = waiting_id(&alice);
    let shown = as_bob(host, &format!("writ show {id}"));
    for part in ["of su", "root (0)", "su -c 'echo done as $(id -un)'", "PAM"] {
        assert!(shown.ok().contains(part), "{part}: {shown}");
    }
    let own = host.as_user("alice", &format!("writ approve --yes {id}"));
    assert_ne!(own.status, 0, "nobody decides on his own request: {own}");
    approve(host, &id);
    alice.expect(&format!("writ: {id} was approved by bob\r\n"));
    alice.expect("done as root\r\nstatus 0\r\n");
    event(host, &id, "grant.ended");
    let mut told = events(host, &id);
    told[4..].sort();
    assert_eq!(
        told,
        [
            "request.opened",
            "decision.made",
            "grant.started",
            "command.started",
            "command.finished",
            "grant.ended"
        ]
    );
}

pub(crate) fn su_is_allowed_and_denied_by_its_target(host: &Host) {
    let carol = su(host, "carol", "su -c 'echo done as $(id -un)'; echo status $?", "root");
    carol.expect("done as root\r\nstatus 0\r\n");
    let carol = su(host, "carol", "su -c 'echo done' alice; echo status $?", "alice");
    carol.expect("writ: denied: the rule \"not alice\" of the role \"trusted\" denies sessions of su as alice");
    carol.expect("status 1\r\n");
    let dave = su(host, "dave", "su -c 'echo done'; echo status $?", "root");
    dave.expect(
        "writ: denied: no role that dave has on this host speaks of sessions of su as root",
    );
    dave.expect("status 1\r\n");
}

/// The module connects as su begins, so that the agent is ready when it is asked.
pub(crate) fn an_agent_that_is_restarted_while_a_password_is_typed_is_asked_all_the_same(
    host: &Host,
) {
    let carol = host.login("carol");
    carol.type_line("su -c 'echo done as $(id -un)'; echo status $?");
    carol.expect("Password: ");
    let sockets = host.root_sh("find /proc/$(pidof -s su)/fd -lname 'socket:*'");
    assert_eq!(sockets.ok().lines().count(), 1, "su is connected before it asks: {sockets}");
    host.root_sh("systemctl restart writd.service").ok();
    carol.type_line("root");
    carol.expect("done as root\r\nstatus 0\r\n");
}

pub(crate) fn the_login_form_of_su_is_no_way_around(host: &Host) {
    let dave = su(host, "dave", "su -; echo status $?", "root");
    dave.expect("writ: denied: no role that dave has on this host speaks of sessions of su-l");
    dave.expect("status 1\r\n");
    let carol = su(host, "carol", "su -l; echo status $?", "root");
    carol.expect("root@host:~# ");
    carol.type_line("exit 3");
    carol.expect("status 3\r\n");
}

pub(crate) fn a_reason_is_asked_for_in_the_conversation(host: &Host) {
    let alice = su(host, "alice", "su -c 'echo done as $(id -un)' dave", "dave");
    alice.expect("Reason: ");
    alice.type_line("");
    alice.expect("Reason: ");
    alice.type_line("to see his crontab");
    let id = waiting_id(&alice);
    let shown = as_bob(host, &format!("writ show {id}"));
    assert!(shown.ok().contains("to see his crontab"), "{shown}");
    approve(host, &id);
    alice.expect("done as dave\r\n");
}

pub(crate) fn su_without_a_terminal_leaves_the_data_and_the_request_alone(host: &Host) {
    let left = host.as_user_with("alice", "su -c 'cat; echo done'", b"root\ndata\n");
    assert!(left.failed_with(1).contains("stays open"), "{left}");
    let id = id_in(&left.stderr);
    approve(host, &id);
    let ran = host.as_user_with("alice", "su -c 'cat; echo done'", b"root\ndata\n");
    assert!(ran.ok().ends_with("data\ndone"), "{ran}");
}

pub(crate) fn ctrl_c_leaves_su_and_not_the_request(host: &Host) {
    let alice = su(host, "alice", "su -c 'echo came back'", "root");
    let id = waiting_id(&alice);
    alice.send(b"\x03");
    alice.prompt();
    approve(host, &id);
    let alice = su(host, "alice", "su -c 'echo came back'", "root");
    alice.expect("came back\r\n");
}

pub(crate) fn a_shell_of_su_ends_with_its_grant(host: &Host) {
    for line in ["su", "su -"] {
        let alice = su(host, "alice", &format!("{line}; echo status $?"), "root");
        let id = waiting_id(&alice);
        approve_for(host, &id, "8s");
        alice.expect("root@host:");
        alice.type_line("sleep 1001");
        // Debian's profile of root, which `su -` reads, turns messages off.
        if line == "su" {
            alice.expect(&format!("writ: {id} ends in 3 seconds, "));
        }
        alice.expect_regex(r"status [0-9]+");
        event(host, &id, "session.ended");
        assert_eq!(host.root_sh("pgrep -f 'sleep 100[1]' || :").ok(), "", "{line}");
    }
}

pub(crate) fn what_is_typed_is_told_and_the_environment_is_not(host: &Host) {
    let line = "WRIT_REASON=x SUDO_COMMAND=/bin/true PAM_USER=dave PAM_SERVICE=cron LD_PRELOAD=/x bash -c \"exec -a cron su -c 'echo done'\"; echo status $?";
    let dave = su(host, "dave", line, "root");
    dave.expect(
        "writ: denied: no role that dave has on this host speaks of sessions of su as root",
    );
    dave.expect("status 1\r\n");
}

/// Somebody has typed a line and root's password. What is typed before polkit's agent has
/// turned the echo off, it throws away.
#[track_caller]
fn asked_by_polkit(host: &Host, user: &str, line: &str) -> writ_tests::Terminal {
    let person = host.login(user);
    let (tty, _) = person.run("tty");
    person.type_line(&format!("{line}; echo status $?"));
    person.expect("Password: ");
    host.wait_until("the echo to be off", writ_tests::PATIENCE, || {
        host.root(&["stty", "-F", &tty, "-a"]).ok().contains(" -echo ")
    });
    person.type_line("root");
    person
}

/// Somebody is let in by polkit's agent on his terminal, as root's password says.
#[track_caller]
fn through_polkit(host: &Host, line: &str) {
    let alice = asked_by_polkit(host, "alice", line);
    let id = waiting_id(&alice);
    let shown = as_bob(host, &format!("writ show {id}"));
    assert!(shown.ok().contains("of polkit-1") && shown.ok().contains("alice"), "{shown}");
    approve(host, &id);
    alice.expect("\r\n0\r\n");
    alice.expect("status 0\r\n");
    let dave = asked_by_polkit(host, "dave", line);
    dave.expect("writ: denied: no role that dave has");
    dave.send(b"\x03");
}

/// Not on Debian 12, whose pkexec (polkit 122) lets nobody in at a terminal by his own agent
/// there: "No session for cookie", with the module and without.
pub(crate) fn pkexec_asks_for_a_session(host: &Host) {
    through_polkit(host, "pkexec id -u");
}

pub(crate) fn run0_asks_as_pkexec_does(host: &Host) {
    through_polkit(host, "run0 --pipe id -u");
}
