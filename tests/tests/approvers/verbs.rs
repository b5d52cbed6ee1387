//! The verbs of `writ`, as their people use them.

use std::collections::BTreeSet;
use std::path::Path;

use regex_lite::Regex;
use serde_json::Value;
use writ_tests::{Host, json};

/// Asks in advance for `touch FILE` and gives the request's ID.
#[track_caller]
pub(crate) fn in_advance(host: &Host, user: &str, file: &str, options: &str) -> String {
    let line = format!("writ request --no-wait {options} -- touch {file}");
    let id = host.as_user(user, &line).ok().to_owned();
    let is_id = Regex::new(r"\A[0-9A-Z]{4}-[0-9A-Z]{2}\z").expect("a regular expression");
    assert!(is_id.is_match(&id), "{id:?} is no ID");
    id
}

pub(crate) fn the_whole_question_is_seen_and_answered_at_a_terminal(host: &Host) {
    let (alice, bob) = (host.login("alice"), host.login("bob"));
    let (first, last) = ("/srv/bob/first", "/srv/bob/last");
    for (answer, status) in [("n", "4"), ("", "4"), ("y", "0")] {
        alice.type_line("cd /usr/share && sudo touch /srv/bob/seen");
        let id = host.request_of("pending", "/srv/bob/seen");
        bob.look_away();
        bob.type_line(&format!("writ approve {id}; echo \"<$?>\""));
        let question = bob.expect("Approve this? [y/N] ");
        for part in ["alice", "/usr/bin/touch /srv/bob/seen", "/usr/share", "root (0)", "bob alone"]
        {
            assert!(question.contains(part), "{part} is not in {question}");
        }
        assert!(!host.has("/srv/bob/seen"), "it ran before the answer");
        bob.type_line(answer);
        bob.expect(&format!("\r\n<{status}>"));
        if status == "0" {
            alice.prompt();
            assert!(host.has("/srv/bob/seen"));
        } else {
            alice.send(b"\x03");
            alice.prompt();
            host.as_user("alice", &format!("writ cancel {id}")).ok();
        }
    }
    // What is long is wrapped, never cut.
    let long: Vec<String> = (0..200).map(|number| format!("/srv/bob/long-{number}")).collect();
    host.take_policy(&[
        crate::POLICY[0],
        (
            "roles.d/srv.toml",
            "[role.srv]\nmembers = [\"alice\"]\n[[role.srv.rule]]\n\
             commands = [\"/usr/bin/touch **\"]\ndecision = \"ask\"\n",
        ),
    ]);
    let line = format!("writ request --no-wait -- touch {first} {} {last}", long.join(" "));
    let id = host.as_user("alice", &line).ok().to_owned();
    let shown = host.as_user("bob", &format!("writ show {id}"));
    let words: Vec<&str> = shown.ok().split_whitespace().collect();
    assert!(long.iter().all(|word| words.contains(&word.as_str())), "{shown}");
    assert!(words.contains(&first) && words.contains(&last), "{shown}");
    host.as_user("alice", &format!("writ cancel {id}")).ok();
    host.take_policy(crate::POLICY);
}

pub(crate) fn every_exit_code_is_met(host: &Host) {
    // 0 done, 4 still open: nobody answered in the time that the policy gives.
    let id = in_advance(host, "alice", "/srv/bob/codes", "");
    let no_terminal = host.as_user("bob", &format!("writ approve {id}"));
    assert!(no_terminal.failed_with(2).contains("--yes"), "{no_terminal}");
    // 5 not yours to do.
    host.as_user("alice", &format!("writ approve --yes {id}")).failed_with(5);
    host.as_user("alice", &format!("writ end {id}")).failed_with(3);
    // 3 denied.
    let waiting = host.start_as("alice", "writ request -- touch /srv/bob/codes");
    host.wait_until("two to wait", writ_tests::PATIENCE, || {
        host.root(&["writ", "audit", "list", "--id", &id]).stdout.contains("request.joined")
    });
    host.as_user("bob", &format!("writ deny {id} --comment 'not today'")).ok();
    let denied = waiting.finish(writ_tests::PATIENCE);
    assert!(denied.failed_with(3).contains("not today"), "{denied}");
    let outright = host.as_user("alice", "writ request -- rm /srv/bob/codes");
    outright.failed_with(3);
    // 4 timed out: silence is a no, and says so.
    let silence = host.as_user("alice", "writ request -- touch /srv/quick/codes");
    assert_eq!(silence.status, 4, "{silence}");
    // 1 failed: there is none. 2 wrong usage.
    let none = host.as_user("bob", "writ show 7K3M-Q2");
    assert!(none.failed_with(1).contains("7K3M-Q2"), "{none}");
    for usage in ["writ approve", "writ show nonsense", "writ request", "writ frobnicate"] {
        host.as_user("bob", usage).failed_with(2);
    }
    host.as_user("bob", "writ init --approver bob").failed_with(5);
    // 6 there is no agent.
    host.root(&["systemctl", "stop", "writd.socket", "writd.service"]).ok();
    for verb in ["pending", "status", "show 7K3M-Q2", "request -- id"] {
        let alone = host.as_user("bob", &format!("writ {verb}"));
        assert!(!alone.failed_with(6).is_empty(), "{alone}");
    }
    host.root(&["systemctl", "start", "writd.socket", "writd.service"]).ok();
    host.as_user("bob", "writ pending").ok();
}

