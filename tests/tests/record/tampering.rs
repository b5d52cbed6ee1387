//! A ledger that somebody touched says so.

use writ_tests::{Host, PATIENCE};

use crate::syslog::entries;
use crate::{LEDGER, in_advance, while_the_agent_is_down};

pub(crate) fn a_changed_line_seals_the_agent_until_root_acknowledges(host: &Host) {
    let id = in_advance(host, "/srv/before-the-break");
    while_the_agent_is_down(
        host,
        "newest=$(ls *.jsonl | tail -n 1) && sed -i '3s/\"event\"/\"evenT\"/' $newest",
    );

    let newest = host.root_sh(&format!("cd {LEDGER} && ls *.jsonl | tail -n 1"));
    let place = format!("{}, line 3", newest.ok());
    let verified = host.root(&["writ", "audit", "verify"]);
    assert_eq!(verified.status, 1, "{verified}");
    assert!(verified.stdout.contains(&place), "{place} is not in {verified}");

    // Nothing is granted, and whoever is refused is told why.
    let refused = host.as_user("alice", "sudo -n id -u");
    let said = refused.failed_with(1);
    assert!(said.contains("ledger") && said.contains("record"), "{refused}");
    assert_eq!(refused.stdout, "", "it ran");
    let asked = host.as_user("alice", "writ request -- touch /srv/sealed");
    assert_ne!(asked.status, 0, "{asked}");
    assert!(asked.stderr.contains("ledger"), "{asked}");
    let status = host.root(&["writ", "status"]);
    assert!(status.ok().contains("It refuses everything"), "{status}");
    assert!(status.ok().contains(&place), "{status}");
    let doctor = host.root(&["writ", "doctor"]);
    assert_eq!(doctor.status, 1, "{doctor}");
    assert!(doctor.stdout.contains("acknowledge"), "{doctor}");
    roots_sudo_passes_and_says_so(host, "sealed");

    let acknowledge = "writ audit acknowledge --comment 'a test did it'";
    let others = host.as_user("alice", acknowledge);
    assert_eq!(others.status, 5, "{others}");
    let done = host.root_sh(acknowledge);
    assert!(done.ok().contains("00000"), "{done}");
    host.as_user("alice", "sudo -n id -u").ok();
    // What was open in the part that broke is open no more.
    assert!(host.requests_of("/srv/before-the-break").is_empty(), "{id} is still there");
    let verified = host.root(&["writ", "audit", "verify"]);
    assert!(verified.ok().contains("Root acknowledged a break"), "{verified}");
    let told = entries(host, &["WRIT_EVENT=ledger.acknowledged"]);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0]["WRIT_COMMENT"], "a test did it");
    assert_eq!(told[0]["WRIT_BY"], "root");
    // It holds across a restart.
    while_the_agent_is_down(host, "true");
    host.as_user("alice", "sudo -n id -u").ok();
    host.root_sh(acknowledge).failed_with(3);
}

/// Root is never locked out, but leaves a line in syslog.
#[track_caller]
pub(crate) fn roots_sudo_passes_and_says_so(host: &Host, word: &str) {
    let command = format!("/srv/of-root-{word}");
    host.root(&["sudo", "-n", "touch", &command]).ok();
    host.wait_until("the line in syslog", PATIENCE, || {
        let log = host.read("/var/log/auth.log");
        log.lines().any(|line| line.contains("root's sudo passes") && line.contains(&command))
    });
}

pub(crate) fn a_torn_line_is_cut_off_and_recorded(host: &Host) {
    let id = in_advance(host, "/srv/torn");
    let torn = r#"{"seq":99,"prev":"00"#;
    while_the_agent_is_down(host, &format!("printf '%s' '{torn}' >>$(ls *.jsonl | tail -n 1)"));
    let bytes = torn.len().to_string();
    host.wait_until("the start in the journal", PATIENCE, || {
        let started = entries(host, &["WRIT_EVENT=agent.started"]);
        started.last().is_some_and(|last| last["WRIT_TORN_BYTES"] == bytes.as_str())
    });
    host.root(&["writ", "audit", "verify"]).ok();
    // Nothing that was whole is lost.
    assert_eq!(host.request_of("pending", "/srv/torn"), id);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

pub(crate) fn lines_cut_off_at_the_end_are_missed(host: &Host) {
    host.as_user("alice", "sudo -n id -u").ok();
    host.root(&["systemctl", "stop", "writd.socket", "writd.service"]).ok();
    host.root(&["writ", "audit", "verify"]).ok();
    let cut =
        "newest=$(ls *.jsonl | tail -n 1) && head -n -3 $newest >/tmp/cut && cat /tmp/cut >$newest";
    host.root_sh(&format!("cd {LEDGER} && {cut}")).ok();
    let verified = host.root(&["writ", "audit", "verify"]);
    assert_eq!(verified.status, 1, "{verified}");
    assert!(verified.stdout.contains("cut off"), "{verified}");
    let doctor = host.root(&["writ", "doctor"]);
    assert!(doctor.stdout.contains("cut off"), "{doctor}");
    // Nor does it help that the agent goes on from there.
    host.root(&["systemctl", "start", "writd.socket", "writd.service"]).ok();
    for _ in 0..3 {
        host.as_user("alice", "sudo -n id -u").ok();
    }
    host.wait_until("a newer head", PATIENCE, || {
        let newest = entries(host, &[]);
        newest
            .iter()
            .rev()
            .find(|entry| entry["WRIT_LEDGER_SEQ"].is_string())
            .is_some_and(|last| last["WRIT_EVENT"] == "command.finished")
    });
    let verified = host.root(&["writ", "audit", "verify"]);
    assert_eq!(verified.status, 1, "{verified}");
    assert!(verified.stdout.contains("cut off"), "{verified}");
}
