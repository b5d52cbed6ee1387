//! Who is asked, and who is not.

use serde_json::json;
use writ_tests::{Host, PATIENCE, json as parsed};

use crate::desk::Desk;

pub(crate) fn who_is_not_asked_neither_sees_nor_decides(host: &Host) {
    let (alice, bob, dave) =
        (Desk::of(host, "alice"), Desk::of(host, "bob"), Desk::of(host, "dave"));
    let id = alice.asks("/srv/bob/secret", "");
    for verb in ["show", "approve --yes", "deny", "revoke", "cancel", "end"] {
        let said = dave.fails(1, &format!("writ {verb} {id}"));
        assert!(!said.contains("alice") && !said.contains("secret"), "{said}");
    }
    assert_eq!(
        parsed(&host.as_user("dave", "writ pending --json")),
        json!({"requests": []}),
        "dave sees what he is not asked"
    );
    // Past the command line, with the right digest even.
    let shown = parsed(&host.as_user("bob", &format!("writ show {id} --json")));
    let decision = json!({"id": id, "digest": shown["digest"], "verdict": "approve"});
    let reply = host.call_agent("dave", "Decide", &decision);
    assert_eq!(reply["error"], "io.writ.Agent.NotYours", "{reply}");
    let reply = host.call_agent("dave", "List", &json!({"scope": "all"}));
    assert_eq!(reply["error"], "org.varlink.service.PermissionDenied", "{reply}");
    // An approver who is not the requester sees it, but cannot take it back for her.
    bob.fails(5, &format!("writ cancel {id}"));
    alice.ok(&format!("writ cancel {id}"));
}

pub(crate) fn doors_are_for_root_alone(host: &Host) {
    let attempt = "0123456789abcdef0123456789abcdef";
    let command = json!({
        "path": "/usr/bin/id", "argv": ["id"], "cwd": "/",
        "run_as": {"user": "root", "uid": 0}, "edit": false,
    });
    let calls = [
        (
            "Ask",
            json!({"attempt": attempt, "door": "sudo", "command": command, "interactive": false}),
        ),
        ("Confirm", json!({"attempt": attempt, "id": "7K3M-Q2"})),
        (
            "Finish",
            json!({"attempt": attempt, "id": "7K3M-Q2", "ending": {"exit_status": 0},
                   "runtime_ms": 1}),
        ),
        ("Reload", json!({})),
        ("AcknowledgeBreak", json!({"comment": "no"})),
    ];
    for (method, parameters) in calls {
        let reply = host.call_agent("alice", method, &parameters);
        assert_eq!(reply["error"], "org.varlink.service.PermissionDenied", "{method}: {reply}");
    }
}

pub(crate) fn users_groups_and_teams_are_asked(host: &Host) {
    let (alice, bob, carol, dave) = (
        Desk::of(host, "alice"),
        Desk::of(host, "bob"),
        Desk::of(host, "carol"),
        Desk::of(host, "dave"),
    );
    for (file, approver, other) in [
        ("/srv/bob/user", &bob, &carol),
        ("/srv/group/group", &bob, &carol),
        ("/srv/team/team", &carol, &bob),
    ] {
        let id = alice.asks(file, "");
        other.fails(1, &format!("writ approve {id} --yes"));
        let pending = approver.ok("writ pending");
        assert!(pending.contains(&id), "{pending}");
        approver.ok(&format!("writ approve {id} --yes"));
        alice.ok(&format!("sudo touch {file}"));
    }
    // A group counts as it is now, not as it was at the login.
    let id = alice.asks("/srv/group/joined", "");
    dave.fails(1, &format!("writ approve {id} --yes"));
    host.root(&["gpasswd", "--add", "dave", "oncall"]).ok();
    dave.ok(&format!("writ approve {id} --yes"));
    host.root(&["gpasswd", "--delete", "dave", "oncall"]).ok();
    // Nor may who has left a group take back what it granted.
    dave.ok(&format!("writ show {id}")); // who answered may see it
    dave.fails(5, &format!("writ revoke {id}"));
    alice.ok(&format!("writ end {id}"));
}

pub(crate) fn varlinkctl_can_talk_to_the_agent(host: &Host) {
    let socket = "/run/writ/io.writ.Agent";
    let info = host.as_user("alice", &format!("varlinkctl info {socket}"));
    assert!(info.ok().contains("io.writ.Agent"), "{info}");
    let interfaces = host.as_user("alice", &format!("varlinkctl list-interfaces {socket}"));
    assert!(interfaces.ok().lines().any(|line| line == "io.writ.Agent"), "{interfaces}");
    let text = host.as_user("alice", &format!("varlinkctl introspect {socket} io.writ.Agent"));
    for method in ["Ask", "Confirm", "Decide", "List", "Status"] {
        assert!(text.ok().contains(&format!("method {method}(")), "{method}: {text}");
    }
    let status =
        host.as_user("alice", &format!("varlinkctl call {socket} io.writ.Agent.Status '{{}}'"));
    assert_eq!(parsed(&status)["mode"], "enforce");
    let confirm = format!(
        "varlinkctl call {socket} io.writ.Agent.Confirm \
         '{{\"attempt\":\"0123456789abcdef0123456789abcdef\",\"id\":\"7K3M-Q2\"}}'"
    );
    let refused = host.as_user("alice", &confirm);
    assert_ne!(refused.status, 0, "{refused}");
    assert!(refused.stderr.contains("PermissionDenied"), "{refused}");
    // With `more`, one reply follows the other until the answer is there.
    let request = format!(
        "cd / && varlinkctl call --more {socket} io.writ.Agent.Request '{}'",
        json!({"command": {
            "path": "/usr/bin/touch", "argv": ["touch", "/srv/bob/more"], "cwd": "/",
            "run_as": {"user": "root", "uid": 0}, "edit": false,
        }})
    );
    let asking = host.start_as("alice", &request);
    asking.expect_stdout("waiting");
    let id = host.request_of("pending", "/srv/bob/more");
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
    asking.expect_stdout("allowed");
    asking.finish(PATIENCE).ok();
    host.as_user("alice", &format!("writ end {id}")).ok();
}
