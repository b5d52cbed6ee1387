//! Nobody at the terminal: scripts, `sudo -n`, Ansible.

use writ_tests::Host;

use crate::policy::{POLICY, approve, left_open};

pub(crate) fn without_a_terminal_the_request_stays_open(host: &Host) {
    let line = "echo data | sudo sh -c 'cat; id -un'";
    let id = left_open(host, "alice", line);
    assert_eq!(left_open(host, "alice", line), id);
    approve(host, &id);
    assert_eq!(host.as_user("alice", line).ok(), "data\nroot");
    // It was approved once.
    assert_ne!(left_open(host, "alice", line), id);
}

pub(crate) fn sudo_n_at_a_terminal_never_asks(host: &Host) {
    let alice = host.login("alice");
    let (said, status) = alice.run("sudo -n tty");
    assert_eq!(status, 1);
    assert!(said.contains("WRIT_REASON") && !said.contains("Reason: "), "{said}");
    let (said, status) = alice.run("sudo -n echo nobody is there");
    assert_eq!(status, 1);
    assert!(said.contains("stays open; run the same command again"), "{said}");
}

pub(crate) fn ansible_becomes_root_where_policy_allows_it(host: &Host) {
    let ran = host.as_user("carol", &ansible("id -u"));
    assert!(ran.ok().contains("rc=0 >>\n0"), "{ran}");
}

pub(crate) fn ansible_does_not_hang_on_an_approval(host: &Host) {
    // With the wait that a host has unless its policy says otherwise.
    host.take_policy(&[("writ.toml", "mode = 'enforce'\nunmatched = 'ask'\nask.from = ['bob']")]);
    let refused = host.as_user("alice", &ansible("id -u"));
    host.take_policy(POLICY);
    let told = format!("{}{}", refused.stdout, refused.stderr);
    assert!(refused.status != 0 && told.contains("stays open"), "{refused}");
    // It says so when its own patience of 12 s is over.
    assert!(!told.contains("Timeout ("), "{refused}");
}

fn ansible(command: &str) -> String {
    format!("ansible localhost -c local -m command -a '{command}' -b")
}
