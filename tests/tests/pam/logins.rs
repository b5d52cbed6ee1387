//! Logins: sshd by key, by password and in a conversation; login on a terminal.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE, Terminal};

use crate::policy::{approve, approve_for, decisions, event, id_in, waiting_id};

/// The host's own sshd, from a terminal of alice's.
#[track_caller]
fn by_password(host: &Host) -> Terminal {
    let alice = host.login("alice");
    alice.type_line("ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null erin@127.0.0.1 'echo in as $(id -un)'");
    alice.expect("assword: ");
    alice.type_line("erin");
    alice
}

pub(crate) fn a_login_by_key_is_told_why_not_and_passes_once_it_is_approved(host: &Host) {
    let left = host.as_user("erin", "echo in");
    assert_ne!(left.status, 0, "{left}");
    assert!(left.stderr.contains("stays open"), "{left}");
    let id = id_in(&left.stderr);
    approve(host, &id);
    assert_eq!(host.as_user("erin", "id -un").ok(), "erin");
    event(host, &id, "command.finished");
}

pub(crate) fn a_login_by_password_waits(host: &Host) {
    let alice = by_password(host);
    let left = alice.expect_regex("request [0-9A-Z-]+ stays open|writ: [0-9A-Z-]+ .*stays open");
    approve(host, &id_in(&left));
    let alice = by_password(host);
    alice.expect("in as erin\r\n");
}

pub(crate) fn a_login_that_is_asked_for_is_answered_in_the_conversation(host: &Host) {
    host.put(
        "/etc/ssh/sshd_config.d/talk.conf",
        "KbdInteractiveAuthentication yes\nPasswordAuthentication no\n",
        0o644,
    );
    host.root(&["systemctl", "restart", "ssh"]).ok();
    let alice = by_password(host);
    let id = host_pending(host);
    approve(host, &id);
    alice.expect("in as erin\r\n");
    event(host, &id, "command.finished");
    host.root(&["rm", "/etc/ssh/sshd_config.d/talk.conf"]).ok();
    host.root(&["systemctl", "restart", "ssh"]).ok();
}

/// The request of a session that waits.
#[track_caller]
fn host_pending(host: &Host) -> String {
    let mut id = None;
    host.wait_until("a request of a session", PATIENCE, || {
        let status = writ_tests::json(&host.root(&["writ", "status", "--json"]));
        let requests = status["requests"].as_array().expect("a list").clone();
        let waits = |request: &&serde_json::Value| {
            request["state"] == "pending" && request["session"]["service"] == "sshd"
        };
        id = requests.iter().find(waits).and_then(|one| Some(one["id"].as_str()?.to_owned()));
        id.is_some()
    });
    id.expect("it was waited for")
}

pub(crate) fn a_login_on_the_console_asks(host: &Host) {
    let console = host.login("root");
    console.type_line("exec login");
    console.expect("login: ");
    console.type_line("erin");
    console.expect("Password: ");
    console.type_line("erin");
    let id = waiting_id(&console);
    approve(host, &id);
    console.expect("erin@host:~$ ");
    console.type_line("echo in as $(id -un)");
    console.expect("in as erin\r\n");
}

pub(crate) fn root_logs_in_with_a_record(host: &Host) {
    let before = decisions(host);
    assert_eq!(host.as_user("root", "id -u").ok(), "0");
    assert!(decisions(host) > before);
    let listed = host.root(&["writ", "audit", "list"]);
    assert!(listed.ok().contains("(session sshd as root)"), "{listed}");
}

pub(crate) fn a_login_ends_with_its_grant(host: &Host) {
    let left = host.as_user("erin", "sleep 1002");
    let id = id_in(&left.stderr);
    approve_for(host, &id, "6s");
    let started = Instant::now();
    let ran = host.as_user("erin", "sleep 1002");
    assert_ne!(ran.status, 0, "{ran}");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    event(host, &id, "session.ended");
    assert_eq!(host.root_sh("pgrep -f 'sleep 100[2]' || :").ok(), "");
}

pub(crate) fn many_logins_pass_while_one_waits(host: &Host) {
    const LOGINS: usize = 100;
    let waits = host.start_as("erin", "echo in");
    let logins: Vec<_> = (0..LOGINS).map(|_| host.start_as("carol", "id -un")).collect();
    let mut failed = 0;
    for login in logins {
        let output = login.finish(Duration::from_secs(110));
        failed += usize::from(output.status != 0 || output.stdout.trim() != "carol");
    }
    assert_eq!(failed, 0, "of {LOGINS} logins");
    drop(waits);
}
