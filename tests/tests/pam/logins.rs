//! Logins: sshd by key, by password and in a conversation; login on a terminal.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE, Terminal};

use crate::policy::{approve, approve_for, decisions, event, events, id_in};

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
    host.root_sh(
        "cd /home/alice/.ssh && ssh-keygen -q -t ed25519 -N '' -f id_ed25519 && chown alice: id_ed25519* && cat id_ed25519.pub >>/home/erin/.ssh/authorized_keys",
    )
    .ok();
    let line = "ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PasswordAuthentication=no erin@127.0.0.1 'echo in as $(id -un)'; echo status $?";
    let alice = host.login("alice");
    alice.type_line(line);
    let left = alice.expect_regex("writ: .*[0-9A-Z]{4}-[0-9A-Z]{2}.*stays open");
    alice.expect("status 255\r\n");
    let id = id_in(&left);
    approve(host, &id);
    alice.type_line(line);
    alice.expect("in as erin\r\n");
    event(host, &id, "command.finished");
    host.root(&["rm", "/home/alice/.ssh/id_ed25519"]).ok();
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
    let id = pending_session(host, "sshd");
    approve(host, &id);
    alice.expect("in as erin\r\n");
    event(host, &id, "command.finished");
    host.root(&["rm", "/etc/ssh/sshd_config.d/talk.conf"]).ok();
    host.root(&["systemctl", "restart", "ssh"]).ok();
}

/// Whoever waits hears how to go on before sshd gives up on him.
pub(crate) fn a_login_waits_for_less_than_sshd_gives_it(host: &Host) {
    let talks = "KbdInteractiveAuthentication yes\nPasswordAuthentication no\n";
    let conf = "/etc/ssh/sshd_config.d/talk.conf";
    host.put(conf, format!("{talks}LoginGraceTime 16\n"), 0o644);
    host.root(&["systemctl", "restart", "ssh"]).ok();
    let doctor = host.root(&["writ", "doctor"]);
    let outlasted = "sshd gives up after 16 s (LoginGraceTime in sshd_config(5)), and people wait there for up to 60 s";
    assert!(doctor.stdout.contains(outlasted), "{doctor}");
    assert!(doctor.stdout.contains("`writ enable pam sshd --wait 8s`"), "{doctor}");
    assert_eq!(host.root(&["writ", "enable", "pam", "sshd", "--wait", "2h"]).status, 2);
    host.root(&["writ", "enable", "pam", "sshd"]).ok();
    assert!(!host.root(&["writ", "doctor"]).stdout.contains("sshd gives up"));
    let lines = host.root(&["grep", "-c", "pam_writ.so wait=8 # writ", "/etc/pam.d/sshd"]);
    assert_eq!(lines.ok(), "2");
    let alice = by_password(host);
    let id = pending_session(host, "sshd");
    let since = Instant::now();
    alice.expect(&format!("request {id} stays open"));
    assert!(since.elapsed() < Duration::from_secs(12), "{:?}", since.elapsed());
    approve(host, &id);
    host.root(&["rm", conf]).ok();
    host.root(&["systemctl", "restart", "ssh"]).ok();
    host.root_sh("writ disable pam sshd && writ enable pam sshd").ok();
    assert_eq!(host.root(&["grep", "-c", "wait=", "/etc/pam.d/sshd"]).stdout.trim(), "0");
    let alice = by_password(host);
    alice.expect("in as erin\r\n");
    event(host, &id, "command.finished");
}

/// The request of a session that waits.
#[track_caller]
fn pending_session(host: &Host, service: &str) -> String {
    let mut id = None;
    host.wait_until("a request of a session", PATIENCE, || {
        let status = writ_tests::json(&host.root(&["writ", "status", "--json"]));
        let requests = status["requests"].as_array().expect("a list").clone();
        let waits = |request: &&serde_json::Value| {
            request["state"] == "pending" && request["session"]["service"] == service
        };
        id = requests.iter().find(waits).and_then(|one| Some(one["id"].as_str()?.to_owned()));
        id.is_some()
    });
    id.expect("it was waited for")
}

/// Types at login(1) on a terminal of its own, and prints what comes. login hangs the
/// terminal up first (vhangup(2)), so that its end is not yet one.
const CONSOLE: &str = r#"
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv("/bin/login", ["login"])
script = [(b"login: ", b"erin\n"), (b"assword: ", b"erin\n"), (b"$ ", b"echo in as $(id -un); exit\n")]
seen, end = b"", time.monotonic() + 60
while time.monotonic() < end:
    if not select.select([fd], [], [], 0.2)[0]:
        continue
    try:
        part = os.read(fd, 4096)
    except OSError:
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
        time.sleep(0.05)
        continue
    seen += part
    os.write(1, part)
    if script and script[0][0] in seen:
        os.write(fd, script.pop(0)[1])
        seen = b""
