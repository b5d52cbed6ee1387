//! Answers that must not count, over the socket and by hand.

use serde_json::{Value, json};
use writ_tests::Host;

use crate::{asked, carried, signed, take};

/// Hands an answer in; gives what is said about its not counting.
#[track_caller]
fn refused(host: &Host, answer: &str) -> String {
    let handed = host.root(&["writ", "answer", answer]);
    assert_ne!(handed.status, 0, "it counted: {handed}");
    handed.stderr
}

pub(crate) fn a_copy_counts_no_second_time(host: &Host) {
    let id = asked(host, "mkdir /srv/twice");
    let answer = signed(host, &id, "bob", "bob", "");
    let first = host.root(&["writ", "answer", &answer]);
    assert!(first.ok().contains("counts: 1 of 2"), "{first}");
    let again = refused(host, &answer);
    assert!(again.contains("bob has answered"), "{again}");
    host.root_sh("systemctl restart writd").ok();
    refused(host, &answer);
    let other = signed(host, &id, "erin", "erin", "");
    assert!(host.root(&["writ", "answer", &other]).ok().contains("is approved"));
    refused(host, &other);
    // The same command again is another question.
    host.as_user("alice", "sudo -n mkdir /srv/twice").ok();
    let id = asked(host, "mkdir /srv/twice");
    refused(host, &answer);
    refused(host, &other);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

pub(crate) fn nobody_signs_for_himself_or_in_anothers_name(host: &Host) {
    let id = asked(host, "touch /srv/self");
    let own = refused(host, &signed(host, &id, "alice", "alice", ""));
    assert!(own.contains("nobody decides on his own request"), "{own}");
    let as_bob = refused(host, &signed(host, &id, "alice", "bob", ""));
    assert!(as_bob.contains("none of the approver's"), "{as_bob}");
    let unknown = refused(host, &signed(host, &id, "mallory", "mallory", ""));
    assert!(unknown.contains("no key of an approver"), "{unknown}");
    let told = host.root_sh("journalctl WRIT_EVENT=answer.refused --output=export");
    assert!(told.ok().contains("WRIT_APPROVER=bob"), "{told}");
    assert_eq!(host.request_of("pending", "/srv/self"), id);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}

pub(crate) fn a_key_that_was_taken_out_counts_no_more(host: &Host) {
    let id = asked(host, "touch /srv/taken-out");
    let answer = signed(host, &id, "bob", "bob", "");
    take(host, &["alice", "erin"]);
    let gone = refused(host, &answer);
    assert!(gone.contains("no key of an approver"), "{gone}");
    take(host, &["alice", "bob", "erin"]);
    host.root(&["writ", "answer", &answer]).ok();
}

pub(crate) fn a_flood_of_nonsense_holds_nobody_else_up(host: &Host) {
    let recorded = || {
        let lines = host.root_sh("cat /var/lib/writ/ledger/* | grep -c answer.refused || true");
        lines.stdout.trim().parse::<u32>().expect("a number")
    };
    let id = asked(host, "touch /srv/flood");
    let answer = signed(host, &id, "bob", "bob", "");
    let before = recorded();
    let mut last = Value::Null;
    for text in ["", "{}", "null", "[]", &"x".repeat(70_000)].into_iter().cycle().take(31) {
        last = host.call_agent("carol", "DecideSigned", &json!({"answer": text}));
        assert!(last["error"].is_string(), "{last}");
    }
    assert_eq!(last["error"], "io.writ.Agent.TooMany", "{last}");
    assert!(recorded() - before <= 10, "{} more are on record", recorded() - before);
    let handed = host.as_user_with("bob", "writ answer", host.read(&answer).as_bytes());
    assert!(handed.ok().contains("is approved"), "{handed}");
}

pub(crate) fn an_answer_is_for_one_host_and_one_question(host: &Host) {
    let id = asked(host, "touch /srv/one");
    let answer = signed(host, &id, "bob", "bob", "");
    // An edited question is not signed.
    let question = carried(host, &id);
    let edited = format!(
        "sed -n '2,/END/p' {question} | grep -v END | base64 -d | sed 's,/srv/one,/srv/all,g' >/srv/edited; \
         writ sign /srv/edited --key /srv/keys/bob --as bob --yes --host-key \"$(writ host-key | sed -n 's/^# //p')\""
    );
    let edited = host.root_sh(&edited);
    assert!(edited.stderr.contains("changed on its way") && edited.stdout.is_empty(), "{edited}");
    // Another host of the same name and ledger, but with a key of its own.
    host.root_sh("mv /var/lib/writ/host_key /srv/old_key; systemctl restart writd").ok();
    let other = refused(host, &answer);
    assert!(other.contains("this host has another key"), "{other}");
    let unknown = host.root_sh(&format!("writ sign {question} --key /srv/keys/bob --as bob --yes"));
    assert!(unknown.stderr.contains("does not know the host"), "{unknown}");
    // A key that others could have read is not used.
    host.root_sh("cp /srv/old_key /var/lib/writ/host_key; chmod 644 /var/lib/writ/host_key; systemctl restart writd").ok();
    let exposed = refused(host, &answer);
    assert!(exposed.contains("is not root's alone"), "{exposed}");
    host.root_sh("chmod 600 /var/lib/writ/host_key; systemctl restart writd").ok();
    host.root(&["writ", "answer", &answer]).ok();
}
