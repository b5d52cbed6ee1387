//! Answers that count.

use writ_tests::{Host, PATIENCE};

use crate::{asked, carried, signed};

pub(crate) fn the_key_of_the_host_is_made_once_and_roots_alone(host: &Host) {
    let shown = host.as_user("alice", "writ host-key");
    assert!(shown.ok().contains(" ssh-ed25519 AAAA"), "{shown}");
    let file = host.root_sh("stat -c '%a %U' /var/lib/writ/host_key");
    assert_eq!(file.ok().trim(), "600 root");
    host.as_user("alice", "cat /var/lib/writ/host_key").failed_with(1);
    host.root_sh("systemctl restart writd").ok();
    assert_eq!(host.as_user("bob", "writ host-key").ok(), shown.ok());
}

pub(crate) fn a_signed_answer_starts_the_sudo_that_waits(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("sudo touch /srv/waited; echo status $?");
    let id = host.request_of("pending", "/srv/waited");
    // The account alone is worth nothing.
    let unsigned = host.as_user("bob", &format!("writ approve --yes {id}"));
    unsigned.failed_with(3);
    assert!(unsigned.stderr.contains(&format!("writ offline {id}")), "{unsigned}");
    // Who asked may carry the question and the answer.
    let question = host.as_user("alice", &format!("writ offline {id}"));
    assert!(question.ok().contains("BEGIN WRIT QUESTION"), "{question}");
    let answer = signed(host, &id, "bob", "bob", "--comment 'go on'");
    let handed = host.as_user_with("alice", "writ answer", host.read(&answer).as_bytes());
    assert!(handed.ok().contains(&format!("{id} is approved, by bob.")), "{handed}");
    alice.expect(&format!("{id} was approved by bob"));
    alice.expect("status 0");
    assert!(host.has("/srv/waited"));
    let fingerprint = host.root_sh("ssh-keygen -lf /srv/keys/bob.pub | cut -d' ' -f2");
    let fingerprint = fingerprint.ok().trim();
    let story = host.root(&["writ", "audit", "show", &id]);
    assert!(story.ok().contains(&format!("bob approved, signed with {fingerprint}")), "{story}");
    host.wait_until("the journal", PATIENCE, || {
        let field = format!("WRIT_KEY={fingerprint}");
        host.root(&["journalctl", &format!("WRIT_ID={id}"), "--output=export"])
            .stdout
            .contains(&field)
    });
    let verified = host.root(&["writ", "audit", "verify"]);
    assert!(verified.ok().contains("signed answer verifies"), "{verified}");
}

pub(crate) fn a_key_in_ssh_agent_signs(host: &Host) {
    let id = asked(host, "touch /srv/by-agent");
    let question = carried(host, &id);
    host.root_sh(&format!(
        "cp /srv/keys/erin /srv/keys/erin.pub /tmp; \
         ssh-agent sh -c 'ssh-add -q /tmp/erin && rm /tmp/erin && writ sign {question} \
         --key /tmp/erin.pub --as erin --yes --for 2m \
         --host-key \"$(writ host-key | sed -n \"s/^# //p\")\"' >/srv/by-agent.answer"
    ))
    .ok();
    // erin has no account here.
    let handed = host.root(&["writ", "answer", "/srv/by-agent.answer"]);
    assert!(handed.ok().contains("is approved, by erin."), "{handed}");
    host.as_user("alice", "sudo -n touch /srv/by-agent").ok();
}

pub(crate) fn a_signed_no_is_a_no(host: &Host) {
    let id = asked(host, "touch /srv/no");
    let answer = signed(host, &id, "bob", "bob", "--deny --comment 'not now'");
    let handed = host.root(&["writ", "answer", &answer]);
    assert!(handed.ok().contains("is denied, by bob."), "{handed}");
    assert!(host.requests_of("/srv/no").is_empty());
}
