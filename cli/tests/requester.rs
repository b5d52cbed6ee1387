//! What a requester sees and does.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

mod fake_host;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use fake_host::{FakeHost, error, reply, request, status};
use serde_json::{Value, json};

fn answer(state: &str) -> Value {
    json!({ "answer": {
        "state": state, "id": "7K3M-Q2", "asked": ["@oncall"], "needed": 1, "approvals": 0,
        "remaining_ms": 272_000
    } })
}

fn continues(parameters: &Value) -> Value {
    json!({ "parameters": parameters, "continues": true })
}

fn host_that_answers(frames: &'static [&'static str]) -> FakeHost {
    let host = FakeHost::new();
    host.program("id", "");
    host.agent(|_, _| {
        let last = frames.len() - 1;
        let frame = |(at, state): (usize, &&str)| match at == last {
            true => json!({ "parameters": answer(state) }),
            false => continues(&answer(state)),
        };
        frames.iter().enumerate().map(frame).collect()
    });
    host
}

#[test]
fn a_request_waits_for_its_answer_and_says_how_to_use_it() {
    let host = host_that_answers(&["waiting", "allowed"]);
    let ran = host.writ(&["request", "--reason", "look", "--for", "30m", "--", "id", "-u"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.ends_with(":\n  sudo id -u\n"), "{}", ran.stdout);
    let sent = &host.calls_of("Request")[0];
    assert_eq!(sent["command"]["path"], "/usr/bin/id");
    assert_eq!(sent["command"]["argv"], json!(["id", "-u"]));
    assert_eq!(sent["lasts_ms"], 1_800_000);
    assert_eq!(sent["reason"], "look");
}

/// A sudo that says what it was told.
const TELLING_SUDO: &str =
    "echo \"$* reason=$WRIT_REASON\"; test \"$WRIT_BREAK_GLASS\" = $$ && echo emergency; exit 0";

#[test]
fn an_emergency_is_left_to_sudo_where_there_is_no_agent_and_to_nobody_else() {
    let line = ["breakglass", "--reason", "disk full", "-u", "bob", "--", "id", "-u"];
    let host = FakeHost::new();
    host.program("sudo", TELLING_SUDO);
    let ran = host.writ(&line);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout, "-u bob -- id -u reason=disk full\nemergency\n");
    // One that goes away before it answers is no other.
    let host = FakeHost::new();
    host.program("sudo", TELLING_SUDO);
    host.agent(|_, _| vec![Value::Null]);
    assert!(host.writ(&line).stdout.contains("emergency"));
}

#[test]
fn what_the_agent_says_of_an_emergency_holds() {
    let host = FakeHost::new();
    host.program("sudo", TELLING_SUDO);
    host.agent(|_, _| reply(json!({})));
    let ran = host.writ(&["breakglass", "--reason", "disk full", "--", "id"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "-- id reason=\n"), "{}", ran.stderr);
    for (name, exit) in [("NotYours", 5), ("Refused", 3), ("TooMany", 1)] {
        let host = FakeHost::new();
        host.program("sudo", TELLING_SUDO);
        host.agent(move |_, _| error(name, json!({ "message": "no" })));
        let ran = host.writ(&["breakglass", "--reason", "x", "--", "id"]);
        assert_eq!((ran.exit, ran.stdout.as_str()), (exit, ""), "{}", ran.stderr);
    }
}

#[test]
fn a_denial_exits_with_3_and_silence_with_4() {
    let host = host_that_answers(&["waiting", "denied"]);
    assert_eq!(host.writ(&["request", "--", "id"]).exit, 3);
    let host = host_that_answers(&["waiting", "open"]);
    assert_eq!(host.writ(&["request", "--", "id"]).exit, 4);
}

#[test]
fn without_waiting_the_id_is_printed() {
    let host = host_that_answers(&["waiting", "allowed"]);
    let ran = host.writ(&["request", "--no-wait", "--", "id"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "7K3M-Q2\n"));
}

#[test]
fn what_sudo_would_not_find_is_wrong_usage() {
    let host = host_that_answers(&["allowed"]);
    let ran = host.writ(&["request", "--", "no-such-command"]);
    assert_eq!(ran.exit, 2);
    assert!(host.calls_of("Request").is_empty());
}

#[test]
fn an_interrupted_wait_leaves_the_request_open() {
    let host = FakeHost::new();
    host.program("id", "");
    host.agent(|_, _| vec![continues(&answer("waiting"))]);
    let mut child = host.command(&["request", "--", "id"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert_eq!(line, "writ: 7K3M-Q2 waiting for @oncall\n");
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4));
    line.clear();
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("7K3M-Q2 stays open"), "{line}");
}

#[test]
fn an_agent_that_is_restarted_is_asked_again() {
    let host = FakeHost::new();
    host.program("id", "");
    let asked = std::sync::atomic::AtomicU32::new(0);
    host.agent(move |_, _| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => vec![continues(&answer("waiting")), Value::Null],
        _ => reply(answer("allowed")),
    });
    let ran = host.writ(&["request", "--", "id"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert_eq!(host.calls_of("Request").len(), 2);
}

#[test]
fn a_missing_reason_names_the_option() {
    let host = FakeHost::new();
    host.program("id", "");
    host.agent(|_, _| reply(json!({ "answer": { "state": "wanted", "wants_reason": true } })));
    let command = host.command(&["request", "--", "id"]);
    // A session of its own has no terminal to ask on.
    let ran = std::process::Command::new("/usr/bin/setsid")
        .arg("--wait")
        .arg(command.get_program())
        .args(command.get_args())
        .env_remove("WRIT_REASON")
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(2));
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert!(stderr.contains("--reason"), "{stderr}");
}

#[test]
fn status_tells_of_the_agent_and_of_what_stands() {
    let host = FakeHost::new();
    host.agent(|method, _| match method {
        "Status" => {
            let mut status = status();
            status["policy_error"] = "roles.d/web.toml:3: no such key\n  | memebrs".into();
            status["connections_refused"] = 3.into();
            status["journal_lines_dropped"] = 1.into();
            reply(status)
        }
        "List" => reply(json!({ "requests": [request()] })),
        _ => error("NotFound", json!({ "id": "" })),
    });
    let ran = host.writ(&["status"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("Writ 0.1.0 on web-1 enforces its policy.\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n  | memebrs\n"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("Roles: 2. Requests: 1 waiting, 0 granted, 0 running.\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("/usr/bin/systemctl restart nginx\n"), "{}", ran.stdout);
    for lost in ["\n3 connections were closed: too many", "\n1 line did not get into the journal;"]
    {
        assert!(ran.stdout.contains(lost), "{}", ran.stdout);
    }
}

#[test]
fn taking_back_names_the_request_in_its_full_form() {
    let host = FakeHost::new();
    host.agent(|_, _| reply(json!({})));
    assert_eq!(host.writ(&["cancel", "7k3mq2"]).stdout, "7K3M-Q2 is taken back.\n");
    assert_eq!(host.writ(&["end", "7K3M-Q2"]).stdout, "7K3M-Q2 is given back.\n");
    assert_eq!(host.calls_of("Cancel"), [json!({ "id": "7K3M-Q2" })]);
}
