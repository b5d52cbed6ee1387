//! Somebody has the courier's account, and speaks to the agent as it.

use serde_json::Value;
use writ_tests::{Host, PATIENCE};

use crate::with_collectors;

/// Calls a method as an account; the first replies, each a JSON object.
#[track_caller]
fn call(host: &Host, account: &str, method: &str, parameters: &str, more: usize) -> Vec<Value> {
    let more = if more == 0 { String::new() } else { more.to_string() };
    let called = host.root_sh(&format!(
        "setpriv --reuid={account} --regid={account} --clear-groups \
         python3 /srv/as_courier.py io.writ.Agent.{method} '{parameters}' {more}"
    ));
    let lines = called.ok().lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn error(replies: &[Value]) -> &str {
    replies.first().and_then(|reply| reply["error"].as_str()).unwrap_or_default()
}

pub(crate) fn a_captured_courier_decides_nothing_and_sees_no_more(host: &Host) {
    with_collectors(host);
    let asked = host.as_user("alice", "writ request --no-wait -- touch /srv/captured");
    let id = asked.ok().trim().to_owned();
    let status = host.root(&["writ", "show", &id, "--json"]);
    let shown: Value = serde_json::from_str(status.ok()).expect("JSON");
    let digest = shown["digest"].as_str().expect("a digest").to_owned();
    let courier = "writ-courier";
    let decide = format!(r#"{{"id": "{id}", "digest": "{digest}", "verdict": "approve"}}"#);
    let of_id = format!(r#"{{"id": "{id}"}}"#);
    let as_somebody = r#"{"attempt": "0123456789abcdef0123456789abcdef", "door": "sudo", "command": {"path": "/usr/bin/id", "argv": ["id"], "cwd": "/", "run_as": {"user": "root", "uid": 0}, "edit": false}, "interactive": false}"#;
    for (method, parameters) in [
        ("Decide", decide.as_str()),
        ("Show", &of_id),
        ("Revoke", &of_id),
        ("Cancel", &of_id),
        ("End", &of_id),
        ("Review", &of_id),
        ("List", r#"{"scope": "all"}"#),
        ("Reload", "{}"),
        ("AcknowledgeBreak", r#"{"comment": "mine"}"#),
        ("BreakGlass", r#"{"reason": "mine"}"#),
        ("Ask", as_somebody),
        (
            "Explain",
            r#"{"user": "alice", "command": {"path": "/usr/bin/id", "argv": ["id"], "cwd": "/", "run_as": {"user": "root", "uid": 0}, "edit": false}}"#,
        ),
    ] {
        let replies = call(host, courier, method, parameters, 0);
        assert!(!error(&replies).is_empty(), "{method}: {replies:?}");
    }
    // It is asked for still, and nobody has answered.
    let shown: Value =
        serde_json::from_str(host.root(&["writ", "show", &id, "--json"]).ok()).expect("JSON");
    assert_eq!(shown["request"]["state"].as_str().or(shown["state"].as_str()), Some("pending"));
    // What it may say of itself is kept within bounds, and is not believed to be about others.
    let long = "x".repeat(100_000);
    let state = format!(
        r#"{{"collectors": [{{"url": "tcp://127.0.0.1:10601", "sent": 0, "error": "{long}"}}, {{"url": "tls://elsewhere:1", "sent": 1}}]}}"#
    );
    assert_eq!(error(&call(host, courier, "CourierState", &state, 0)), "");
    let told = host.root(&["writ", "status", "--json"]);
    assert!(told.ok().len() < 10_000 && !told.ok().contains("elsewhere"), "{}", told.ok().len());
    // Events it sees, which it is there for.
    let events = call(host, courier, "Events", r#"{"after": 0}"#, 3);
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|reply| reply["parameters"]["event"]["seq"].is_u64()));
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

pub(crate) fn others_get_no_events(host: &Host) {
    with_collectors(host);
    for method in ["Events", "CourierSettings"] {
        let parameters = if method == "Events" { r#"{"after": 0}"# } else { "{}" };
        for account in ["alice", "nobody"] {
            let group = if account == "nobody" { "nogroup" } else { account };
            let called = host.root_sh(&format!(
                "setpriv --reuid={account} --regid={group} --clear-groups \
                 python3 /srv/as_courier.py io.writ.Agent.{method} '{parameters}' 1"
            ));
            let reply: Value = serde_json::from_str(called.ok().trim()).expect("JSON");
            assert_eq!(reply["error"], "org.varlink.service.PermissionDenied", "{method}");
        }
        let without_more = call(host, "writ-courier", method, parameters, 0);
        assert_eq!(error(&without_more), "org.varlink.service.ExpectedMore");
    }
    // However many read and do not go on reading, sudo is not held up.
    let readers = "for i in $(seq 20); do setpriv --reuid=writ-courier --regid=writ-courier \
         --clear-groups python3 -c '\
import socket, time\n\
agent = socket.socket(socket.AF_UNIX)\n\
agent.connect(\"/run/writ/io.writ.Agent\")\n\
agent.sendall(b\"{\\\"method\\\": \\\"io.writ.Agent.Events\\\", \\\"parameters\\\": {\\\"after\\\": 0}, \\\"more\\\": true}\\0\")\n\
time.sleep(60)' & done; sleep 1";
    let reading = host.start_root(&["sh", "-c", &format!("{readers}; wait")]);
    for _ in 0..20 {
        host.as_user("alice", "sudo -n id -u").ok();
    }
    host.wait_until("the agent to answer", PATIENCE, || host.root(&["writ", "status"]).status == 0);
    drop(reading);
}
