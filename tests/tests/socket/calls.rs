//! Good calls of the wrong people, and wrong values of the right ones.

use serde_json::{Value, json};
use writ_tests::{Host, json as parsed};

use crate::bystanders::{Bystanders, Heard, say};

/// A call of the agent's, as a frame.
fn call(method: &str, parameters: &Value) -> Value {
    let call = json!({"method": format!("io.writ.Agent.{method}"), "parameters": parameters});
    // A character there is a byte.
    let bytes = call.to_string().bytes().map(char::from).collect::<String>();
    json!([[format!("{bytes}\0"), 1]])
}

/// The names of the errors that these calls of `user`'s get, in their order.
#[track_caller]
fn errors(host: &Host, user: &str, calls: &[Value]) -> Vec<String> {
    let error = |heard: Heard| {
        assert!(!heard.closed && heard.replies.len() == 1, "{user}: {heard:?}");
        let error = heard.replies[0]["error"].as_str();
        error.unwrap_or_else(|| panic!("{user} was let in: {heard:?}")).to_owned()
    };
    say(host, user, calls).into_iter().map(error).collect()
}

/// All that the agent has and has written down.
#[track_caller]
fn all(host: &Host) -> (Value, String) {
    let mut status = parsed(&host.root(&["writ", "status", "--json"]));
    let mut requests = status["requests"].take();
    for request in requests.as_array_mut().expect("a list") {
        request["remaining_ms"] = Value::Null;
    }
    let head = host.root_sh("cat /var/lib/writ/ledger/* | sha256sum");
    (requests, head.ok().to_owned())
}

pub(crate) fn what_is_for_root_or_of_others_changes_nothing(host: &Host) {
    let bystanders = Bystanders::of(host, "strangers");
    let asked = host.as_user("alice", "writ request --no-wait -- touch /srv/of-alice");
    let asked = asked.ok().to_owned();
    let granted = host.as_user("alice", "writ request --no-wait -- touch /srv/granted");
    let granted = granted.ok().to_owned();
    host.as_user("bob", &format!("writ approve --yes {granted}")).ok();
    let digest = |id: &str| {
        let shown = parsed(&host.root(&["writ", "show", "--json", id]));
        shown["digest"].as_str().expect("a text").to_owned()
    };
    let (digest_asked, digest_granted) = (digest(&asked), digest(&granted));
    let before = all(host);

    let attempt = "0123456789abcdef0123456789abcdef";
    let command = json!({
        "path": "/usr/bin/id", "argv": ["id"], "cwd": "/",
        "run_as": {"user": "root", "uid": 0}, "edit": false,
    });
    let ended = json!({"exit_status": 0});
    let of_root = [
        call(
            "Ask",
            &json!({"attempt": attempt, "door": "sudo", "command": command,
                            "interactive": true}),
        ),
        call("Confirm", &json!({"attempt": attempt, "id": granted})),
        call(
            "Finish",
            &json!({"attempt": attempt, "id": granted, "ending": ended,
                               "runtime_ms": 1}),
        ),
        call("Reload", &json!({})),
        call("AcknowledgeBreak", &json!({"comment": "nothing is broken"})),
        call("List", &json!({"scope": "all"})),
    ];
    for user in ["alice", "bob", "dave"] {
        let errors = errors(host, user, &of_root);
        assert!(
            errors.iter().all(|error| error == "org.varlink.service.PermissionDenied"),
            "{user}: {errors:?}"
        );
    }
    // dave has nothing to do with either.
    let of_others: Vec<Value> = [(&asked, &digest_asked), (&granted, &digest_granted)]
        .into_iter()
        .flat_map(|(id, digest)| {
            let decision = |verdict: &str| {
                call("Decide", &json!({"id": id, "digest": digest, "verdict": verdict}))
            };
            let by_id = |method: &str| call(method, &json!({"id": id}));
            [
                decision("approve"),
                decision("deny"),
                by_id("Show"),
                by_id("Cancel"),
                by_id("Revoke"),
                by_id("End"),
            ]
        })
        .collect();
    for error in errors(host, "dave", &of_others) {
        assert!(
            ["io.writ.Agent.NotYours", "io.writ.Agent.NotFound"].contains(&error.as_str()),
            "{error}"
        );
    }
    // alice cannot decide on her own; bob cannot take back what is hers to take back.
    let her_own = [
        call(
            "Decide",
            &json!({"id": asked, "digest": digest_asked,
                                          "verdict": "approve"}),
        ),
        call("Revoke", &json!({"id": granted})),
    ];
    assert_eq!(errors(host, "alice", &her_own), ["io.writ.Agent.NotYours"; 2]);
    let hers = [call("Cancel", &json!({"id": asked})), call("End", &json!({"id": granted}))];
    assert_eq!(errors(host, "bob", &hers), ["io.writ.Agent.NotYours"; 2]);

    assert_eq!(all(host), before);
    host.as_user("alice", &format!("writ cancel {asked}")).ok();
    host.as_user("alice", &format!("writ end {granted}")).ok();
    bystanders.have_noticed_nothing(0);
}

