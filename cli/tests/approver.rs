//! What an approver sees and does.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

mod fake_host;

use fake_host::{FakeHost, error, reply, request, shown};
use serde_json::json;

fn host_with_a_request() -> FakeHost {
    let host = FakeHost::new();
    host.agent(|method, _| match method {
        "List" => reply(json!({ "requests": [request()] })),
        "Show" => reply(shown()),
        "Decide" => reply(json!({ "granted": true, "approvals": 1, "needed": 1 })),
        _ => error("NotFound", json!({ "id": "7K3M-Q2" })),
    });
    host
}

#[test]
fn pending_shows_who_asks_for_what_with_nothing_hidden() {
    let ran = host_with_a_request().writ(&["pending"]);
    assert_eq!(ran.exit, 0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("ID       WHO    SINCE"), "{}", lines[0]);
    assert!(lines[1].starts_with("7K3M-Q2  alice"), "{}", lines[1]);
    assert!(lines[1].ends_with("4:32  /usr/bin/systemctl restart nginx"), "{}", lines[1]);
    assert!(lines[2].trim_start() == "why: it hangs\\e[2J", "{}", lines[2]);
    assert!(!ran.stdout.contains('\u{1b}'));
}

#[test]
fn a_command_that_would_fill_the_list_is_cut_and_says_so() {
    let host = FakeHost::new();
    let mut long = request();
    long["command"]["argv"] = json!(["systemctl", "x".repeat(100_000)]);
    host.agent(move |_, _| reply(json!({ "requests": [long] })));
    let ran = host.writ(&["pending"]);
    assert!(ran.stdout.len() < 4_000, "{}", ran.stdout.len());
    // Where the column wraps hangs on the width of the others, and so on the time of day.
    let words: Vec<&str> = ran.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains("more: writ show 7K3M-Q2)"), "{}", ran.stdout);
}

#[test]
fn pending_says_so_when_nothing_waits() {
    let host = FakeHost::new();
    host.agent(|_, _| reply(json!({ "requests": [] })));
    let ran = host.writ(&["pending"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "Nothing waits for your answer.\n"));
    assert_eq!(host.calls_of("List"), [json!({ "scope": "decidable" })]);
}

#[test]
fn json_has_the_fields_of_the_protocol() {
    let ran = host_with_a_request().writ(&["pending", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(listed, json!({ "requests": [request()] }));
}

#[test]
fn an_approval_is_bound_to_the_question_that_was_shown() {
    let host = host_with_a_request();
    let ran = host.writ(&["approve", "7k3mq2", "--yes", "--for", "10m", "--comment", "go"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("  command   /usr/bin/systemctl restart nginx\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.ends_with("7K3M-Q2 is approved.\n"));
    let digest = fake_host::question().1;
    assert_eq!(
        host.calls_of("Decide"),
        [json!({
            "id": "7K3M-Q2", "digest": digest, "verdict": "approve", "comment": "go",
            "lasts_ms": 600_000
        })]
    );
}

#[test]
fn a_question_that_is_not_of_its_digest_is_not_decided_on() {
    let host = FakeHost::new();
    host.agent(|_, _| {
        let mut shown = shown();
        let forged = shown["question"].as_str().unwrap().replace("nginx", "sshd");
        shown["question"] = forged.into();
        reply(shown)
    });
    let ran = host.writ(&["approve", "7K3M-Q2", "--yes"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stderr.contains("digest"), "{}", ran.stderr);
    assert!(host.calls_of("Decide").is_empty());
}

#[test]
fn without_a_terminal_an_approval_must_be_said_outright() {
    let host = host_with_a_request();
    let ran = host.writ(&["approve", "7K3M-Q2"]);
    assert_eq!(ran.exit, 2);
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    assert!(host.calls_of("Decide").is_empty());
}

#[test]
fn a_digest_that_was_shown_before_is_as_good_as_yes_and_another_is_not() {
    let host = host_with_a_request();
    let digest = fake_host::question().1;
    assert_eq!(host.writ(&["approve", "7K3M-Q2", "--digest", &digest]).exit, 0);
    let other = "0".repeat(64);
    let ran = host.writ(&["approve", "7K3M-Q2", "--digest", &other]);
    assert_eq!(ran.exit, 1);
    assert_eq!(host.calls_of("Decide").len(), 1);
}

#[test]
fn what_is_not_his_to_decide_exits_with_5() {
    let host = FakeHost::new();
    host.agent(|_, _| {
        let mut shown = shown();
        shown["request"]["may_decide"] = false.into();
        shown["request"]["why_not"] = "nobody decides on a request of his own".into();
        reply(shown)
    });
    let ran = host.writ(&["approve", "7K3M-Q2", "--yes"]);
    assert_eq!(ran.exit, 5);
    assert_eq!(ran.stderr, "writ: nobody decides on a request of his own\n");
}

#[test]
fn a_denial_needs_no_second_word() {
    let host = host_with_a_request();
    let ran = host.writ(&["deny", "7K3M-Q2", "--comment", "not today"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "7K3M-Q2 is denied.\n"));
    assert_eq!(host.calls_of("Decide")[0]["verdict"], "deny");
}

#[test]
fn an_unknown_id_and_a_wrong_one_are_told_apart() {
    let host = host_with_a_request();
    let ran = host.writ(&["revoke", "7K3M-Q2"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stderr.contains("no open request or grant 7K3M-Q2"), "{}", ran.stderr);
    assert_eq!(host.writ(&["revoke", "nonsense"]).exit, 2);
}

#[test]
fn no_agent_exits_with_6() {
    let ran = FakeHost::new().writ(&["pending"]);
    assert_eq!(ran.exit, 6);
    assert!(ran.stderr.starts_with("writ: Writ's agent cannot be reached"), "{}", ran.stderr);
}
