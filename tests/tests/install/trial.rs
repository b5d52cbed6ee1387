//! `writ enable --rollback-after`: it undoes itself unless somebody keeps it.

use std::time::Duration;

use writ_tests::Host;

use crate::state::{FORMER, closed, same, sudo_asks};

/// The shortest trial that there is, and some time for a busy host.
const TRIAL_ENDS_WITHIN: Duration = Duration::from_secs(45);

const TIMER: &str = "writ-rollback-sudo.timer";

const MARKER: &str = "/var/lib/writ/rollback-sudo";

pub(crate) fn a_trial_that_is_confirmed_stays(host: &Host) {
    closed(host);
    let short = host.root(&["writ", "enable", "sudo", "--rollback-after", "29s"]);
    assert!(short.failed_with(2).contains("give 30 s or more"), "{short}");
    assert!(same(host, FORMER, "/etc/sudo.conf"));
    let early = host.root(&["writ", "enable", "sudo", "--confirm"]);
    assert!(early.failed_with(1).contains("sudo does not ask Writ"), "{early}");

    let begun = host.root(&["writ", "enable", "sudo", "--rollback-after", "10m"]);
    assert!(begun.ok().contains("unless you keep it: `writ enable sudo --confirm`"), "{begun}");
    assert!(sudo_asks(host));
    host.root(&["systemctl", "is-active", TIMER]).ok();
    let doctor = host.root(&["writ", "doctor"]);
    assert!(doctor.ok().contains("sudo asks Writ on trial until"), "{doctor}");

    host.root(&["writ", "enable", "sudo", "--confirm"]).ok();
    assert!(!host.has(MARKER));
    assert_ne!(host.root(&["systemctl", "is-active", TIMER]).status, 0);
    // What the timer runs does nothing any more.
    host.root(&["writ", "disable", "sudo", "--if-unconfirmed"]).ok();
    assert!(sudo_asks(host));
    let doctor = host.root(&["writ", "doctor"]);
    assert!(!doctor.ok().contains("trial"), "{doctor}");
}

pub(crate) fn a_trial_that_nobody_confirms_undoes_itself(host: &Host) {
    closed(host);
    host.root(&["writ", "enable", "sudo", "--rollback-after", "30s"]).ok();
    assert!(sudo_asks(host));
    host.wait_until("the trial to be undone", TRIAL_ENDS_WITHIN, || {
        same(host, FORMER, "/etc/sudo.conf")
    });
    assert!(!sudo_asks(host));
    let late = host.root(&["writ", "enable", "sudo", "--confirm"]);
    assert!(late.failed_with(1).contains("the trial is over"), "{late}");
}

pub(crate) fn a_reboot_undoes_a_trial(host: &Host) {
    closed(host);
    host.root(&["writ", "enable", "sudo", "--rollback-after", "1h"]).ok();
    assert!(sudo_asks(host));
    host.reboot();
    assert!(same(host, FORMER, "/etc/sudo.conf"));
    assert!(!host.has(MARKER));
    assert!(!sudo_asks(host));
    // What was kept outlives a boot.
    host.root_sh("writ enable sudo --rollback-after 1h && writ enable sudo --confirm").ok();
    host.reboot();
    assert!(sudo_asks(host));
}
