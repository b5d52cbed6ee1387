//! One approved command, read where auditors read.

use std::collections::BTreeSet;

use serde_json::Value;
use writ_tests::{Host, PATIENCE, json};

use crate::syslog::{entries, lines, pairs};

/// What an approved command leaves behind, in order.
const EVENTS: [&str; 6] = [
    "request.opened",
    "decision.made",
    "grant.started",
    "command.started",
    "command.finished",
    "grant.ended",
];

pub(crate) fn one_command_is_one_story_everywhere(host: &Host) {
    let id = run_one(host);
    let journal = entries(host, &[&format!("WRIT_ID={id}")]);
    tells_all(&journal, &id);
    is_explained(host, &journal, &id);
    is_one_line_each_in_syslog(host, &journal, &id);
    is_told_by_audit(host, &journal, &id);
}

/// alice asks at her terminal, bob approves, it runs; gives the request's ID.
fn run_one(host: &Host) -> String {
    let alice = host.login("alice");
    let line = "cd /srv && WRIT_REASON='the disk is full' WRIT_TICKET=OPS-7 sudo touch /srv/story";
    alice.type_line(line);
    let id = host.request_of("pending", "/srv/story");
    host.as_user("bob", &format!("writ approve {id} --yes --for 10m --comment 'go on'")).ok();
    alice.prompt();
    assert!(host.has("/srv/story"));
    host.wait_until("the end of it in the journal", PATIENCE, || {
        entries(host, &[&format!("WRIT_ID={id}")]).len() >= EVENTS.len()
    });
    id
}

fn tells_all(journal: &[Value], id: &str) {
    let events: Vec<&str> =
        journal.iter().filter_map(|entry| entry["WRIT_EVENT"].as_str()).collect();
    assert_eq!(events, EVENTS);
    let digest = &journal[0]["WRIT_DIGEST"];
    assert_eq!(digest.as_str().map(str::len), Some(64));
    for entry in journal {
        for (field, value) in [
            ("WRIT_ID", id),
            ("WRIT_USER", "alice"),
            ("WRIT_DOOR", "sudo"),
            ("WRIT_ROLE", "srv"),
            ("WRIT_RULE", "touch"),
            ("WRIT_COMMAND", "/usr/bin/touch /srv/story"),
            ("WRIT_CWD", "/srv"),
            ("WRIT_RUN_AS", "root"),
            ("WRIT_SOURCE_IP", "127.0.0.1"),
            ("WRIT_REASON", "the disk is full"),
            ("WRIT_TICKET", "OPS-7"),
            ("SYSLOG_FACILITY", "10"),
        ] {
            assert_eq!(entry[field], value, "{field} of {entry}");
        }
        assert_eq!(entry["WRIT_UID"], entry["WRIT_LOGIN_UID"], "{entry}");
        assert!(entry["WRIT_TTY"].as_str().is_some_and(|tty| tty.contains("pts/")), "{entry}");
        assert_eq!(&entry["WRIT_DIGEST"], digest, "{entry}");
    }
    let [_, decision, granted, _, finished, ended] = journal else { unreachable!("six events") };
    assert_eq!(decision["WRIT_DECISION"], "approve");
    assert_eq!(decision["WRIT_FORCE"], "enforced");
    assert_eq!(decision["WRIT_BY"], "bob");
    assert_eq!(decision["WRIT_COMMENT"], "go on");
    assert_eq!(granted["WRIT_FOR"], "600s");
    assert_eq!(finished["WRIT_EXIT_STATUS"], "0");
    assert_eq!(ended["WRIT_END_REASON"], "used");
    let ids: BTreeSet<&str> =
        journal.iter().filter_map(|entry| entry["MESSAGE_ID"].as_str()).collect();
    assert_eq!(ids.len(), EVENTS.len(), "each kind of event has an ID of its own");
}

/// The catalog is installed, and every `@FIELD@` of it is filled in.
fn is_explained(host: &Host, journal: &[Value], id: &str) {
    let said = host.root(&["journalctl", "--catalog", &format!("WRIT_ID={id}")]);
    assert!(!said.ok().contains('@'), "{said}");
    let subjects: Vec<&str> =
        said.ok().lines().filter_map(|line| line.strip_prefix("-- Subject: ")).collect();
    // systemd 257 has a frame around it.
    let subjects = match subjects.is_empty() {
        true => said.ok().lines().filter(|line| line.contains("Subject: ")).collect(),
        false => subjects,
    };
    assert_eq!(subjects.len(), journal.len(), "{said}");
    assert!(subjects.iter().all(|subject| !subject.contains("WRIT_")), "{subjects:?}");
    assert!(subjects.iter().all(|subject| subject.contains(id)), "{subjects:?}");
}

fn is_one_line_each_in_syslog(host: &Host, journal: &[Value], id: &str) {
    let mark = format!("WRIT_ID=\"{id}\"");
    host.wait_until("syslog to have it", PATIENCE, || {
        lines(host).iter().filter(|line| line.contains(&mark)).count() >= journal.len()
    });
    let told: Vec<String> = lines(host).into_iter().filter(|line| line.contains(&mark)).collect();
    assert_eq!(told.len(), journal.len(), "{told:#?}");
    for (line, entry) in told.iter().zip(journal) {
        let pairs = pairs(line);
        for (name, value) in &pairs {
            assert_eq!(entry[name], value.as_str(), "{name} differs in {line}");
        }
        let fields = entry.as_object().expect("an object").keys();
        let of_event =
            |name: &&String| name.starts_with("WRIT_") && !name.starts_with("WRIT_LEDGER_");
        assert_eq!(fields.filter(of_event).count(), pairs.len(), "{line} of {entry}");
    }
}

fn is_told_by_audit(host: &Host, journal: &[Value], id: &str) {
    let listed = host.root(&["writ", "audit", "list", "--id", id]);
    assert_eq!(listed.ok().lines().count(), journal.len(), "{listed}");
    let story = host.root(&["writ", "audit", "show", id]);
    for part in ["alice", "bob approved", "go on", "the disk is full", "OPS-7", "exited with 0"] {
        assert!(story.ok().contains(part), "{part} is not in {story}");
    }
    let events = json(&host.root(&["writ", "audit", "show", "--json", id]));
    let names: Vec<&str> = events["events"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|event| event["record"]["event"].as_str())
        .collect();
    assert_eq!(names, EVENTS);
    let whole = host.root(&["writ", "audit", "verify"]);
    assert!(whole.ok().contains("The ledger is whole"), "{whole}");
    assert!(whole.ok().contains("The journal has number"), "{whole}");
}

pub(crate) fn an_auditor_needs_no_root(host: &Host) {
    host.as_user("alice", "sudo id -u").ok();
    for verb in ["list", "verify", "list --json --event decision.made"] {
        let line = format!("writ audit {verb}");
        let auditor = host.as_user("dave", &line);
        assert!(!auditor.ok().is_empty(), "{auditor}");
        let other = host.as_user("alice", &line);
        assert!(!other.failed_with(5).is_empty(), "{other}");
        assert_eq!(other.stdout, "", "{other}");
    }
    // He reads; he changes nothing.
    host.as_user("dave", "cat /var/lib/writ/ledger/*.jsonl >/dev/null").ok();
    let changing = host.as_user("dave", "echo >>/var/lib/writ/ledger/00000001.jsonl");
    assert!(changing.stderr.contains("Permission denied"), "{changing}");
    host.as_user("alice", "ls /var/lib/writ/ledger").failed_with(2);
}
