//! Nobody at the terminal: scripts, `sudo -n`, Ansible.

use std::time::{Duration, Instant};

use writ_tests::Host;

use crate::policy::{approve, left_open};

/// When Ansible gives up on becoming somebody.
const ANSIBLE_PATIENCE: Duration = Duration::from_secs(12);

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
    println!("{said}");
    assert_eq!(status, 1);
    assert!(said.contains("WRIT_REASON") && !said.contains("Reason: "), "{said}");
    let (said, status) = alice.run("sudo -n echo nobody is there");
    println!("{said}");
    assert_eq!(status, 1);
    assert!(said.contains("stays open; run the same command again"), "{said}");
}

pub(crate) fn ansible_becomes_root_where_policy_allows_it(host: &Host) {
    let ran = host.as_user("carol", &ansible("id -u"));
    assert!(ran.ok().contains("rc=0 >>\n0"), "{ran}");
}

pub(crate) fn ansible_does_not_hang_on_an_approval(host: &Host) {
    let plain = Instant::now();
    host.as_user("alice", "ansible localhost -c local -m command -a 'id -u'").ok();
    let plain = plain.elapsed();
    let asked = Instant::now();
    let refused = host.as_user("alice", &ansible("id -u"));
    let lasted = asked.elapsed().saturating_sub(plain);
    println!("{refused}");
    assert_ne!(refused.status, 0, "{refused}");
    assert!(lasted < ANSIBLE_PATIENCE, "{lasted:?}");
    let told = format!("{}{}", refused.stdout, refused.stderr);
    assert!(told.contains("stays open"), "{refused}");
}

fn ansible(command: &str) -> String {
    format!("ansible localhost -c local -m command -a '{command}' -b")
}
