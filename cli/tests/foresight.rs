//! What a policy will do, before it does: `explain`, `check`, `report`, `replay`, `fmt`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

mod fake_host;

use fake_host::{FakeHost, Ran, error, reply};
use serde_json::{Value, json};

const WEB: &str = r#"
[role.web]
members = ["alice", "%developers"]
ask = { from = ["bob"], count = 1, timeout = "3m" }

[[role.web.rule]]
name = "look"
commands = ["/usr/bin/journalctl **", "/usr/bin/systemctl status *"]
decision = "allow"

[[role.web.rule]]
name = "restart"
commands = ["/usr/bin/systemctl restart *"]
run_as = ["root"]
decision = "ask"

[[role.web.rule]]
name = "no shell"
commands = ["/bin/sh **"]
decision = "deny"

[role.db]
members = ["%dba"]
hosts = ["db-*"]

[[role.db.rule]]
commands = ["ALL"]
decision = "allow"
"#;

/// A host with a folder of policy files, and its path.
fn host_with_files() -> (FakeHost, String) {
    let host = FakeHost::new();
    host.write("/checkout/writ.toml", "mode = \"enforce\"\nunmatched = \"deny\"\n", 0o644);
    host.write("/checkout/roles.d/web.toml", WEB, 0o644);
    let folder = host.path("/checkout").display().to_string();
    (host, folder)
}

fn explain(arguments: &[&str]) -> Ran {
    let (host, folder) = host_with_files();
    let first = ["explain", "--policy", &folder, "--host", "web-1", "--user", "alice"];
    host.writ(&[&first, arguments].concat())
}

#[test]
fn explain_names_the_rule_whom_it_asks_and_why_not_the_others() {
    let ran = explain(&["--", "/usr/bin/systemctl", "restart", "nginx\u{1b}[2J"]);
    let expected = "alice on web-1
  command   /usr/bin/systemctl restart 'nginx\\e[2J'
  as        root
  decision  people are asked by the rule restart of the role web
  asked     bob
  no answer is a no after 3 min
  grants    1 h at most
  without   not a member of: db

ROLE  RULE      SAYS   WHY
web   look      allow  no pattern matches; the nearest is `/usr/bin/systemctl status *`, whose
                         word 1 is status, not restart
web   restart   ask    decides
web   no shell  deny   no pattern matches; the nearest is `/bin/sh **`, which is of another program
";
    assert_eq!((ran.exit, ran.stdout.as_str()), (4, expected), "{}", ran.stderr);
}

#[test]
fn the_exit_code_of_explain_is_the_decision() {
    let exit = |arguments: &[&str]| explain(arguments).exit;
    assert_eq!(exit(&["--", "/usr/bin/journalctl", "-f"]), 0);
    assert_eq!(exit(&["--", "/bin/sh"]), 3);
    assert_eq!(exit(&["--", "/usr/bin/id"]), 3);
    assert_eq!(exit(&["--run-as", "postgres", "--", "/usr/bin/systemctl", "restart", "x"]), 3);
    assert_eq!(exit(&["--", "sudoedit", "/etc/hosts"]), 3);
    assert_eq!(exit(&["--"]), 2);
}

#[test]
fn a_group_and_a_host_can_be_supposed() {
    let (host, folder) = host_with_files();
    let explain = |arguments: &[&str]| {
        let first = ["explain", "--policy", &folder, "--user", "nobody-here", "--json"];
        let ran = host.writ(&[&first, arguments, &["--", "/usr/bin/id"]].concat());
        let said: Value = serde_json::from_str(&ran.stdout).unwrap();
        (ran.exit, said["roles"][0]["standing"].clone(), said["role"].clone())
    };
    assert_eq!(explain(&[]), (3, json!("not_member"), json!(null)));
    let elsewhere = explain(&["--group", "dba", "--host", "web-1"]);
    assert_eq!(elsewhere, (3, json!("other_host"), json!(null)));
    assert_eq!(explain(&["--group", "dba", "--host", "DB-1"]), (0, json!("has"), json!("db")));
}

