//! The agent hangs.

use std::time::Duration;

use writ_tests::{Host, PATIENCE};

/// The unit's own time is three minutes; nobody waits for these here. All else of
/// the unit is as it is shipped, above all what systemd sends.
const SHORT: &str = "[Service]\nWatchdogSec=8s\n";

/// Where it lies on the host.
const DROP_IN: &str = "/run/systemd/system/writd.service.d/short.conf";

/// The watchdog's time, what it takes to kill and to start, and a busy machine.
const RECOVERY_LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn a_hung_agent_is_started_again_and_the_wait_goes_on(host: &Host) {
    host.put(DROP_IN, SHORT, 0o644);
    host.root_sh("systemctl daemon-reload && systemctl restart writd").ok();
    let waiting = host.start_as("alice", "sudo -n touch /srv/through-a-hang");
    let id = host.request_of("pending", "/srv/through-a-hang");
    let before = host.agent_life();
    takes_no_notice_of_abort(host, before.pid);

    host.root(&["systemctl", "kill", "--signal=STOP", "writd"]).ok();
    // Who comes while it hangs waits for it, or is refused; it does not run unasked.
    let meanwhile = host.start_as("carol", "sudo -n touch /srv/while-it-hangs");
    host.wait_until("systemd to start it again", RECOVERY_LIMIT, || {
        let now = host.agent_life();
        now.pid != 0 && now.pid != before.pid
    });
    assert_eq!(host.agent_life().restarts, before.restarts + 1);
    let journal = host.root(&["journalctl", "--no-pager", "--unit=writd"]);
    assert!(journal.ok().contains("Watchdog timeout"), "{journal}");

    host.as_user("carol", "sudo -n id -u").ok();
    assert_eq!(host.request_of("pending", "/srv/through-a-hang"), id);
    host.as_user("bob", &format!("writ approve --yes {id}")).ok();
    waiting.finish(PATIENCE).ok();
    assert!(host.has("/srv/through-a-hang"));
    assert!(!host.has("/srv/while-it-hangs"));
    drop(meanwhile);
    for request in host.requests_of("/srv/while-it-hangs") {
        let id = request["id"].as_str().expect("a text");
        host.as_user("carol", &format!("writ cancel {id}")).ok();
    }
    host.root(&["rm", DROP_IN]).ok();
    host.root_sh("systemctl daemon-reload && systemctl restart writd").ok();
}

/// SIGABRT is neither blocked nor ignored nor caught, and so ends also an agent that
/// spins (signal(7), proc_pid_status(5)).
#[track_caller]
fn takes_no_notice_of_abort(host: &Host, pid: u32) {
    const ABORT: u64 = 1 << (6 - 1);
    let status = host.read(&format!("/proc/{pid}/status"));
    for mask in ["SigBlk:", "SigIgn:", "SigCgt:"] {
        let digits = status.lines().find_map(|line| line.strip_prefix(mask)).expect("a mask");
        let signals = u64::from_str_radix(digits.trim(), 16).expect("hexadecimal digits");
        assert_eq!(signals & ABORT, 0, "{mask} {digits}");
    }
}