pub(crate) fn listings_have_the_fields_of_the_protocol(host: &Host) {
    let id = in_advance(host, "alice", "/srv/bob/fields", "--reason why --ticket T-1");
    let granted = in_advance(host, "alice", "/srv/bob/granted", "");
    host.as_user("bob", &format!("writ approve {granted} --yes")).ok();
    let pending = json(&host.as_user("bob", "writ pending --json"));
    let shown = json(&host.as_user("bob", &format!("writ show {id} --json")));
    let status = json(&host.as_user("alice", "writ status --json"));
    let listed = pending["requests"].as_array().expect("a list");
    assert_eq!(listed.len(), 1, "{pending}");
    let own = status["requests"].as_array().expect("a list");
    assert_eq!(own.len(), 2, "{status}");
    for request in listed.iter().chain(own).chain([&shown["request"]]) {
        has_fields_of(request, "Request");
        has_fields_of(&request["command"], "Command");
        has_fields_of(&request["command"]["run_as"], "RunAs");
        for decision in request["decisions"].as_array().expect("a list") {
            has_fields_of(decision, "Decision");
        }
    }
    assert_eq!(listed[0]["reason"], "why");
    assert_eq!(listed[0]["may_decide"], true);
    assert_eq!(own[0]["may_decide"], false);
    assert_eq!(own[1]["state"], "granted");
    assert_eq!(status["agent"]["mode"], "enforce");
    let question: Value =
        serde_json::from_str(shown["question"].as_str().expect("a text")).expect("JSON");
    assert_eq!(question["id"], id.as_str());
    let waited = host.as_user("alice", "writ request --json --no-wait -- touch /srv/bob/fields");
    has_fields_of(&json(&waited), "Answer");
    host.as_user("alice", &format!("writ cancel {id} && writ end {granted}")).ok();
}

/// That an object has the fields of a type of the interface: none that it does not
/// know, and all that are not optional.
#[track_caller]
fn has_fields_of(object: &Value, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/io.writ.Agent.varlink");
    let interface = std::fs::read_to_string(path).expect("the interface is in the tree");
    let (_, rest) = interface.split_once(&format!("\ntype {name} (")).expect("the type is in it");
    let (fields, _) = rest.split_once("\n)").expect("it ends");
    let fields: Vec<(&str, &str)> =
        fields.lines().filter_map(|line| line.trim().split_once(": ")).collect();
    let found: BTreeSet<&str> =
        object.as_object().expect("an object").keys().map(String::as_str).collect();
    let known: BTreeSet<&str> = fields.iter().map(|(field, _)| *field).collect();
    assert!(found.is_subset(&known), "{name} has no such field: {object}");
    let needed = fields.iter().filter(|(_, kind)| !kind.starts_with('?'));
    let missing: Vec<_> = needed.filter(|(field, _)| !found.contains(field)).collect();
    assert!(missing.is_empty(), "{name} lacks {missing:?}: {object}");
}

pub(crate) fn listings_fit_their_screens(host: &Host) {
    let short = in_advance(host, "alice", "/srv/bob/short", "");
    let reason = "the disk of the second web server is full and the log must be turned now";
    let file = "/srv/bob/a-name-that-is-longer-than-the-rest-of-a-line-of-eighty-columns-by-far";
    let long = in_advance(host, "alice", file, &format!("--reason '{reason}'"));
    let granted = in_advance(host, "alice", "/srv/bob/granted", "--uses 3");
    host.as_user("bob", &format!("writ approve {granted} --yes")).ok();
    let (alice, bob) = (host.login("alice"), host.login("bob"));
    for columns in [80, 120] {
        for terminal in [&alice, &bob] {
            terminal.resize(40, columns);
            host.wait_until("the new size", writ_tests::PATIENCE, || {
                terminal.run("stty size").0 == format!("40 {columns}")
            });
        }
        let views = [
            (&bob, "writ pending".to_owned(), &long),
            (&bob, format!("writ show {long}"), &long),
            (&alice, "writ status".to_owned(), &short),
        ];
        for (terminal, verb, id) in views {
            let (text, status) = terminal.run(&verb);
            assert_eq!(status, 0, "{text}");
            assert!(text.contains(id.as_str()), "{text}");
            for line in text.lines() {
                assert!(line.chars().count() <= columns.into(), "{columns} columns: {line:?}");
                assert_eq!(line.trim_end(), line, "blanks at its end");
            }
            // Wrapped, not cut.
            let joined: String = text.split_whitespace().collect();
            let whole: String = format!("touch{file}");
            assert!(joined.contains(&whole) || verb.starts_with("writ show"), "{text}");
        }
    }
    host.as_user("alice", &format!("writ cancel {short}; writ cancel {long}; writ end {granted}"))
        .ok();
}