#[test]
fn files_that_are_wrong_explain_nothing() {
    let (host, folder) = host_with_files();
    host.write("/checkout/writ.toml", "unmatched = \"dney\"\n", 0o644);
    let ran = host.writ(&["explain", "--policy", &folder, "--user", "alice", "--", "/bin/id"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stdout.contains("did you mean `deny`?"), "{}", ran.stdout);
}

#[test]
fn without_files_the_agent_is_asked_about_the_policy_in_force() {
    let host = FakeHost::new();
    host.agent(|_, parameters| match parameters["user"].as_str() {
        Some("root") => reply(json!({
            "user": "root", "groups": [], "host": "web-1", "mode": "observe",
            "decision": "deny", "role": "web\u{1b}[2J", "rule": "no shell", "asked": [],
            "needed": 0, "timeout_ms": 0, "max_duration_ms": 0, "wants_reason": false,
            "roles": []
        })),
        _ => error("NotYours", json!({ "message": "only root asks" })),
    });
    let ran = host.writ(&["explain", "--user", "root", "--cwd", "/srv", "--", "/bin/sh", "-c"]);
    assert_eq!(ran.exit, 3, "{}", ran.stderr);
    assert!(ran.stdout.contains("denied by the rule no shell of the role web\\e[2J"));
    assert!(ran.stdout.contains("nothing is blocked"), "{}", ran.stdout);
    let call = &host.calls_of("Explain")[0];
    assert_eq!(call["command"]["argv"], json!(["/bin/sh", "-c"]));
    assert_eq!(call["command"]["cwd"], json!("/srv"));
    assert_eq!(host.writ(&["explain", "--", "/bin/sh"]).exit, 5);
    assert_eq!(host.writ(&["explain", "--user", "no-such", "--", "/bin/sh"]).exit, 1);
    assert_eq!(host.writ(&["explain", "--group", "dba", "--", "/bin/sh"]).exit, 2);
}

const DOUBTFUL: &str = r#"
[role.web]
members = ["rooot", "daemon"]
ask = { from = ["daemon"] }

[[role.web.rule]]
name = "pager"
commands = ["/usr/bin/less *"]
decision = "allow"

[[role.web.rule]]
name = "again"
commands = ["/usr/bin/less /var/log/syslog"]
decision = "deny"

[[role.web.rule]]
name = "restart"
commands = ["/usr/bin/systemctl restart *"]
decision = "ask"
"#;

#[test]
fn check_tells_what_may_not_be_as_it_was_meant() {
    let (host, folder) = host_with_files();
    host.write("/checkout/roles.d/web.toml", DOUBTFUL, 0o644);
    let ran = host.writ(&["check", &folder]);
    let told = ran.stdout.replace(&folder, "");
    let expected = r#"warning: `less` can start a shell or run code of its user's choice: it is a pager with a shell in it (!)
 --> /roles.d/web.toml:8:13
  |
8 | commands = ["/usr/bin/less *"]
  |             ^^^^^^^^^^^^^^^^^
  = help: ask about it, or name the arguments that are wanted; whoever runs it can run anything
warning: no command comes this far: the rule "pager" takes every one before it
 --> /roles.d/web.toml:13:13
   |
13 | commands = ["/usr/bin/less /var/log/syslog"]
   |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: it is at /roles.d/web.toml:8; put this rule before it, or take this pattern out
warning: what `daemon` asks for here, too few can approve: 1 person must, and without him 0 can
 --> /roles.d/web.toml:19:12
   |
19 | decision = "ask"
   |            ^^^^^
  = help: name more people in `from`: nobody decides on a request of his own
3 things may not be as they were meant.
2 files with 1 roles; nothing is wrong with them.
"#;
    let dense = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert_eq!((ran.exit, dense(&told)), (0, dense(expected)));
    assert_eq!(host.writ(&["check", "--strict", &folder]).exit, 1);
    host.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n", 0o644);
    let ran = host.writ(&["check", "--here", "--json", &folder]);
    let checked: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.exit, &checked["errors"]), (0, &json!([])));
    let warning = &checked["warnings"][0];
    assert_eq!(warning["message"], "this host has no user `rooot`");
    assert_eq!(warning["help"], "did you mean `root`?");
    assert_eq!((&warning["line"], &warning["column"]), (&json!(3), &json!(12)));
}

#[test]
fn what_is_wrong_is_told_as_json_too() {
    let (host, folder) = host_with_files();
    host.write("/checkout/writ.toml", "moed = \"enforce\"\n", 0o644);
    let ran = host.writ(&["check", "--json", &folder]);
    let checked: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.exit, &checked["warnings"]), (1, &json!([])));
    assert_eq!(checked["errors"][0]["help"], "did you mean `mode`?");
}
