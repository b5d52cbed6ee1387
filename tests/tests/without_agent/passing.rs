//! What passes while the agent is away, what does not, and what is known of it afterwards.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

use crate::policy::{PASSES, POLICY, ROLES, WRIT_TOML, away, back, kept, records};

/// How long somebody may be held up by an agent that hangs.
const HUNG_LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn what_a_rule_lets_pass_runs_and_all_else_is_refused(host: &Host) {
    away(host);
    let passed = host.as_user("alice", "sudo -n touch /srv/passed-1 && sudo -n id -u");
    let kept_then = kept(host);
    let refused: Vec<_> = [
        ("alice", "sudo -n uptime"),
        ("alice", "sudo -n touch /srv/other"),
        ("dave", "sudo -n id"),
        ("carol", "sudo -n id"),
    ]
    .map(|(user, line)| (line, host.as_user(user, line)))
    .into();
    let logged = host.root_sh("journalctl -t writ-without-agent -p alert -o cat");
    back(host);
    assert_eq!(passed.ok(), "0");
    assert_eq!(passed.stderr.matches(PASSES).count(), 2, "{passed}");
    assert!(host.has("/srv/passed-1") && !host.has("/srv/other"));
    assert_eq!(kept_then.len(), 2, "{kept_then:?}");
    for (line, output) in refused {
        let said = output.failed_with(1);
        assert!(said.contains("denied: Writ's agent cannot be reached"), "{line}: {output}");
        assert!(said.contains("lets nothing of the kind pass without the agent"), "{output}");
    }
    assert!(
        logged.ok().contains("alice runs as root without Writ's agent, by the rule \"always\"")
    );

    let story = host.root(&["writ", "audit", "list"]);
    let line = story.ok().lines().find(|line| line.contains("/usr/bin/touch /srv/passed-1"));
    let line = line.unwrap_or_else(|| panic!("{story}"));
    assert!(line.contains("while the agent was not there, at "), "{line}");
    host.root(&["writ", "audit", "verify"]).ok();
    let copied = host.root_sh("journalctl -t writd -o json | grep WRIT_WITHOUT_AGENT_MS");
    assert!(copied.ok().contains("passed-1"), "{copied}");
    // The agent's restart takes nothing twice.
    host.root(&["systemctl", "restart", "writd"]).ok();
    host.wait_until("the agent", PATIENCE, || host.root(&["writ", "status"]).status == 0);
    let listed = host.root(&["writ", "audit", "list"]);
    assert_eq!(listed.ok().matches("touch /srv/passed-1").count(), 1, "{listed}");
}

pub(crate) fn su_passes_by_its_rule_and_for_no_other_target(host: &Host) {
    away(host);
    let alice = host.login("alice");
    alice.type_line("su -c 'echo done as $(id -un)' dave; echo status $?");
    alice.expect("Password: ");
    alice.type_line("dave");
    alice.expect(PASSES);
    alice.expect("done as dave\r\nstatus 0\r\n");
    alice.type_line("su -c 'echo done' root; echo status $?");
    alice.expect("Password: ");
    alice.type_line("root");
    alice.expect("lets nothing of the kind pass without the agent");
    alice.expect("status 1\r\n");
    let one = kept(host).len();
    back(host);
    assert_eq!(one, 1, "the session begins with what the account stage has put down");
    let story = host.root(&["writ", "audit", "list"]);
    assert!(story.ok().contains("while the agent was not there"), "{story}");
}

pub(crate) fn a_service_that_no_rule_names_is_left_alone(host: &Host) {
    let stack = "account required pam_writ.so\naccount required pam_permit.so\n";
    host.put("/etc/pam.d/quiet", stack, 0o644);
    away(host);
    let left = host.root_sh("setpriv --ruid=carol pamtester quiet carol acct_mgmt");
    let kept = kept(host);
    back(host);
    assert_eq!(left.status, 0, "{left}");
    assert!(kept.is_empty(), "{kept:?}");
}

pub(crate) fn a_hung_agent_is_gone_without_and_takes_the_record_when_it_is_back(host: &Host) {
    host.root(&["systemctl", "kill", "--signal=STOP", "writd"]).ok();
    let asked = Instant::now();
    let passed = host.as_user("alice", "sudo -n touch /srv/passed-hung");
    let lasted = asked.elapsed();
    host.root(&["systemctl", "kill", "--signal=CONT", "writd"]).ok();
    assert_eq!(passed.status, 0, "{passed}");
    assert!(passed.stderr.contains(PASSES), "{passed}");
    assert!(lasted < HUNG_LIMIT, "{lasted:?}");
    host.wait_until("the record", PATIENCE, || kept(host).is_empty());
    assert_eq!(records(host, "passed-hung").len(), 1);
    host.root(&["writ", "audit", "verify"]).ok();
}

pub(crate) fn while_it_is_only_observed_a_lost_agent_refuses_nobody(host: &Host) {
    let observing = WRIT_TOML.replace("enforce", "observe");
    host.take_policy(&[("writ.toml", &observing), ("roles.d/roles.toml", ROLES)]);
    away(host);
    let passed = host.as_user("carol", "sudo -n touch /srv/observed-1");
    let denied_else = host.as_user("erin", "true");
    // A change of roles that the agent has not taken changes nothing of that.
    host.put("/etc/writ/roles.d/more.toml", "nonsense", 0o644);
    let again = host.as_user("dave", "sudo -n touch /srv/observed-2");
    host.put("/etc/writ/writ.toml", WRIT_TOML, 0o644);
    let changed = host.as_user("dave", "sudo -n touch /srv/observed-3");
    host.put_policy(POLICY);
    back(host);
    host.take_policy(POLICY);
    assert_eq!(denied_else.status, 0, "{denied_else}");
    assert_eq!((passed.status, again.status), (0, 0), "{passed} {again}");
    assert!(host.has("/srv/observed-1") && host.has("/srv/observed-2"));
    assert!(changed.failed_with(1).contains("the policy files"), "{changed}");
    assert!(!host.has("/srv/observed-3"));
    let listed = host.root(&["writ", "audit", "list"]);
    let line = listed.ok().lines().find(|line| line.contains("/srv/observed-1")).expect("a line");
    assert!(line.contains("(observed only)"), "{line}");
}

pub(crate) fn explain_and_doctor_tell_of_it(host: &Host) {
    let explained = host.root(&["writ", "explain", "--user", "alice", "--", "/usr/bin/id"]);
    assert!(explained.ok().contains("while the agent cannot be reached"), "{explained}");
    for (user, command) in [("alice", "/usr/bin/uptime"), ("carol", "/usr/bin/id")] {
        let explained = host.root(&["writ", "explain", "--user", user, "--", command]);
        assert!(!explained.ok().contains("while the agent cannot be reached"), "{explained}");
    }
    assert!(!host.root(&["writ", "doctor"]).stdout.contains("nothing would pass that should"));
    host.put("/etc/writ/roles.d/more.toml", "[role.x]\nmembers = [\"bob\"]\n", 0o644);
    let doctor = host.root(&["writ", "doctor"]);
    assert!(doctor.stdout.contains("the policy files have changed"), "{doctor}");
    host.root(&["systemctl", "disable", "writ-without-agent.socket"]).ok();
    let doctor = host.root(&["writ", "doctor"]);
    assert!(doctor.stdout.contains("writ-without-agent.socket is not enabled"), "{doctor}");
    host.root(&["systemctl", "enable", "writ-without-agent.socket"]).ok();
    host.take_policy(POLICY);
    assert!(!host.root(&["writ", "doctor"]).stdout.contains("that should"));
}
