//! A module of PAM that does not come to an end.

use std::time::Duration;

use writ_tests::{Host, PATIENCE};

use crate::{asked, provers};

/// When PID 1 and the agent have ended a proof, and some time for a busy host.
const ENDED_WITHIN: Duration = Duration::from_secs(75);

pub(crate) fn a_module_that_hangs_holds_nobody_up_and_is_ended(host: &Host) {
    let id = asked(host, "/srv/hang");
    host.root_sh("cp /etc/pam.d/writ /root/writ && sed -i '1i auth required pam_exec.so quiet /bin/sleep 600' /etc/pam.d/writ").ok();
    let bob = host.login("bob");
    bob.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
    host.wait_until("the module to hang", PATIENCE, || {
        host.root_sh("pgrep -f '^/bin/sleep 600' || true").stdout.trim() != ""
    });
    // The agent goes on for everybody else, and bob has no second one.
    host.as_user("alice", "sudo -n true").ok();
    host.as_user("bob", "writ pending").ok();
    let second = host.login("bob");
    second.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
    second.expect("this account is proving who it is already");
    second.expect("<1>");
    bob.expect_within("PAM did not come to an end for bob within 60 s", ENDED_WITHIN);
    bob.expect("<3>");
    host.wait_until("the processes to be gone", ENDED_WITHIN, || {
        provers(host).is_empty()
            && host.root_sh("pgrep -f '^/bin/sleep 600' || true").stdout.trim().is_empty()
    });
    assert_eq!(host.request_of("pending", "/srv/hang"), id);
    host.root_sh("mv /root/writ /etc/pam.d/writ").ok();
    second.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
    second.expect("Password: ");
    second.type_line("bob");
    second.expect("<0>");
}

pub(crate) fn an_agent_that_is_restarted_ends_what_was_being_proved(host: &Host) {
    let id = asked(host, "/srv/restart");
    let bob = host.login("bob");
    bob.type_line(&format!("writ approve {id} --yes; echo \"<$?>\""));
    bob.expect("Password: ");
    host.root(&["systemctl", "restart", "writd.service"]).ok();
    host.wait_until("the process to be gone", PATIENCE, || provers(host).is_empty());
    bob.type_line("bob");
    bob.expect("<6>");
    let journal = host.root(&["journalctl", "--unit=writd.service"]);
    assert!(!journal.ok().contains("panicked"), "{journal}");
    assert_eq!(host.request_of("pending", "/srv/restart"), id);
}
