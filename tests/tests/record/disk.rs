//! A disk without room means no.

use writ_tests::{Host, PATIENCE};

use crate::tampering::roots_sudo_passes_and_says_so;
use crate::{approve, in_advance};

/// A file that takes whatever room is left, and gives it back.
const FILL: &str = "dd if=/dev/zero of=/var/lib/writ/fill bs=4k 2>/dev/null; sync";

pub(crate) fn a_full_disk_lets_nothing_run_but_what_is_roots(host: &Host) {
    let stop = "systemctl stop writd.socket writd.service";
    let start = "systemctl start writd.socket writd.service";
    host.root_sh(&format!("{stop} && mount -t tmpfs -o size=256k tmpfs /var/lib/writ && {start}"))
        .ok();
    let id = in_advance(host, "/srv/full");
    host.root_sh(FILL);
    // The last page of the ledger's file has room for a few events still.
    let mut refused = host.as_user("alice", "sudo -n id -u");
    host.wait_until("sudo to be refused", PATIENCE, || {
        if refused.status == 0 {
            refused = host.as_user("alice", "sudo -n id -u");
        }
        refused.status != 0
    });
    let said = refused.failed_with(1);
    assert!(said.contains("record"), "{refused}");
    assert!(said.contains("make room on its disk"), "{refused}");
    assert_eq!(refused.stdout, "", "it ran");
    let approved = host.as_user("bob", &format!("writ approve {id} --yes"));
    assert!(approved.failed_with(1).contains("make room on its disk"), "{approved}");
    let touched = host.as_user("alice", "sudo -n touch /srv/full");
    assert_eq!(touched.status, 1, "{touched}");
    assert!(!host.has("/srv/full"), "it ran");
    roots_sudo_passes_and_says_so(host, "full");

    host.root(&["rm", "/var/lib/writ/fill"]).ok();
    host.as_user("alice", "sudo -n id -u").ok();
    approve(host, &id);
    host.as_user("alice", "sudo -n touch /srv/full").ok();
    host.root(&["writ", "audit", "list"]).ok();
    host.root_sh(&format!("{stop} && umount /var/lib/writ && {start}")).ok();
    host.as_user("alice", "sudo -n id -u").ok();
}
