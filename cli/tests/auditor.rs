//! What an auditor reads.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

mod fake_host;

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::process::Stdio;

use fake_host::{FakeHost, reply, window};
use serde_json::{Value, json};
use writ_ledger::{Durability, Ledger, Options, Record};

const LEDGER: &str = "/var/lib/writ/ledger";

/// A story from the asking to the end, and an event of its own before it.
fn host_with_a_story() -> FakeHost {
    let host = FakeHost::new();
    let alice = json!({ "account": { "uid": 1000, "name": "alice" } });
    let bob = json!({ "person": { "account": { "uid": 1001, "name": "bob" } } });
    let attempt = "0".repeat(32);
    let events = [
        json!({ "event": "agent.started", "version": "0.1.0", "boot_id": "b", "ids": "00000000000000aa" }),
        json!({
            "id": "7K3M-Q2", "event": "request.opened", "host": "web-1", "requester": alice,
            "act": {
                "door": "sudo", "presence": "interactive", "tty": "/dev/pts/3",
                "aim": { "command": {
                    "path": "/usr/bin/systemctl", "argv": ["systemctl", "restart", "nginx"],
                    "cwd": "/home/alice", "run_as": { "user": "root", "uid": 0 }, "action": "run"
                } }
            },
            "role": "web-operator", "rule": "restart", "asked": ["@oncall"], "needed": 1,
            "reason": "it hangs\u{1b}[2J", "timeout": 300_000, "lasts": 3_600_000, "uses": 1,
            "question": "{}", "digest": "ab"
        }),
        json!({ "id": "7K3M-Q2", "event": "decision.made", "by": bob, "outcome": "approve", "force": "enforced", "comment": "go" }),
        json!({ "id": "7K3M-Q2", "event": "grant.started", "lasts": 3_600_000, "uses": 1 }),
        json!({ "id": "7K3M-Q2", "event": "command.started", "attempt": attempt }),
        json!({ "id": "7K3M-Q2", "event": "command.finished", "attempt": attempt, "ending": { "signal": 15 }, "runtime": 3000 }),
        json!({ "id": "7K3M-Q2", "event": "grant.ended", "reason": "used", "by": "agent" }),
    ];
    record(&host, &events);
    host
}

/// Writes events into the host's ledger, a second after each other.
fn record(host: &FakeHost, events: &[Value]) {
    let (mut ledger, _) =
        Ledger::open(&host.path(LEDGER), Options::default(), |_| Ok::<(), String>(())).unwrap();
    for (number, event) in (0_u64..).zip(events) {
        let mut event = event.clone();
        event["boot_ms"] = number.into();
        event["wall_ms"] = (1_795_475_525_000 + number * 1000).into();
        ledger.append(&[Record::of(&event).unwrap()], Durability::Synced).unwrap();
    }
}

/// A window of alice's under which she runs two commands, and which stands longer on
/// another request's word.
fn host_with_a_window() -> FakeHost {
    let host = FakeHost::new();
    let alice = json!({ "account": { "uid": 1000, "name": "alice" } });
    let bob = json!({ "person": { "account": { "uid": 1001, "name": "bob" } } });
    let act = |aim: Value| json!({ "door": "writ", "presence": "interactive", "aim": aim });
    let opened = |id: &str| {
        json!({
            "id": id, "event": "request.opened", "host": "web-1", "requester": alice,
            "act": act(json!({ "window": window() })), "role": "packet-capture",
            "asked": ["@oncall"], "needed": 1, "timeout": 300_000, "lasts": 1_800_000, "uses": 0,
            "question": "{}", "digest": "ab"
        })
    };
    let command = |unit: &str| {
        act(json!({ "command": {
            "path": "/usr/bin/systemctl", "argv": ["systemctl", "restart", unit], "cwd": "/",
            "run_as": { "user": "root", "uid": 0 }, "action": "run"
        } }))
    };
    let started = |attempt: &str, unit: &str| {
        json!({
            "id": "8ABC-DE", "event": "command.started", "attempt": attempt.repeat(32), "about": {
                "attempt": attempt.repeat(32), "requester": alice, "act": command(unit),
                "reason": "it hangs", "role": "packet-capture", "rule": "restart"
            }
        })
    };
    let finished = |attempt: &str, status: i32| {
        json!({
            "id": "8ABC-DE", "event": "command.finished", "attempt": attempt.repeat(32),
            "ending": { "exit_status": status }, "runtime": 3000
        })
    };
    let approved = |id: &str| json!({ "id": id, "event": "decision.made", "by": bob, "outcome": "approve", "force": "enforced" });
    let mut extension = opened("7K3M-Q2");
    (extension["extends"], extension["lasts"]) = ("8ABC-DE".into(), 900_000.into());
    record(
        &host,
        &[
            opened("8ABC-DE"),
            approved("8ABC-DE"),
            json!({ "id": "8ABC-DE", "event": "grant.started", "lasts": 1_800_000, "uses": 0 }),
            started("1", "nginx\u{1b}[2J"),
            started("2", "php"),
            finished("1", 0),
            extension,
            approved("7K3M-Q2"),
            json!({ "id": "8ABC-DE", "event": "grant.extended", "request": "7K3M-Q2", "lasts": 900_000 }),
            finished("2", 1),
            json!({ "id": "8ABC-DE", "event": "grant.ended", "reason": "logout", "by": "agent" }),
        ],
    );
    host
}