pub(crate) fn ids_digests_and_numbers_of_any_kind_change_nothing(host: &Host) {
    let bystanders = Bystanders::of(host, "values");
    let asked = host.as_user("alice", "writ request --no-wait -- touch /srv/values");
    let id = asked.ok().to_owned();
    let shown = parsed(&host.as_user("bob", &format!("writ show --json {id}")));
    let digest = shown["digest"].as_str().expect("a text").to_owned();
    let before = all(host);

    // What is no ID is one that there is not.
    let long = "7".repeat(100_000);
    let no_ids =
        ["", " ", "7K3M", "7K3M-Q2-7K3M-Q2", "-1", "../../etc", "7K3M-Q\u{0}", "\u{202e}", &long];
    let calls: Vec<Value> = no_ids
        .into_iter()
        .flat_map(|id| {
            [
                call("Show", &json!({"id": id})),
                call("Decide", &json!({"id": id, "digest": digest, "verdict": "approve"})),
                call("Cancel", &json!({"id": id})),
                call("Revoke", &json!({"id": id})),
                call("End", &json!({"id": id})),
            ]
        })
        .collect();
    for user in ["bob", "root"] {
        for (error, call) in errors(host, user, &calls).iter().zip(&calls) {
            assert_eq!(error, "io.writ.Agent.NotFound", "{user}: {call:.200}");
        }
    }

    let of_digest =
        |digest: &str| call("Decide", &json!({"id": id, "digest": digest, "verdict": "approve"}));
    let other = "0".repeat(64);
    let digests = ["", "0", &other, &digest[1..], &format!("{digest}0"), &digest.to_uppercase()]
        .map(of_digest);
    for error in errors(host, "bob", &digests) {
        assert_eq!(error, "io.writ.Agent.WrongDigest");
    }

    // As text: JSON has numbers that no type here has.
    let with = |field: &str, number: &str| {
        json!([[
            format!(
                r#"{{"method": "io.writ.Agent.Decide", "parameters": {{"id": "{id}", "digest": "{digest}", "verdict": "approve", "{field}": {number}}}}}{}"#,
                '\0'
            ),
            1
        ]])
    };
    let asking = |field: &str, number: &str| {
        json!([[
            format!(
                r#"{{"method": "io.writ.Agent.Request", "parameters": {{"command": {{"path": "/usr/bin/touch", "argv": ["touch", "/srv/values"], "cwd": "/", "run_as": {{"user": "root", "uid": 0}}, "edit": false}}, "{field}": {number}}}}}{}"#,
                '\0'
            ),
            1
        ]])
    };
    let no_numbers = [
        "-1",
        "-0.5",
        "1.5",
        "1e3",
        "1e400",
        "18446744073709551616",
        "\"60000\"",
        "[1]",
        "true",
        "NaN",
    ];
    for field in ["lasts_ms", "uses"] {
        // NaN is no JSON at all, and so no call.
        let (last, numbers) = no_numbers.split_last().expect("some");
        for (user, frame) in [("bob", &with as &dyn Fn(&str, &str) -> Value), ("alice", &asking)] {
            let frames: Vec<Value> = numbers.iter().map(|number| frame(field, number)).collect();
            for (error, said) in errors(host, user, &frames).iter().zip(&frames) {
                assert_eq!(error, "org.varlink.service.InvalidParameter", "{said}");
            }
            let heard = &say(host, user, &[frame(field, last)])[0];
            assert!(heard.closed && heard.replies.is_empty(), "{heard:?}");
        }
    }
    for (frame, error) in [
        (with("uses", "4294967296"), "org.varlink.service.InvalidParameter"),
        (with("uses", "0"), "io.writ.Agent.Refused"),
        (with("uses", "1001"), "io.writ.Agent.TooMany"),
        (with("uses", "4294967295"), "io.writ.Agent.TooMany"),
        (with("lasts_ms", "0"), "io.writ.Agent.Refused"),
        (with("lasts_ms", "999"), "io.writ.Agent.Refused"),
    ] {
        assert_eq!(errors(host, "bob", std::slice::from_ref(&frame)), [error], "{frame}");
    }
    assert_eq!(all(host), before);

    // More than was asked for is what was asked for.
    let widest = with("lasts_ms", "18446744073709551615");
    let heard = &say(host, "bob", &[widest])[0];
    assert_eq!(heard.replies[0]["parameters"]["granted"], true, "{heard:?}");
    let granted = &host.requests_of("/srv/values")[0];
    assert_eq!(granted["state"], "granted");
    assert!(granted["remaining_ms"].as_u64() <= Some(3_600_000), "{granted}");
    host.as_user("alice", &format!("writ end {id}")).ok();
    bystanders.have_noticed_nothing(4);
}
