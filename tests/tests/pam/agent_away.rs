//! The agent is stopped or frozen, stacks are odd, and the module is looked into.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

/// How long a refusal may take that no person is waited for.
const REFUSAL_LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn without_the_agent_root_passes_and_others_are_refused(host: &Host) {
    // Who logs in while the agent is dead is refused: alice is in before.
    let alice = host.login("alice");
    host.root(&["systemctl", "stop", "writd.socket", "writd.service"]).ok();
    let roots = host.root(&["su", "-c", "id -u", "root"]);
    let root_comes_in = host.as_user("root", "id -u");
    let others = host.as_user("carol", "id -u");
    let (doas, status) = alice.run("doas id -u");
    host.root(&["systemctl", "start", "writd.socket"]).ok();
    assert_eq!(roots.ok(), "0");
    assert_eq!(root_comes_in.ok(), "0");
    assert_ne!(others.status, 0, "{others}");
    assert!(status == 1 && doas.contains("writ: denied: "), "{doas}");
    host.wait_until("the lines in auth.log", PATIENCE, || {
        let log = host.read("/var/log/auth.log");
        log.contains("root passes without a record of Writ's agent")
            && log.contains("su for root")
            && log.contains("sshd for root")
    });
    assert_eq!(host.as_user("carol", "id -un").ok(), "carol");
}

pub(crate) fn a_frozen_agent_refuses_in_time(host: &Host) {
    let alice = host.login("alice");
    host.root(&["systemctl", "kill", "--signal=STOP", "writd"]).ok();
    let asked = Instant::now();
    let roots = host.start_root(&["su", "-c", "id -u", "root"]);
    let (refused, status) = alice.run("doas id -u");
    let roots = roots.finish(REFUSAL_LIMIT);
    let lasted = asked.elapsed();
    host.root(&["systemctl", "kill", "--signal=CONT", "writd"]).ok();
    assert!(status == 1 && refused.contains("writ: denied: "), "{refused}");
    assert!(lasted < REFUSAL_LIMIT, "{lasted:?}");
    assert_eq!(roots.ok(), "0");
    host.wait_until("the agent again", PATIENCE, || host.root(&["writ", "status"]).status == 0);
}

pub(crate) fn a_service_that_no_rule_names_goes_on_without_a_record(host: &Host) {
    host.put("/etc/pam.d/quiet", "account required pam_writ.so\naccount required pam_permit.so\nsession required pam_writ.so\nsession required pam_permit.so\n", 0o644);
    let before = crate::policy::decisions(host);
    let line = "setpriv --ruid=dave pamtester quiet dave acct_mgmt open_session close_session";
    host.root_sh(line).ok();
    assert_eq!(crate::policy::decisions(host), before, "nothing is on record");
    // Not root's program: it may not speak for others.
    let line = "setpriv --reuid=dave --clear-groups pamtester quiet dave acct_mgmt";
    let refused = host.root_sh(line);
    assert_ne!(refused.status, 0, "{refused}");
}

pub(crate) fn no_control_of_a_stack_lets_anybody_in(host: &Host) {
    for control in [
        "required",
        "requisite",
        "sufficient",
        "optional",
        "[success=1 default=ignore]",
        "[default=ok]",
    ] {
        let stack = format!("auth {control} pam_writ.so\nauth requisite pam_deny.so\n");
        host.put("/etc/pam.d/odd", stack, 0o644);
        let tried = host.root(&["pamtester", "odd", "root", "authenticate"]);
        assert_ne!(tried.status, 0, "{control}: {tried}");
        host.put("/etc/pam.d/odd", format!("auth {control} pam_writ.so\n"), 0o644);
        let alone = host.root(&["pamtester", "odd", "root", "authenticate"]);
        assert_ne!(alone.status, 0, "{control}: {alone}");
    }
}

pub(crate) fn the_module_is_clean_under_valgrind(host: &Host) {
    host.put(
        "/etc/pam.d/looked-into",
        "account required pam_writ.so\nsession required pam_writ.so\n",
        0o644,
    );
    let line = "valgrind --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite pamtester looked-into root acct_mgmt open_session close_session 2>&1";
    let looked = host.root_sh(line);
    assert_eq!(looked.status, 0, "{looked}");
}
