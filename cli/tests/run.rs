//! `writ run` against an agent that a test scripts.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

mod fake_host;

use std::sync::atomic::{AtomicUsize, Ordering};

use fake_host::{FakeHost, error, reply};
use serde_json::{Value, json};

const ATTEMPT: &str = "0123456789abcdef0123456789abcdef";

fn told(state: &str, ending: Value) -> Value {
    json!({
        "parameters": { "state": state, "id": "7K3M-Q2", "attempt": ATTEMPT, "ending": ending },
        "continues": state == "started"
    })
}

fn prepared() -> Vec<Value> {
    reply(json!({ "id": "7K3M-Q2", "remaining_ms": 60_000 }))
}

/// An agent with an open window under which every command ends like this.
fn host_whose_commands_end(ending: Value) -> FakeHost {
    let host = FakeHost::new();
    host.agent(move |method, _| match method {
        "PrepareRun" => prepared(),
        "Run" => vec![told("started", json!({})), told("ended", ending.clone())],
        _ => error("Refused", json!({ "message": method })),
    });
    host
}

#[test]
fn the_exit_code_is_the_commands_own() {
    for (ending, exit) in [
        (json!({ "exit_status": 0 }), 0),
        (json!({ "exit_status": 42 }), 42),
        (json!({ "signal": 15 }), 143),
        (json!({ "exec_errno": 8 }), 126),
        (json!({}), 1),
    ] {
        let host = host_whose_commands_end(ending.clone());
        let ran = host.writ(&["run", "capture", "--", "true"]);
        assert_eq!(ran.exit, exit, "{ending}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn the_call_has_the_command_as_it_was_typed_and_little_of_the_environment() {
    let host = host_whose_commands_end(json!({ "exit_status": 0 }));
    let mut command = host.command(&["run", "capture", "--", "true", "%n $X", "a\\b", ""]);
    command.env_clear().env("TERM", "vt220").env("SECRET", "x").env("LC_ALL", "C");
    command.current_dir("/usr/bin");
    assert!(command.status().unwrap().success());
    let call = host.calls_of("Run").remove(0);
    assert_eq!(call["argv"], json!(["true", "%n $X", "a\\\\b", ""]));
    assert_eq!((&call["role"], &call["cwd"]), (&json!("capture"), &json!("/usr/bin")));
    assert!(call["path"].as_str().unwrap().ends_with("/bin/true"));
    let mut environment: Vec<&str> =
        call["environment"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    environment.sort_unstable();
    assert_eq!(environment, ["LC_ALL=C", "TERM=vt220"]);
}

#[test]
fn what_is_not_there_is_told_before_anybody_is_asked() {
    let host = host_whose_commands_end(json!({ "exit_status": 0 }));
    let ran = host.writ(&["run", "capture", "--", "no-such-command"]);
    assert_eq!(ran.exit, 127);
    assert!(ran.stderr.contains("no-such-command: there is no such command"), "{}", ran.stderr);
    assert_eq!(host.writ(&["run", "capture", "--", "/etc/passwd"]).exit, 126);
    assert!(host.calls_of("PrepareRun").is_empty());
}

#[test]
fn without_a_window_one_is_asked_for_and_then_used() {
    let host = FakeHost::new();
    let prepared_before = AtomicUsize::new(0);
    host.agent(move |method, _| match method {
        "PrepareRun" if prepared_before.fetch_add(1, Ordering::Relaxed) == 0 => {
            error("NotOpen", json!({ "message": "not open" }))
        }
        "PrepareRun" => prepared(),
        "Request" => reply(json!({ "answer": {
            "state": "allowed", "id": "7K3M-Q2", "message": "7K3M-Q2 is open"
        } })),
        "Run" => vec![told("ended", json!({ "exit_status": 3 }))],
        _ => error("Refused", json!({ "message": method })),
    });
    let ran = host.writ(&["run", "capture", "--for", "5m", "--reason", "look", "--", "true"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (3, ""), "{}", ran.stderr);
    let request = host.calls_of("Request").remove(0);
    assert_eq!(request, json!({ "role": "capture", "reason": "look", "lasts_ms": 300_000 }));
}

#[test]
fn a_no_to_the_window_is_the_exit_code_of_a_no() {
    let host = FakeHost::new();
    host.agent(|method, _| match method {
        "PrepareRun" => error("NotOpen", json!({ "message": "not open" })),
        _ => reply(json!({ "answer": { "state": "denied", "message": "not today\u{1b}[2J" } })),
    });
    let ran = host.writ(&["run", "capture", "--", "true"]);
    assert_eq!((ran.exit, ran.stderr.as_str()), (3, "writ: not today\\e[2J\n"));
    assert!(host.calls_of("Run").is_empty());
}

#[test]
fn an_agent_that_went_away_is_found_again_and_tells_the_end() {
    let host = FakeHost::new();
    host.agent(|method, _| match method {
        "PrepareRun" => prepared(),
        "Run" => vec![told("started", json!({})), Value::Null],
        "AwaitRun" => vec![told("started", json!({})), told("ended", json!({ "exit_status": 9 }))],
        _ => error("Refused", json!({ "message": method })),
    });
    let ran = host.writ(&["run", "capture", "--", "true"]);
    assert_eq!(ran.exit, 9, "{}", ran.stderr);
    assert_eq!(host.calls_of("AwaitRun"), [json!({ "attempt": ATTEMPT })]);
}

#[test]
fn the_agent_refuses_with_its_sentence() {
    let host = FakeHost::new();
    host.agent(|method, _| match method {
        "PrepareRun" => prepared(),
        _ => error("Refused", json!({ "message": "nothing to run with" })),
    });
    let ran = host.writ(&["run", "capture", "--", "true"]);
    assert_eq!((ran.exit, ran.stderr.as_str()), (3, "writ: nothing to run with\n"));
}
