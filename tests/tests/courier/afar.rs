//! Answers by way of a hub that is in anybody's hands.

use serde_json::Value;
use writ_tests::{Host, PATIENCE, PolicyFiles};

use crate::{ROLE, is_there};

pub(crate) const SETTINGS: &str = "mode = \"enforce\"\nunmatched = \"deny\"\n[ask]\nfrom = [\"@oncall\"]\n\
     [noninteractive]\nwait = \"1s\"\n[hub]\nurl = \"http://127.0.0.1:10080\"\n";

const HUB_UNIT: &str = "[Service]\nExecStart=/usr/bin/python3 /srv/hub.py\n";

/// The hub runs, and bob has a key; so has carol, whom nobody asks.
fn with_a_hub(host: &Host) {
    host.put("/srv/hub.py", include_str!("hub.py"), 0o644);
    host.put("/srv/sign.py", include_str!("sign.py"), 0o644);
    host.put("/etc/systemd/system/hub.service", HUB_UNIT, 0o644);
    host.root_sh("systemctl daemon-reload && systemctl restart hub && cd /srv && \
         for name in bob carol; do [ -e $name.key ] || ssh-keygen -q -t ed25519 -N '' -C $name -f $name.key; done")
        .ok();
    with_policy(host, SETTINGS);
}

/// Brings these settings into force, by which bob is asked, and waits for the courier.
#[track_caller]
pub(crate) fn with_policy(host: &Host, settings: &str) {
    let line = host.read("/srv/bob.key.pub");
    let bob = format!(
        "[approver.bob]\nunix_user = \"bob\"\nteams = [\"oncall\"]\nkeys = [\"{}\"]\n",
        line.trim()
    );
    let files: PolicyFiles<'_> =
        &[("writ.toml", settings), ("roles.d/srv.toml", ROLE), ("approvers.d/bob.toml", &bob)];
    host.take_policy(files);
    host.wait_until("the courier to run", PATIENCE, || is_there(host));
}

/// The same, and the host is enrolled there.
pub(crate) fn enrolled(host: &Host) {
    with_a_hub(host);
    host.root_with(&["writ", "enroll"], b"right-token\n").ok();
    host.wait_until("writ doctor to be content", PATIENCE, || {
        host.root(&["writ", "doctor"]).status == 0
    });
}

/// What the hub was called, with such a beginning.
pub(crate) fn calls(host: &Host, start: &str) -> Vec<Value> {
    if !host.has("/srv/hub/calls") {
        return Vec::new();
    }
    let text = host.read("/srv/hub/calls");
    let calls = text.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    calls.filter(|call| call["call"].as_str().is_some_and(|line| line.starts_with(start))).collect()
}

/// Hands an answer to the hub, and what it hears of it.
fn answered(host: &Host, number: u32, key: &str, changes: &str) -> Value {
    host.root(&["python3", "/srv/sign.py", &number.to_string(), key, changes]).ok();
    await_taken(host, number)
}

fn await_taken(host: &Host, number: u32) -> Value {
    let call = format!("POST /v1/host/answers/{number}/taken");
    host.wait_until(&call, PATIENCE, || !calls(host, &call).is_empty());
    let told = calls(host, &call).pop().expect("it was called");
    serde_json::from_str(told["body"].as_str().expect("a body")).expect("JSON")
}

pub(crate) fn a_host_is_enrolled_with_a_token(host: &Host) {
    with_a_hub(host);
    // Before that, who waits is told at once that nobody is asked there.
    let waits = host.start_as("alice", "writ request -- touch /srv/unheard");
    waits.expect_stderr("the hub cannot be reached; local approvers are still asked");
    let told = host.root(&["writ", "doctor"]).to_string();
    assert!(told.contains("is not enrolled there; as root, `writ enroll"), "{told}");
    let id = host.request_of("pending", "/srv/unheard");
    host.as_user("bob", &format!("writ deny {id}")).ok();
    drop(waits);
    let wrong = host.root_with(&["writ", "enroll"], b"wrong-token\n");
    assert_eq!(wrong.status, 1, "{wrong}");
    assert!(wrong.stderr.contains("the token is unknown"), "{wrong}");
    let other = host.root_with(&["writ", "enroll", "https://elsewhere.example"], b"right-token\n");
    assert!(other.stderr.contains("is http://127.0.0.1:10080, not https://elsewhere"), "{other}");
    host.root_with(&["writ", "enroll", "http://127.0.0.1:10080"], b"right-token\n").ok();
    assert_eq!(host.as_user("alice", "writ enroll").status, 5);
    // The host has signed it, for that hub and token.
    let sent = calls(host, "POST /v1/enroll").pop().expect("it was called");
    let sent: Value = serde_json::from_str(sent["body"].as_str().expect("a body")).expect("JSON");
    let text = |name: &str| sent[name].as_str().expect(name);
    host.put("/srv/enroll.sig", text("signature"), 0o644);
    host.put("/srv/enroll.allowed", format!("host {}\n", text("key")), 0o644);
    host.root_sh(&format!(
        "printf 'http://127.0.0.1:10080\\nright-token\\n{}' | ssh-keygen -Y verify \
         -f /srv/enroll.allowed -I host -n enroll@writ -s /srv/enroll.sig",
        text("host")
    ))
    .ok();
    // The credential is the courier's alone.
    let kept = host.root(&["stat", "-c", "%U %a", "/var/lib/writ-courier/credential.json"]);
    assert_eq!(kept.ok(), "writ-courier 600");
    host.wait_until("writ doctor to be content", PATIENCE, || {
        host.root(&["writ", "doctor"]).status == 0
    });
}

