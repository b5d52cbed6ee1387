//! The agent is stopped, frozen or restarted.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

use crate::commands::finished;
use crate::policy::{approve, waiting_id};

/// How long a refusal may take that no person is waited for.
const REFUSAL_LIMIT: Duration = Duration::from_secs(15);

pub(crate) fn root_passes_with_a_record(host: &Host) {
    let ran = host.root(&["sudo", "-n", "echo", "of", "roots"]);
    assert_eq!(ran.ok(), "of roots");
    host.wait_until("the record", PATIENCE, || finished(host, "/usr/bin/echo of roots").is_some());
}

pub(crate) fn without_the_agent_root_passes_and_others_are_refused(host: &Host) {
    host.root(&["systemctl", "stop", "writd.socket", "writd.service"]).ok();
    let roots = host.root(&["sudo", "-n", "echo", "without", "an", "agent"]);
    let asked = Instant::now();
    let refused = host.as_user("alice", "sudo -n touch /srv/without-agent");
    let lasted = asked.elapsed();
    let allowed = host.as_user("carol", "sudo -n touch /srv/without-agent");
    host.root(&["systemctl", "start", "writd.socket"]).ok();
    assert_eq!(roots.ok(), "without an agent");
    host.wait_until("the line in auth.log", PATIENCE, || {
        host.read("/var/log/auth.log").lines().any(|line| {
            line.contains("root's sudo passes without a record")
                && line.contains("without an agent")
        })
    });
    assert!(refused.failed_with(1).contains("writ: denied: "), "{refused}");
    assert!(lasted < REFUSAL_LIMIT, "{lasted:?}");
    assert_eq!(allowed.status, 1, "{allowed}");
    assert!(!host.has("/srv/without-agent"));
    assert_eq!(host.as_user("carol", "sudo -n id -u").ok(), "0");
}

pub(crate) fn a_frozen_agent_refuses_in_time(host: &Host) {
    host.root(&["systemctl", "kill", "--signal=STOP", "writd"]).ok();
    let asked = Instant::now();
    let roots = host.start_root(&["sudo", "-n", "id", "-u"]);
    let refused = host.as_user("carol", "sudo -n touch /srv/frozen");
    let roots = roots.finish(REFUSAL_LIMIT);
    let lasted = asked.elapsed();
    host.root(&["systemctl", "kill", "--signal=CONT", "writd"]).ok();
    assert!(refused.failed_with(1).contains("writ: denied: "), "{refused}");
    assert!(lasted < REFUSAL_LIMIT, "{lasted:?}");
    assert_eq!(roots.ok(), "0");
    assert!(!host.has("/srv/frozen"));
    assert_eq!(host.as_user("carol", "sudo -n id -u").ok(), "0");
}

pub(crate) fn a_restarted_agent_keeps_the_wait(host: &Host) {
    let alice = host.login("alice");
    alice.type_line("sudo echo after a restart");
    let id = waiting_id(&alice);
    host.root(&["systemctl", "restart", "writd"]).ok();
    assert_eq!(waiting_id(&alice), id);
    host.root(&["systemctl", "kill", "--signal=KILL", "writd"]).ok();
    approve(host, &id);
    alice.expect("\r\nafter a restart\r\n");
    alice.prompt();
}