"#;

pub(crate) fn a_login_on_the_console_asks(host: &Host) {
    host.put("/srv/console.py", CONSOLE, 0o644);
    let console = host.start_root(&["python3", "/srv/console.py"]);
    let id = pending_session(host, "login");
    approve(host, &id);
    let seen = console.finish(Duration::from_secs(70));
    for part in [format!("writ: {id} waiting for bob"), "in as erin".to_owned()] {
        assert!(seen.stdout.contains(&part), "{part}: {seen}");
    }
    event(host, &id, "command.finished");
}

pub(crate) fn root_logs_in_with_a_record(host: &Host) {
    let before = decisions(host);
    assert_eq!(host.as_user("root", "id -u").ok(), "0");
    assert!(decisions(host) > before);
    let listed = host.root(&["writ", "audit", "list"]);
    assert!(listed.ok().contains("(session sshd as root)"), "{listed}");
}

pub(crate) fn a_login_ends_with_its_grant(host: &Host) {
    assert_ne!(host.as_user("erin", "sleep 1002").status, 0);
    let id = pending_session(host, "sshd");
    approve_for(host, &id, "6s");
    let started = Instant::now();
    let ran = host.as_user("erin", "sleep 1002");
    assert_ne!(ran.status, 0, "{ran}");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    event(host, &id, "session.ended");
    assert_eq!(host.root_sh("pgrep -f 'sleep 100[2]' || :").ok(), "");
}

pub(crate) fn who_has_logged_in_is_warned_before_his_login_ends(host: &Host) {
    assert_ne!(host.as_user("erin", "true").status, 0);
    let id = pending_session(host, "sshd");
    approve_for(host, &id, "8s");
    let erin = host.login("erin");
    erin.expect(&format!("writ: {id} ends in 3 seconds, "));
    erin.expect(&format!("writ: {id} has ended, "));
    event(host, &id, "session.ended");
}

pub(crate) fn a_window_until_logout_ends_with_the_login_that_su_was_in(host: &Host) {
    let role = "[role.visiting]\nmembers = [\"bob\"]\ndecision = \"allow\"\nend_on_logout = true\n";
    let files = [crate::policy::POLICY, &[("roles.d/visiting.toml", role)]].concat();
    host.take_policy(&files);
    let carol = host.login("carol");
    carol.type_line("su -l bob");
    carol.expect("assword: ");
    carol.type_line("bob");
    carol.expect("bob@host:~$ ");
    carol.type_line("writ request visiting --for 10m --reason 'to look'");
    let id = id_in(&carol.expect_regex("[0-9A-Z]{4}-[0-9A-Z]{2}"));
    carol.expect("bob@host:~$ ");
    assert!(!events(host, &id).contains(&"grant.ended".to_owned()));
    carol.type_line("exit");
    carol.expect("carol@host:~$ ");
    assert!(!events(host, &id).contains(&"grant.ended".to_owned()));
    carol.type_line("exit");
    event(host, &id, "grant.ended");
    let told = host.root(&["writ", "audit", "list", "--json", "--id", &id]);
    assert!(told.ok().contains(r#""reason":"logout""#), "{told}");
    host.take_policy(crate::policy::POLICY);
}

pub(crate) fn many_logins_pass_while_others_wait(host: &Host) {
    const LOGINS: usize = 100;
    const WAITING: usize = 10;
    let patient = crate::policy::WRIT_TOML.replace("wait = \"1s\"", "wait = \"50s\"");
    let [_, roles] = crate::policy::POLICY else { panic!("two files") };
    host.take_policy(&[("writ.toml", &patient), *roles]);
    let waiting: Vec<_> = (0..WAITING).map(|_| host.start_as("erin", "echo in")).collect();
    let id = pending_session(host, "sshd");
    let started = Instant::now();
    let logins: Vec<_> = (0..LOGINS).map(|_| host.start_as("carol", "id -un")).collect();
    for login in logins {
        assert_eq!(login.finish(Duration::from_secs(110)).ok(), "carol");
    }
    let lasted = started.elapsed();
    assert!(!events(host, &id).contains(&"request.expired".to_owned()));
    assert!(lasted < Duration::from_secs(45), "{LOGINS} logins took {lasted:?}");
    drop(waiting);
    host.take_policy(crate::policy::POLICY);
}
