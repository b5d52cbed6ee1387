//! `writ enable pam --rollback-after`: it undoes itself unless somebody keeps it.

use std::time::Duration;

use writ_tests::Host;

use crate::state::{closed, untouched};

/// The shortest trial that there is, and some time for a busy host.
const TRIAL_ENDS_WITHIN: Duration = Duration::from_secs(45);

const TIMER: &str = "writ-rollback-pam.timer";

pub(crate) fn a_trial_that_nobody_confirms_undoes_itself(host: &Host) {
    closed(host);
    host.root(&["writ", "enable", "pam", "login"]).ok();
    host.root(&["writ", "enable", "pam", "su", "sshd", "--rollback-after", "30s"]).ok();
    let asks = |service: &str| host.read(&format!("/etc/pam.d/{service}")).contains("pam_writ");
    assert!(asks("su") && asks("sshd"));
    host.wait_until("the trial to be undone", TRIAL_ENDS_WITHIN, || !asks("su") && !asks("sshd"));
    assert!(asks("login"), "what was enabled for good stays");
    host.root(&["writ", "disable", "pam"]).ok();
    untouched(host);
    let late = host.root(&["writ", "enable", "pam", "--confirm"]);
    assert!(late.failed_with(1).contains("the trial is over"), "{late}");
}

pub(crate) fn a_trial_that_is_confirmed_stays(host: &Host) {
    closed(host);
    let short = host.root(&["writ", "enable", "pam", "su", "--rollback-after", "29s"]);
    assert!(short.failed_with(2).contains("give 30 s or more"), "{short}");
    let begun = host.root(&["writ", "enable", "pam", "su", "--rollback-after", "10m"]);
    assert!(begun.ok().contains("`writ enable pam --confirm`"), "{begun}");
    host.root(&["systemctl", "is-active", TIMER]).ok();
    let doctor = host.root(&["writ", "doctor"]);
    assert!(doctor.stdout.contains("pam asks Writ on trial until"), "{doctor}");
    host.root(&["writ", "enable", "pam", "--confirm"]).ok();
    assert_ne!(host.root(&["systemctl", "is-active", TIMER]).status, 0);
    host.root(&["writ", "disable", "pam", "--if-unconfirmed"]).ok();
    assert!(host.read("/etc/pam.d/su").contains("pam_writ"));
}

pub(crate) fn a_reboot_undoes_a_trial(host: &Host) {
    closed(host);
    host.root(&["writ", "enable", "pam", "su", "--rollback-after", "1h"]).ok();
    host.reboot();
    untouched(host);
    assert!(!host.has("/var/lib/writ/rollback-pam"));
}
