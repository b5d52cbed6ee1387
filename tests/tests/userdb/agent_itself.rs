//! Who lends does not decide on what he lends.

use writ_tests::Host;

use crate::lender::{SOCKET, is_in, lend};

/// What the unit sets, taken away.
const SEEING: &str = "[Service]\nEnvironment=SYSTEMD_BYPASS_USERDB=no\n";
const DROP_IN: &str = "/etc/systemd/system/writd.service.d/seeing.conf";

pub(crate) fn the_agent_decides_on_groups_that_it_does_not_lend(host: &Host) {
    let sees_adm = || {
        let ran = host.as_user("alice", "sudo -n id -u");
        match ran.status {
            0 => true,
            _ => {
                assert!(ran.stderr.contains("no role"), "{ran}");
                false
            }
        }
    };
    for userdbd in ["stop", "start"] {
        host.root(&["systemctl", userdbd, "systemd-userdbd.socket", "systemd-userdbd.service"])
            .ok();
        host.root(&["systemctl", "restart", "writd.service"]).ok();
        lend_anew(host);
        assert!(is_in(host, "alice", "adm"));
        assert!(!sees_adm(), "the agent counts what is lent (userdbd: {userdbd})");
    }
    // Somebody who is a member without Writ is one.
    host.root(&["usermod", "--append", "--groups", "adm", "alice"]).ok();
    assert!(sees_adm());
    host.root(&["gpasswd", "--delete", "alice", "adm"]).ok();
    assert!(!sees_adm());
    // It is this line of the unit that does it.
    host.put(DROP_IN, SEEING, 0o644);
    host.root_sh("systemctl daemon-reload && systemctl restart writd.service").ok();
    lend_anew(host);
    assert!(sees_adm());
    host.root(&["rm", DROP_IN]).ok();
    host.root_sh("systemctl daemon-reload && systemctl restart writd.service").ok();
    lend_anew(host);
    assert!(!sees_adm());
    lend(host, &[]);
}

/// The agent's start takes the socket away, which is the lender's here.
fn lend_anew(host: &Host) {
    lend(host, &[]);
    lend(host, &[("alice", "adm")]);
}

/// The real agent's own start and view of the host.
pub(crate) fn an_agent_that_starts_clears_what_a_dead_one_left_and_sees_no_nscd(host: &Host) {
    lend(host, &[]);
    let leave = format!("import socket; socket.socket(socket.AF_UNIX).bind('{SOCKET}')");
    host.root(&["python3", "-c", &leave]).ok();
    // nscd itself is not on these hosts; this is where its socket would be.
    host.root_sh("mkdir -p /run/nscd && touch /run/nscd/socket").ok();
    host.root(&["systemctl", "restart", "writd.service"]).ok();
    assert!(!host.has(SOCKET));
    let pid = host.root(&["systemctl", "show", "--value", "--property=MainPID", "writd.service"]);
    let seen = format!("/proc/{}/root/run/nscd", pid.ok());
    assert!(host.has(&seen) && !host.has(&format!("{seen}/socket")), "{seen}");
    host.root(&["rm", "-r", "/run/nscd"]).ok();
    host.root(&["systemctl", "restart", "writd.service"]).ok();
}