pub(crate) fn an_answer_counts_once_and_only_as_it_was_signed(host: &Host) {
    enrolled(host);
    let asked = host.as_user("alice", "writ request --no-wait -- touch /srv/afar");
    let id = asked.ok().to_owned();
    let has_it = || calls(host, "PUT ").iter().any(|call| call["body"].to_string().contains(&id));
    host.wait_until("the question at the hub", PATIENCE, has_it);
    let bob = "/srv/bob.key";
    let zeros = "0".repeat(64);
    let other_host = format!("SHA256:{}", "A".repeat(43));
    for (number, key, changes, why) in [
        // Altered behind the signature.
        (1, bob, r#"{"verdict": "deny", "after": {"verdict": "approve"}}"#.to_owned(), "signature"),
        // Of somebody else's key, in bob's name and in her own.
        (2, "/srv/carol.key", "{}".to_owned(), ""),
        (3, "/srv/carol.key", r#"{"approver": "carol"}"#.to_owned(), "carol"),
        // For another host, question or request.
        (4, bob, format!(r#"{{"host_key": "{other_host}"}}"#), ""),
        (5, bob, format!(r#"{{"question": "{zeros}"}}"#), ""),
        (6, bob, r#"{"id": "7K3M-Q2"}"#.to_owned(), ""),
        // Past its time.
        (7, bob, r#"{"made_wall_ms": "1000", "expires_wall_ms": "2000"}"#.to_owned(), ""),
    ] {
        let taken = answered(host, number, key, &changes);
        assert_eq!(taken["accepted"], false, "{number}: {taken}");
        let said = taken["why"].as_str().expect("a sentence");
        assert!(said.contains(why) && said.len() > 20, "{number}: {said}");
    }
    assert_eq!(host.request_of("pending", "/srv/afar"), id);
    assert_ne!(host.as_user("alice", "sudo -n touch /srv/afar").status, 0);
    let taken = answered(host, 8, bob, "{}");
    assert_eq!(taken["accepted"], true, "{taken}");
    host.as_user("alice", "sudo -n touch /srv/afar").ok();
    assert!(host.has("/srv/afar"));
    // Doubled: the very bytes, and the same made anew.
    let taken = answered(host, 9, bob, "{}");
    assert_eq!(taken["accepted"], false, "{taken}");
    // The hub hears that it is over, and how.
    let digest = calls(host, "PUT ").pop().expect("a question")["call"].clone();
    let digest = digest.as_str().and_then(|call| call.rsplit_once('/')).expect("a digest").1;
    let call = format!("POST /v1/host/questions/{digest}/over");
    host.wait_until(&call, PATIENCE, || !calls(host, &call).is_empty());
    let over = calls(host, &call).pop().expect("it was called")["body"].to_string();
    assert!(over.contains("approved") && over.contains("bob"), "{over}");
}

pub(crate) fn a_hub_that_is_away_is_told_and_holds_nobody_up(host: &Host) {
    enrolled(host);
    host.root(&["systemctl", "stop", "hub"]).ok();
    let waits = host.start_as("alice", "writ request -- touch /srv/away");
    waits.expect_stderr("the hub cannot be reached; local approvers are still asked");
    let told = host.root(&["writ", "status"]).to_string();
    assert!(told.contains("questions do not reach the hub http://127.0.0.1:10080"), "{told}");
    // Local approvers answer meanwhile.
    let id = host.request_of("pending", "/srv/away");
    host.as_user("bob", &format!("writ approve {id} --yes")).ok();
    let said = waits.finish(PATIENCE);
    assert_eq!(said.status, 0, "{said}");
    // A question that is open when it is back is put there, once.
    let asked = host.as_user("alice", "writ request --no-wait -- touch /srv/back");
    let id = asked.ok().to_owned();
    host.root(&["systemctl", "restart", "writd"]).ok();
    host.root(&["systemctl", "start", "hub"]).ok();
    let puts = || {
        let puts = calls(host, "PUT ");
        puts.into_iter().filter(|call| call["body"].to_string().contains(&id)).count()
    };
    host.wait_until("the question at the hub", 2 * PATIENCE, || puts() > 0);
    assert_eq!(puts(), 1);
    host.wait_until("writ doctor to be content", PATIENCE, || {
        host.root(&["writ", "doctor"]).status == 0
    });
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}
