//! `writ explain` against what sudo does, and against those who ask about others.

use serde_json::json;
use writ_tests::Host;

pub(crate) fn explain_says_what_sudo_then_does(host: &Host) {
    for (command, explained, sudo) in
        [("id -u", 0, 0), ("true", 3, 1), ("touch /srv/x", 3, 1), ("id", 0, 0)]
    {
        let told = host.as_user("alice", &format!("writ explain -- {command}"));
        assert_eq!(told.status, explained, "{told}");
        let ran = host.as_user("alice", &format!("sudo -n {command}"));
        assert_eq!(ran.status, sudo, "{ran}");
    }
    let told = host.as_user("alice", "writ explain -- systemctl restart cron");
    told.failed_with(4);
    let words = "people are asked by the rule restart of the role web";
    assert!(told.stdout.contains(words) && told.stdout.contains("bob"), "{told}");
    let root = host.root(&["writ", "explain", "--", "/usr/bin/true"]);
    assert!(root.ok().contains("root itself always passes"), "{root}");
}

pub(crate) fn only_root_asks_about_others_and_sees_their_roles(host: &Host) {
    let refused = host.as_user("alice", "writ explain --user erin -- id");
    refused.failed_with(5);
    let refused = host.as_user("alice", "writ explain --user root -- id");
    refused.failed_with(5);
    let own = host.as_user("alice", "writ explain --json -- id");
    assert!(!own.ok().contains("secret"), "{own}");
    let parameters = json!({ "user": "erin", "command": {
        "path": "/usr/bin/id", "argv": ["id"], "cwd": "/",
        "run_as": { "user": "root", "uid": 0 }, "edit": false
    } });
    let reply = host.call_agent("alice", "Explain", &parameters);
    assert_eq!(reply["error"], "io.writ.Agent.NotYours", "{reply}");
    let all = host.root(&["writ", "explain", "--user", "erin", "--", "/usr/bin/true"]);
    assert!(all.ok().contains("allowed by the rule secret of the role secret"), "{all}");
    let nobody = host.root(&["writ", "explain", "--user", "no-such", "--", "/usr/bin/true"]);
    assert!(nobody.failed_with(1).contains("there is no user"), "{nobody}");
}

pub(crate) fn what_is_lent_is_not_believed_by_explain(host: &Host) {
    host.as_user("alice", "writ request logs").ok();
    assert!(host.root(&["id", "-nG", "alice"]).ok().contains("adm"));
    for from in ["", "--policy /etc/writ"] {
        let line = format!("writ explain {from} --user alice -- /usr/bin/true");
        let told = host.root_sh(&line);
        assert_eq!(told.status, 3, "{told}");
    }
}
