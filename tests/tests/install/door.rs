//! `writ init`, `writ enable` and `writ disable`.

use writ_tests::{Host, PATIENCE};

use crate::state::{FORMER, SudoLoop, closed, entries, open, same, sudo_asks};

/// How often the door is opened and closed beside running sudos.
const ROUNDS: usize = 12;

pub(crate) fn init_writes_a_first_policy_once(host: &Host) {
    closed(host);
    host.root_sh("rm /etc/writ/writ.toml /etc/writ/*.d/*.toml && writd reload").ok();
    let init = |approver: &str| host.root(&["writ", "init", "--approver", approver, "--enforce"]);

    let unknown = init("mallory");
    assert!(unknown.failed_with(2).contains("there is no user mallory on this host"), "{unknown}");
    assert!(!host.has("/etc/writ/writ.toml"));
    let stranger = host.as_user("alice", "writ init --approver alice");
    assert!(stranger.failed_with(5).contains("only root may do this"), "{stranger}");

    let done = init("bob");
    for file in ["writ.toml", "roles.d/admins.toml", "approvers.d/bob.toml"] {
        assert!(done.ok().contains(&format!("/etc/writ/{file}\n")), "{done}");
        let facts = host.root(&["stat", "-c", "%U:%G %a", &format!("/etc/writ/{file}")]);
        assert_eq!(facts.ok(), "root:root 644");
    }
    assert!(done.stdout.contains("The agent has read them."), "{done}");
    assert!(host.root(&["writ", "status"]).ok().contains("enforces its policy"));
    host.root(&["writ", "check"]).ok();

    host.put("/etc/writ/writ.toml", "mode = \"observe\"\n", 0o644);
    let again = init("bob");
    let sentence = "/etc/writ/writ.toml is there already; nothing was written";
    assert!(again.failed_with(1).contains(sentence), "{again}");
    assert_eq!(host.read("/etc/writ/writ.toml"), "mode = \"observe\"\n");
    host.root(&["rm", "/etc/writ/writ.toml"]).ok();
    let again = init("bob");
    assert!(again.failed_with(1).contains("/etc/writ/roles.d/admins.toml"), "{again}");
    assert!(!host.has("/etc/writ/writ.toml"), "all files or none");
    host.root_sh("rm /etc/writ/*.d/*.toml").ok();
}

pub(crate) fn the_door_opens_once_and_closing_it_restores_every_byte(host: &Host) {
    closed(host);
    assert!(!sudo_asks(host));
    host.root(&["writ", "enable", "sudo"]).ok();
    assert!(sudo_asks(host));
    host.root(&["sudo", "-n", "true"]).ok();
    host.root(&["cp", "--preserve", "/etc/sudo.conf", "/root/opened"]).ok();
    let again = host.root(&["writ", "enable", "sudo"]);
    assert!(again.ok().contains("nothing was changed"), "{again}");
    assert!(same(host, "/root/opened", "/etc/sudo.conf"));

    host.root(&["writ", "disable", "sudo"]).ok();
    assert!(same(host, FORMER, "/etc/sudo.conf"));
    assert!(!sudo_asks(host));
    let again = host.root(&["writ", "disable", "sudo"]);
    assert!(again.ok().contains("nothing was changed"), "{again}");
    assert!(same(host, FORMER, "/etc/sudo.conf"));

    for former in ["", "Set disable_coredump false", "# a\r\n\\\n\n"] {
        host.put("/etc/sudo.conf", former, 0o640);
        host.root_sh("writ enable sudo && writ disable sudo").ok();
        assert_eq!(host.read("/etc/sudo.conf"), former);
        assert_eq!(host.root(&["stat", "-c", "%U %a", "/etc/sudo.conf"]).ok(), "root 640");
    }
    host.root_sh("rm /etc/sudo.conf && writ enable sudo").ok();
    assert!(sudo_asks(host));
    host.root(&["writ", "disable", "sudo"]).ok();
    assert!(!host.has("/etc/sudo.conf"));
    assert_eq!(host.root_sh("ls -d /etc/*writ-*").stdout, "", "nothing is left beside it");
}

/// Whoever did it: by `writ`, by hand, and while the agent was not there.
pub(crate) fn a_door_that_opens_closes_or_is_taken_off_its_hinges_is_on_record(host: &Host) {
    closed(host);
    let last = || {
        let entries = entries(host, &["WRIT_EVENT=door.changed", "WRIT_CHANGED_DOOR=sudo"]);
        let field = |name: &str| {
            let value = entries.last().and_then(|entry| entry[name].as_str());
            value.unwrap_or_default().to_owned()
        };
        (field("WRIT_STANDING"), field("WRIT_FAULT"))
    };
    // Returns what is wrong with it.
    let becomes = |standing: &str| {
        host.wait_until(standing, PATIENCE, || last().0 == standing);
        last().1
    };
    // It may have been open in the scenario before.
    host.wait_until("the door to be off", PATIENCE, || {
        let (standing, _) = last();
        standing.is_empty() || standing == "off"
    });
    host.root(&["writ", "enable", "sudo"]).ok();
    becomes("on");
    host.root(&["chmod", "0666", "/etc/sudo.conf"]).ok();
    let fault = becomes("broken");
    assert!(fault.contains("not root's alone"), "{fault}");
    host.root(&["chmod", "0644", "/etc/sudo.conf"]).ok();
    becomes("on");
    host.root_sh("sed -i /writ_audit/d /etc/sudo.conf").ok();
    let fault = becomes("broken");
    assert!(fault.contains("names only one"), "{fault}");
    host.root_sh("systemctl stop writd.socket writd.service && writ disable sudo").ok();
    assert_eq!(last().0, "broken", "nobody was there to see it");
    host.root(&["systemctl", "start", "writd.socket", "writd.service"]).ok();
    becomes("off");
    let listed = host.root(&["writ", "audit", "list"]);
    assert!(listed.ok().contains("sudo no longer asks Writ"), "{listed}");
}

pub(crate) fn no_sudo_fails_while_the_door_opens_and_closes(host: &Host) {
    open(host);
    let others = SudoLoop::start(host);
    let rounds =
        format!("for _ in $(seq {ROUNDS}); do writ disable sudo && writ enable sudo || exit; done");
    host.root_sh(&rounds).ok();
    others.none_failed(host);
    assert!(sudo_asks(host));
}
