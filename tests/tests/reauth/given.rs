//! Proofs that are given.

use writ_tests::{Host, PATIENCE};

use crate::{asked, provers};

pub(crate) fn the_right_password_approves_and_is_on_record_as_proof(host: &Host) {
    host.root_sh("echo 'bob:seldom heard' | chpasswd").ok();
    let id = asked(host, "/srv/right");
    let bob = host.login("bob");
    bob.type_line(&format!("writ approve {id}; echo \"<$?>\""));
    bob.expect("who approves proves who he is first");
    bob.expect("Approve this? [y/N] ");
    bob.type_line("y");
    bob.expect("Password: ");
    // A slip, and all of a line, are taken back as ever.
    bob.send(b"nonsense\x15seldomX\x7f heard\r");
    bob.expect("is approved");
    bob.expect("<0>");
    assert!(!bob.transcript().contains("heard"), "a password was seen: {}", bob.transcript());
    host.as_user("alice", "sudo -n touch /srv/right").ok();
    let story = host.root(&["writ", "audit", "show", &id]);
    assert!(story.ok().contains("bob approved, having proved who he is"), "{story}");
    let ledger = host.root_sh("cat /var/lib/writ/ledger/*");
    assert!(ledger.ok().contains("\"proved\":true"), "{ledger}");
    let journal = host.root(&["journalctl", &format!("WRIT_ID={id}"), "--output=export"]);
    assert!(journal.ok().contains("WRIT_PROVED=yes"), "{journal}");
    let told = host.root_sh("journalctl; cat /var/lib/writ/ledger/* /var/log/*log 2>&1");
    assert!(!told.stdout.contains("seldom heard"), "a password was written down");
    host.wait_until("the process to be gone", PATIENCE, || provers(host).is_empty());
    let units = host.root_sh("systemctl list-units --all --no-legend 'writ-*.service'");
    assert!(!units.ok().contains(&id), "{units}");
    host.root_sh("echo bob:bob | chpasswd").ok();
}

pub(crate) fn root_proves_himself_like_anybody(host: &Host) {
    let id = asked(host, "/srv/root");
    let root = host.login("root");
    root.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
    root.expect("Password: ");
    root.type_line("bob");
    root.expect("root has not proved who he is");
    root.expect("<3>");
    root.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
    root.expect("Password: ");
    root.type_line("root");
    root.expect("<0>");
}

pub(crate) fn a_no_needs_no_proof(host: &Host) {
    let id = asked(host, "/srv/no");
    host.as_user("bob", &format!("writ deny {id} --comment 'not now'")).ok();
    assert!(host.requests_of("/srv/no").is_empty());
}
