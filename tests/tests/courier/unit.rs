//! The courier as a service of the host.

use writ_tests::{Host, PATIENCE};

use crate::{is_there, with_collectors};

/// What it may hold of memory at rest, in KiB.
const RESIDENT_KIB_MAX: u64 = 20 * 1024;

fn main_pid(host: &Host) -> String {
    let told = host.root(&["systemctl", "show", "--property=MainPID", "--value", "writ-courier"]);
    told.ok().trim().to_owned()
}

fn field(status: &str, name: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name} in {status}")).trim().to_owned()
}

pub(crate) fn it_has_no_privilege_and_is_small(host: &Host) {
    with_collectors(host);
    let status = host.read(&format!("/proc/{}/status", main_pid(host)));
    let account = host.root(&["id", "-u", "writ-courier"]).ok().trim().to_owned();
    assert_ne!(account, "0");
    assert!(field(&status, "Uid").split_whitespace().all(|uid| uid == account), "{status}");
    for capabilities in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(field(&status, capabilities), "0000000000000000", "{capabilities}");
    }
    assert_eq!(field(&status, "NoNewPrivs"), "1");
    assert_eq!(field(&status, "Seccomp"), "2");
    // What it can do is tried as the unit has it.
    for (what, why) in [
        ("cat /etc/shadow", "Permission denied"),
        ("ls /var/lib/writ/ledger", "Permission denied"),
        ("touch /etc/writ/mine", "Read-only file system"),
        ("touch /var/lib/writ/mine", "Permission denied"),
    ] {
        let tried = host.root_sh(&format!(
            "systemd-run --quiet --wait --pipe --property=User=writ-courier \
             --property=ProtectSystem=strict --property=InaccessiblePaths=-/var/lib/writ {what} 2>&1"
        ));
        assert!(tried.to_string().contains(why), "{what}: {tried}");
    }
    let rated = host.root_sh("systemd-analyze security --no-pager writ-courier | tail -n 1");
    println!("{}", rated.to_string().trim());
    let resident = || {
        let status = host.read(&format!("/proc/{}/status", main_pid(host)));
        let kib = |name: &str| -> u64 {
            field(&status, name).trim_end_matches(" kB").parse().expect("a number")
        };
        (kib("VmRSS"), kib("RssAnon"))
    };
    let (all, anonymous) = resident();
    println!("the courier: {all} KiB resident, {anonymous} KiB of its own");
    assert!(all <= RESIDENT_KIB_MAX, "{all} KiB");
}

pub(crate) fn the_agent_has_no_network_still(host: &Host) {
    with_collectors(host);
    let pid = host.agent_life().pid;
    // Of inet sockets the agent's own network namespace has none, and nothing but lo.
    let sockets =
        host.root_sh(&format!("nsenter -t {pid} -n ss -Hant; nsenter -t {pid} -n ss -Hanu"));
    assert_eq!(sockets.ok().trim(), "");
    host.root(&["systemctl", "kill", "--signal=KILL", "writ-courier"]).ok();
    // Nobody who asks for anything notices.
    host.as_user("alice", "sudo -n id -u").ok();
    host.wait_until("the courier to be back", PATIENCE, || is_there(host));
}
