//! When an action passes, and when it does not.

use writ_tests::{Host, PATIENCE};

const RESTART: &str = "systemctl --no-ask-password restart toy.service";

/// The window of `units` that bob opens for alice, for so long; gives its ID.
#[track_caller]
fn opened(host: &Host, lasts: &str) -> String {
    host.as_user("alice", &format!("writ request units --for {lasts} --no-wait")).ok();
    let status = writ_tests::json(&host.root(&["writ", "status", "--json"]));
    let requests = status["requests"].as_array().expect("a list");
    let pending = requests.iter().find(|request| request["state"] == "pending");
    let id = pending.expect("it was asked for")["id"].as_str().expect("a text").to_owned();
    let shown = host.as_user("bob", &format!("writ show {id}"));
    let lends = "polkit action org.freedesktop.systemd1.manage-units";
    assert!(shown.ok().contains(lends), "{shown}");
    assert!(shown.stdout.contains("as good as root"), "{shown}");
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
    id
}

#[track_caller]
fn passes(host: &Host, user: &str, line: &str) -> bool {
    let ran = host.as_user(user, line);
    assert!(ran.status == 0 || ran.stderr.contains("uthentication"), "{ran}");
    ran.status == 0
}

pub(crate) fn an_action_passes_in_the_window_and_only_there(host: &Host) {
    assert!(!passes(host, "alice", RESTART), "before");
    let id = opened(host, "10m");
    assert!(passes(host, "alice", RESTART), "in the window");
    assert!(!passes(host, "bob", RESTART), "another's window");
    assert!(!passes(host, "alice", "hostnamectl set-hostname other"), "another action");
    let roles = host.as_user("alice", "writ roles");
    assert!(roles.ok().contains("polkit action org.freedesktop.systemd1.manage-units"), "{roles}");
    let journal = host.root(&["journalctl", &format!("WRIT_ID={id}"), "--output=export"]);
    assert!(
        journal.ok().contains("WRIT_ACTIONS=org.freedesktop.systemd1.manage-units"),
        "{journal}"
    );
    host.as_user("alice", &format!("writ end {id}")).ok();
    assert!(!passes(host, "alice", RESTART), "after");
}

pub(crate) fn what_was_started_in_the_window_goes_on(host: &Host) {
    let id = opened(host, "10m");
    let alice = host.login("alice");
    assert!(alice.run("id -nG").0.contains("writ.org.freedesktop.systemd1.manage-units"));
    alice.type_line("sleep 600 & echo began");
    host.as_user("bob", &format!("writ revoke {id}")).ok();
    // The login has the group yet, and it is good for nothing.
    let (said, status) = alice.run(RESTART);
    assert_eq!(status, 1, "{said}");
    assert!(alice.run("jobs").0.contains("sleep 600"), "no process is ended for it");
}

pub(crate) fn pkexec_passes_in_a_window_that_lends_it(host: &Host) {
    let run = "pkexec --disable-internal-agent id -u";
    assert_ne!(host.as_user("alice", run).status, 0);
    host.as_user("alice", "writ request exec --for 10m").ok();
    assert_eq!(host.as_user("alice", run).ok(), "0");
    assert!(!passes(host, "alice", RESTART), "each window lends its own");
    let status = writ_tests::json(&host.as_user("alice", "writ status --json"));
    let id = status["requests"][0]["id"].as_str().expect("a text").to_owned();
    host.as_user("alice", &format!("writ end {id}")).ok();
    assert_ne!(host.as_user("alice", run).status, 0);
}

pub(crate) fn a_window_that_runs_out_lends_nothing_more(host: &Host) {
    opened(host, "3s");
    host.wait_until("the window to run out", PATIENCE, || !passes(host, "alice", RESTART));
}

pub(crate) fn a_dead_agent_lends_no_action(host: &Host) {
    let id = opened(host, "10m");
    assert!(passes(host, "alice", RESTART));
    host.root_sh("systemctl mask --runtime --quiet writd.service writd.socket && systemctl kill --signal KILL writd.service").ok();
    host.wait_until("the agent to be dead", PATIENCE, || {
        host.root_sh("pgrep -x writd || true").stdout.trim().is_empty()
    });
    assert!(!passes(host, "alice", RESTART));
    host.root_sh("systemctl unmask --runtime --quiet writd.service writd.socket && systemctl start writd.socket writd.service").ok();
    assert!(passes(host, "alice", RESTART), "the window still stands");
    host.as_user("alice", &format!("writ end {id}")).ok();
}

pub(crate) fn a_group_of_the_hosts_own_is_refused_and_named(host: &Host) {
    host.root_sh("echo 'writ.org.freedesktop.systemd1.manage-units:x:990:' >>/etc/group").ok();
    let refused = host.as_user("alice", "writ request units --no-wait");
    assert!(refused.failed_with(3).contains("of its own"), "{refused}");
    // A number that the host uses is left to it.
    host.root_sh("sed -i '$d' /etc/group && echo 'theirs:x:60578:' >>/etc/group").ok();
    let id = opened(host, "10m");
    assert!(host.root(&["id", "alice"]).ok().contains("60579(writ."));
    assert!(passes(host, "alice", RESTART));
    host.root_sh("sed -i '$d' /etc/group").ok();
    host.as_user("alice", &format!("writ end {id}")).ok();
}

pub(crate) fn rules_that_come_before_may_still_say_no(host: &Host) {
    const RULE: &str = "/etc/polkit-1/rules.d/10-no.rules";
    let no = "polkit.addRule(function(action, subject) { if (action.id == 'org.freedesktop.systemd1.manage-units') return polkit.Result.NO; });\n";
    let id = opened(host, "10m");
    assert!(passes(host, "alice", RESTART));
    host.put(RULE, no, 0o644);
    host.root(&["systemctl", "restart", "polkit.service"]).ok();
    let refused = host.as_user("alice", RESTART);
    assert_ne!(refused.status, 0, "{refused}");
    host.root_sh(&format!("rm {RULE} && systemctl restart polkit.service")).ok();
    assert!(passes(host, "alice", RESTART));
    host.as_user("alice", &format!("writ end {id}")).ok();
}

pub(crate) fn doctor_says_when_the_rule_is_gone(host: &Host) {
    let rule = "/usr/share/polkit-1/rules.d/49-writ.rules";
    host.root(&["writ", "doctor"]).ok();
    host.root(&["mv", rule, "/root/rule"]).ok();
    let doctor = host.root(&["writ", "doctor"]);
    assert_eq!(doctor.status, 1, "{doctor}");
    assert!(doctor.stdout.contains(rule), "{doctor}");
    host.root(&["mv", "/root/rule", rule]).ok();
    host.root(&["writ", "doctor"]).ok();
}
