//! Frames that are none, and calls that are none.

use serde_json::{Value, json};
use writ_tests::Host;

use crate::bystanders::{Bystanders, say};

/// The longest frame of who is not root, in bytes (`CALLER_FRAME_BYTES_MAX`).
const CALLER_FRAME_BYTES_MAX: usize = 256 * 1024;

/// The longest frame of all, in bytes (`FRAME_BYTES_MAX`).
const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Text that is said once.
fn once(text: &str) -> Value {
    json!([[text, 1]])
}

/// A frame of a text.
fn frame(text: &str) -> Value {
    once(&format!("{text}\0"))
}

/// A call of Status that is so many bytes long, its NUL included.
fn status_of_bytes(length: usize) -> Value {
    let (head, tail) = (r#"{"method": "io.writ.Agent.Status""#, "}\0");
    json!([[head, 1], [" ", length - head.len() - tail.len()], [tail, 1]])
}

pub(crate) fn what_is_no_call_closes_its_connection(host: &Host) {
    let bystanders = Bystanders::of(host, "no-call");
    let request = json!({"method": "io.writ.Agent.Request", "more": true, "parameters": {"command": {
        "path": "/usr/bin/touch", "argv": ["touch", "/srv/owed"], "cwd": "/",
        "run_as": {"user": "root", "uid": 0}, "edit": false,
    }}});
    let nothing_but_ends: String = "\0".repeat(3000);
    let said = [
        frame("hello"),
        frame(""),
        once(&nothing_but_ends),
        frame("null"),
        frame("7"),
        frame(r#""io.writ.Agent.Status""#),
        frame(r#"["io.writ.Agent.Status"]"#),
        frame(r#"{"method": "io.writ.Agent.Status""#),
        frame(r#"{"method": "io.writ.Agent.Status"} {}"#),
        frame(r#"{"method": 7}"#),
        frame(r#"{"method": null}"#),
        frame(r#"{"parameters": {}}"#),
        frame(r#"{"method": "io.writ.Agent.Status", "parameters": []}"#),
        frame(r#"{"method": "io.writ.Agent.Status", "parameters": "{}"}"#),
        frame(r#"{"method": "io.writ.Agent.Status", "more": 1}"#),
        frame(r#"{"method": "io.writ.Agent.Status", "method": "io.writ.Agent.Status"}"#),
        frame(r#"{"method": "io.writ.Agent.Status", "parameters": {}, "parameters": {}}"#),
        frame(r#"{"method": "io.writ.Agent.Status", "flags": 1}"#),
        frame(r#"{"method": "io.writ.Agent.Status", "upgrade": true}"#),
        frame("{\"method\": \"io.writ.Agent.Status\u{ff}\"}"),
        frame(r#"{"method": "\ud800"}"#),
        json!([["[", 100_000], ["\0", 1]]),
        json!([[r#"{"method": "#, 1], [r#"{"a": "#, 40_000], ["\0", 1]]),
        once("\u{7f}ELF\u{2}\u{1}\u{1}\0\0\u{ff}\u{fe}\u{80}"),
        once("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n\0"),
        // A second call while answers to the first one are owed.
        frame(&request.to_string()),
    ];
    for (said, heard) in said.iter().zip(say(host, "alice", &said)) {
        assert!(heard.closed, "{said} was taken: {heard:?}");
        // What policy says of the first call may come before the second one is read.
        let owed = said.to_string().contains("/srv/owed");
        assert!(heard.replies.len() <= usize::from(owed), "{said}: {heard:?}");
    }
    for request in host.requests_of("/srv/owed") {
        let id = request["id"].as_str().expect("a text");
        host.as_user("alice", &format!("writ cancel {id}")).ok();
    }
    bystanders.have_noticed_nothing(said.len() as u64);
}

pub(crate) fn what_is_no_valid_call_is_refused_and_the_next_one_answered(host: &Host) {
    let bystanders = Bystanders::of(host, "no-valid-call");
    let call = |method: &str, parameters: &str| {
        frame(&format!(r#"{{"method": "{method}", "parameters": {parameters}}}"#))
    };
    let writ =
        |method: &str, parameters: &str| call(&format!("io.writ.Agent.{method}"), parameters);
    let deep = |count: usize| {
        json!([
            [r#"{"method": "io.writ.Agent.Show", "parameters": {"id": "#, 1],
            ["[", count],
            ["]", count],
            ["}}\0", 1],
        ])
    };
    let (invalid, unknown) =
        ("org.varlink.service.InvalidParameter", "org.varlink.service.MethodNotFound");
    let said = [
        (writ("Status", r#"{"verbose": true}"#), invalid),
        (writ("Show", "{}"), invalid),
        (writ("Show", r#"{"id": 7}"#), invalid),
        (writ("Show", r#"{"id": null}"#), invalid),
        (writ("Show", r#"{"id": ["7K3M-Q2"]}"#), invalid),
        (writ("Show", r#"{"id": "7K3M-Q2", "id": "7K3M-Q2"}"#), invalid),
        (writ("Show", r#"{"id": "7K3M-Q2", "all": true}"#), invalid),
        (deep(100), invalid),
        (deep(50_000), invalid),
        (writ("List", r#"{"scope": "ALL"}"#), invalid),
        (writ("Request", r#"{"command": {}}"#), invalid),
        (writ("Nothing", "{}"), unknown),
        (writ("status", "{}"), unknown),
        (call("", "{}"), unknown),
        (call("io.writ.Agent", "{}"), unknown),
        (call("io.systemd.UserDatabase.GetUserRecord", "{}"), unknown),
        (call("org.varlink.service.Nothing", "{}"), unknown),
        (call("org.varlink.service.GetInterfaceDescription", "{}"), invalid),
        (call("org.varlink.service.GetInterfaceDescription", r#"{"interface": "x"}"#), invalid),
    ];
    let (frames, errors): (Vec<Value>, Vec<&str>) = said.into_iter().unzip();
    for ((said, error), heard) in frames.iter().zip(errors).zip(say(host, "alice", &frames)) {
        assert!(!heard.closed, "{said} closed the connection: {heard:?}");
        assert_eq!(heard.replies.len(), 1, "{said}: {heard:?}");
        assert_eq!(heard.replies[0]["error"], error, "{said}: {heard:?}");
    }
    // Who wants no reply gets none, whatever he called.
    let oneway = |method: &str| frame(&format!(r#"{{"method": "{method}", "oneway": true}}"#));
    let said = [
        oneway("io.writ.Agent.Status"),
        oneway("io.writ.Agent.Show"),
        oneway("io.writ.Agent.Nothing"),
        oneway("org.varlink.service.GetInfo"),
    ];
    for (said, heard) in said.iter().zip(say(host, "alice", &said)) {
        assert!(!heard.closed && heard.replies.is_empty(), "{said}: {heard:?}");
    }
    bystanders.have_noticed_nothing(0);
}

pub(crate) fn a_frame_may_be_as_long_as_its_limit_and_no_longer(host: &Host) {
    let bystanders = Bystanders::of(host, "length");
    for (user, bytes_max) in [("alice", CALLER_FRAME_BYTES_MAX), ("root", FRAME_BYTES_MAX)] {
        let said = [
            status_of_bytes(bytes_max),
            status_of_bytes(bytes_max + 1),
            // It would go on for ever.
            json!([["x", 8 * bytes_max]]),
        ];
        let [whole, longer, endless] = &say(host, user, &said)[..] else { unreachable!() };
        // Its own reply is that of the good call: they look the same.
        assert!(!whole.closed, "{user}: {whole:?}");
        assert!(longer.closed && longer.replies.is_empty(), "{user}: {longer:?}");
        assert!(endless.closed && endless.replies.is_empty(), "{user}: {endless:?}");
    }
    bystanders.have_noticed_nothing(4);
}