#[test]
fn the_story_of_a_window_names_each_command_that_ran_under_it() {
    let ran = host_with_a_window().writ(&["audit", "show", "8ABC-DE"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        "8ABC-DE
  who       alice by writ request on no terminal
  role      packet-capture as a whole
  passes    commands that it asks about, where whoever approves this is enough
  lends     group wire\\e[2Jshark (977)
  lends     capabilities CAP_NET_RAW, CAP_SYS_ADMIN
  beware    as good as root: CAP_SYS_ADMIN mounts, traces and does most of what root can do
  at end    processes that still hold what was lent are to be warned, then ended
  log-out   does not end it
2026-11-23 23:12:05  alice asked @oncall
2026-11-23 23:12:06  bob approved
2026-11-23 23:12:07  open for 30 min
2026-11-23 23:12:08  started: /usr/bin/systemctl restart 'nginx\\e[2J', because: it hangs
2026-11-23 23:12:09  started: /usr/bin/systemctl restart php, because: it hangs
2026-11-23 23:12:10  exited with 0 after 3 s: /usr/bin/systemctl restart 'nginx\\e[2J'
2026-11-23 23:12:13  stands 15 min longer, as 7K3M-Q2 asked
2026-11-23 23:12:14  exited with 1 after 3 s: /usr/bin/systemctl restart php
2026-11-23 23:12:15  the grant ended: the last login session of whose it was has ended
"
    );
}

#[test]
fn the_story_of_an_extension_ends_with_what_came_of_it() {
    let ran = host_with_a_window().writ(&["audit", "show", "7K3M-Q2"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.starts_with(
            "7K3M-Q2
  who       alice by writ extend on no terminal
  extends   8ABC-DE is to stand longer
  role      packet-capture as a whole
"
        ),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.ends_with(
            "2026-11-23 23:12:11  alice asked @oncall that 8ABC-DE stand 15 min longer
2026-11-23 23:12:12  bob approved
2026-11-23 23:12:13  8ABC-DE stands 15 min longer, as 7K3M-Q2 asked
"
        ),
        "{}",
        ran.stdout
    );
}

#[test]
fn the_list_tells_windows_from_the_commands_under_them() {
    let host = host_with_a_window();
    let ran = host.writ(&["audit", "list"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(!ran.stdout.contains('\u{1b}'));
    let line = |number: usize| ran.stdout.lines().nth(number).unwrap();
    let window = "(role packet-capture), lends group wire\\e[2Jshark; capabilities CAP_NET_RAW, \
                  CAP_SYS_ADMIN, as good as root: CAP_SYS_ADMIN mounts, ";
    assert!(line(0).contains(&format!("alice asked @oncall: {window}")), "{}", line(0));
    assert!(line(4).contains("8ABC-DE  started: /usr/bin/systemctl restart php"), "{}", line(4));
    let longer = format!("asked @oncall that 8ABC-DE stand 15 min longer: {window}");
    assert!(line(6).contains(&longer), "{}", line(6));
    assert!(line(9).ends_with("1 after 3 s: /usr/bin/systemctl restart php"), "{}", line(9));
    let of_extension = host.writ(&["audit", "list", "--id", "7K3M-Q2"]);
    assert_eq!(of_extension.stdout.lines().count(), 3);
    let of_alice = host.writ(&["audit", "list", "--user", "alice", "--event", "command"]);
    assert_eq!(of_alice.stdout.lines().count(), 4);
}

#[test]
fn of_a_role_that_was_refused_at_once_nothing_is_told_that_was_not_looked_at() {
    let host = FakeHost::new();
    let bare = json!({ "role": "web\u{1b}[2J", "on_end": "terminate", "end_on_logout": false });
    record(
        &host,
        &[json!({
            "id": "8ABC-DE", "event": "decision.made", "by": "policy", "outcome": "deny",
            "force": "enforced", "comment": "no such role", "about": {
                "requester": { "account": { "uid": 1000, "name": "alice" } },
                "act": { "door": "writ", "presence": "interactive", "aim": { "window": bare } }
            }
        })],
    );
    let ran = host.writ(&["audit", "show", "8ABC-DE"]);
    assert_eq!(
        ran.stdout,
        "8ABC-DE
  who       alice by writ request on no terminal
  role      web\\e[2J as a whole
2026-11-23 23:12:05  the policy refused: no such role
"
    );
}

#[test]
fn a_window_that_the_policy_opened_by_itself_says_so() {
    let host = FakeHost::new();
    let alice = json!({ "account": { "uid": 1000, "name": "alice" } });
    record(
        &host,
        &[
            json!({
                "id": "8ABC-DE", "event": "request.opened", "host": "web-1", "requester": alice,
                "act": { "door": "writ", "presence": "interactive", "aim": { "window": window() } },
                "role": "packet-capture", "asked": [], "needed": 0, "timeout": 300_000,
                "lasts": 1_800_000, "uses": 0, "question": "{}", "digest": "ab"
            }),
            json!({ "id": "8ABC-DE", "event": "decision.made", "by": "policy", "outcome": "allow", "force": "enforced" }),
            json!({ "id": "7K3M-Q2", "event": "request.expired", "reason": "grant_ended" }),
        ],
    );
    let ran = host.writ(&["audit", "list"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("alice asked the policy: (role packet-capture), "));
    assert!(ran.stdout.contains("8ABC-DE  the policy allowed\n"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("ended: the grant that was to stand longer has ended\n"));
}

#[test]
fn the_story_says_who_asked_why_who_allowed_it_what_ran_and_how_it_ended() {
    let ran = host_with_a_story().writ(&["audit", "show", "7K3M-Q2"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        "7K3M-Q2
  who       alice by sudo on /dev/pts/3
  command   /usr/bin/systemctl restart nginx
  in        /home/alice
  as        root
  reason    it hangs\\e[2J
  rule      restart of role web-operator
2026-11-23 23:12:06  alice asked @oncall, because: it hangs\\e[2J
2026-11-23 23:12:07  bob approved: go
2026-11-23 23:12:08  granted for 1 h, one run
2026-11-23 23:12:09  started
2026-11-23 23:12:10  ended by SIGTERM after 3 s
2026-11-23 23:12:11  the grant ended: it was used
"
    );
    assert_eq!(host_with_a_story().writ(&["audit", "show", "0000-00"]).exit, 1);
}

#[test]
fn the_list_is_a_line_an_event_and_can_be_narrowed() {
    let host = host_with_a_story();
    let all = host.writ(&["audit", "list"]);
    assert_eq!(all.exit, 0, "{}", all.stderr);
    assert_eq!(all.stdout.lines().count(), 7);
    assert!(
        all.stdout.starts_with(
            "2026-11-23 23:12:05  agent.started                 writd 0.1.0 started\n"
        ),
        "{}",
        all.stdout
    );
    let lines = |arguments: &[&str]| {
        let ran = host.writ(&[&["audit", "list"], arguments].concat());
        ran.stdout.lines().count()
    };
    assert_eq!(lines(&["--user", "alice"]), 6);
    assert_eq!(lines(&["--user", "bob"]), 0);
    assert_eq!(lines(&["--id", "7k3mq2"]), 6);
    assert_eq!(lines(&["--event", "grant"]), 2);
    assert_eq!(lines(&["--event", "decision.made"]), 1);
    assert_eq!(lines(&["--since", "2026-11-23 23:12:10"]), 2);
}

#[test]
fn json_is_the_record_as_the_ledger_has_it() {
    let ran = host_with_a_story().writ(&["audit", "list", "--json", "--event", "grant.started"]);
    let event: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(event["seq"], 4);
    assert_eq!(event["record"]["lasts"], 3_600_000);
    let ran = host_with_a_story().writ(&["audit", "show", "7K3M-Q2", "--json"]);
    let story: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(story["events"].as_array().unwrap().len(), 6);
}

#[test]
fn a_whole_ledger_verifies_and_an_altered_one_does_not() {
    let host = host_with_a_story();
    let ran = host.writ(&["audit", "verify"]);
    assert_eq!(ran.exit, 0, "{}", ran.stdout);
    assert!(
        ran.stdout.starts_with("The ledger is whole: 7 lines in 1 segment verify"),
        "{}",
        ran.stdout
    );

    let path = host.path(&format!("{LEDGER}/00000001.jsonl"));
    let mut file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    let at = text.find("nginx").unwrap();
    file.seek(SeekFrom::Start(at.try_into().unwrap())).unwrap();
    file.write_all(b"sshd!").unwrap();
    let ran = host.writ(&["audit", "verify"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stdout.contains("segment 00000001.jsonl, line 2"), "{}", ran.stdout);
    let list = host.writ(&["audit", "list"]);
    assert_eq!((list.exit, list.stdout.lines().count()), (1, 1));
    assert_eq!(host.writ(&["doctor"]).exit, 1);
}

#[test]
fn lines_cut_off_at_the_end_are_found_by_the_journals_copy_of_the_head() {
    let host = host_with_a_story();
    let path = host.path(&format!("{LEDGER}/00000001.jsonl"));
    let text = std::fs::read_to_string(&path).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let head =
        format!("echo '{{\"WRIT_LEDGER_SEQ\":\"7\",\"WRIT_LEDGER_HEAD\":{}}}'", last["digest"]);
    host.program("journalctl", &head);
    let ran = host.writ(&["audit", "verify"]);
    assert_eq!(ran.exit, 0, "{}", ran.stdout);
    assert!(
        ran.stdout.contains("The journal has number 7 with the same digest."),
        "{}",
        ran.stdout
    );

    let kept: Vec<&str> = text.split_inclusive('\n').take(5).collect();
    std::fs::write(&path, kept.concat()).unwrap();
    let ran = host.writ(&["audit", "verify", "--json"]);
    assert_eq!(ran.exit, 1);
    let findings: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&findings["whole"], &findings["journal"]["agrees"]),
        (&json!(false), &json!(false))
    );

    // The agent went on from there, and told the journal newer heads.
    let last: Value = serde_json::from_str(kept[4]).unwrap();
    let newer =
        format!("echo '{{\"WRIT_LEDGER_SEQ\":\"5\",\"WRIT_LEDGER_HEAD\":{}}}'", last["digest"]);
    host.program("journalctl", &format!("{newer}\n{head}"));
    let ran = host.writ(&["audit", "verify"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stdout.contains("The journal has number 7"), "{}", ran.stdout);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure_to_speak_of() {
    let host = host_with_a_story();
    let mut child = host
        .command(&["audit", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn root_acknowledges_a_break_with_his_words() {
    let host = FakeHost::new();
    host.agent(|_, _| reply(json!({ "kept": "/var/lib/writ/ledger/00000001.jsonl.broken" })));
    let ran = host.writ(&["audit", "acknowledge", "--comment", "disk failure"]);
    assert_eq!(ran.exit, 0);
    assert!(ran.stdout.contains("00000001.jsonl.broken"));
    assert_eq!(host.calls_of("AcknowledgeBreak"), [json!({ "comment": "disk failure" })]);
}

#[test]
fn a_host_whose_agent_never_ran_has_no_ledger() {
    let ran = FakeHost::new().writ(&["audit", "list"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stderr.contains("there is no ledger yet"), "{}", ran.stderr);
}
