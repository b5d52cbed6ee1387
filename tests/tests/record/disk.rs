//! A disk without room means no.

use writ_tests::{Host, PATIENCE};

use crate::tampering::roots_sudo_passes_and_says_so;
use crate::{approve, in_advance};

const STOP: &str = "systemctl stop writd.socket writd.service";
const START: &str = "systemctl start writd.socket writd.service";

/// A file that takes whatever room is left, and gives it back.
const FILL: &str = "dd if=/dev/zero of=/var/lib/writ/fill bs=4k 2>/dev/null; sync";

/// From here on the ledger has a small disk to itself.
#[track_caller]
fn give_it_a_small_disk(host: &Host) {
    host.root_sh(&format!("{STOP} && mount -t tmpfs -o size=256k tmpfs /var/lib/writ && {START}"))
        .ok();
}

#[track_caller]
fn take_the_small_disk_away(host: &Host) {
    host.root_sh(&format!("{STOP} && umount /var/lib/writ && {START}")).ok();
    host.as_user("alice", "sudo -n id -u").ok();
}

pub(crate) fn the_end_of_a_command_waits_for_room_on_the_disk(host: &Host) {
    give_it_a_small_disk(host);
    host.root(&["mkfifo", "-m", "666", "/srv/pipe"]).ok();
    in_advance(host, "/srv/small");
    let running = host.start_as("alice", "sudo -n head -n1 /srv/pipe");
    let ends = || {
        let told = host.root(&["writ", "audit", "list", "--json"]);
        let lines: Vec<String> = told.ok().lines().map(str::to_owned).collect();
        let of = |event: &str| lines.iter().filter(|line| line.contains(event)).count();
        (of("command.started"), of("command.finished"))
    };
    host.wait_until("it to run", PATIENCE, || ends().0 == 1);
    host.root_sh(FILL);
    // One that joins what is open is as short as an event gets: the last page of the
    // ledger's file is full when it is refused.
    host.wait_until("no room for the shortest event", PATIENCE, || {
        host.as_user("alice", "writ request --no-wait -- touch /srv/small").status == 1
    });
    host.root_sh("echo done >/srv/pipe").ok();
    assert_eq!(running.finish(PATIENCE).ok(), "done");
    assert_eq!(ends(), (1, 0));
    host.root(&["rm", "/var/lib/writ/fill"]).ok();
    host.wait_until("the end on record", PATIENCE, || ends().1 == 1);
    let told = host.root(&["writ", "audit", "list", "--json"]);
    let end = told.ok().lines().find(|line| line.contains("command.finished")).expect("the end");
    assert!(end.contains(r#""exit_status":0"#), "{end}");
    take_the_small_disk_away(host);
}

pub(crate) fn a_full_disk_lets_nothing_run_but_what_is_roots(host: &Host) {
    give_it_a_small_disk(host);
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
    take_the_small_disk_away(host);
}
