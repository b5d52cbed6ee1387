//! What a policy will do, before it does: `explain`, `check`, `report`, `replay`, `fmt`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

mod fake_host;

use std::io::Write;
use std::process::Stdio;

use fake_host::{FakeHost, Ran, error, reply};
use serde_json::{Value, json};
use writ_ledger::{Durability, Ledger, Options, Record};

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
fn the_circumstances_that_rules_hang_on_can_be_supposed() {
    let (host, folder) = host_with_files();
    let limited = "[role.night]
members = [\"alice\"]
except = [\"carol\"]
[[role.night.rule]]
commands = [\"/usr/bin/id\"]
decision = \"allow\"
hours = \"22:00-04:00\"
[[role.night.rule]]
commands = [\"/usr/bin/id\"]
decision = \"allow\"
when = \"!tty && in_network(source_ip, '10.0.0.0/8') && ticket == 'A-1'\"
[[role.night.rule]]
commands = [\"/usr/bin/id\"]
decision = \"deny\"
";
    host.write("/checkout/roles.d/night.toml", limited, 0o644);
    let explain = |arguments: &[&str]| {
        let first = ["explain", "--policy", &folder, "--user", "alice", "--json"];
        let ran = host.writ(&[&first, arguments, &["--", "/usr/bin/id"]].concat());
        let said: Value = serde_json::from_str(&ran.stdout)
            .unwrap_or_else(|_| panic!("{}{}", ran.stdout, ran.stderr));
        let role = said["roles"].as_array().unwrap().iter().find(|role| role["role"] == "night");
        let rules = role.unwrap()["rules"].as_array().unwrap();
        let fates = rules.iter().map(|rule| rule["fate"].as_str().unwrap().to_owned());
        let fates = fates.collect::<Vec<_>>().join(" ");
        (ran.exit, fates, rules[1]["why"].as_str().unwrap().to_owned())
    };
    let (exit, fates, _) = explain(&["--at", "2026-12-24 23:30"]);
    assert_eq!((exit, fates.as_str()), (0, "decides preceded preceded"));
    let (exit, fates, why) = explain(&["--at", "2026-12-24 12:00"]);
    assert_eq!((exit, fates.as_str()), (3, "other_time unmet decides"));
    assert!(why.contains("in_network(source_ip"), "{why}");
    let noon = ["--at", "2026-12-24 12:00", "--unattended", "--source-ip", "10.1.2.3"];
    let (exit, fates, _) = explain(&[&noon[..], &["--ticket", "A-1"]].concat());
    assert_eq!((exit, fates.as_str()), (0, "other_time decides preceded"));
    // Without its ticket, nobody can say: what would allow asks.
    let (exit, fates, why) = explain(&noon);
    assert_eq!((exit, fates.as_str()), (4, "other_time decides preceded"));
    assert!(why.contains("ticket"), "{why}");
}

#[test]
fn explain_says_what_passes_also_without_the_agent() {
    let (host, folder) = host_with_files();
    let rescue = "[role.rescue]
members = [\"alice\"]
[[role.rescue.rule]]
commands = [\"/usr/bin/id\", \"/bin/sh **\"]
decision = \"allow\"
without_agent = \"allow\"
";
    host.write("/checkout/roles.d/rescue.toml", rescue, 0o644);
    let first = ["explain", "--policy", &folder, "--host", "web-1", "--user", "alice"];
    let explain = |rest: &[&str]| host.writ(&[&first, rest].concat());
    let told = explain(&["--", "/usr/bin/id"]).stdout;
    assert!(told.contains("also      while the agent cannot be reached, unless he"), "{told}");
    let without_agent = |command: &str| {
        let said: Value =
            serde_json::from_str(&explain(&["--json", "--", command]).stdout).unwrap();
        said["without_agent"].clone()
    };
    assert_eq!(without_agent("/usr/bin/id"), true);
    // Another role denies it, and the rule of another does not say so.
    assert_eq!(without_agent("/bin/sh"), false);
    assert_eq!(without_agent("/usr/bin/journalctl"), false);
}

#[test]
fn explain_says_who_is_on_call_and_who_answers_for_whom() {
    let (host, folder) = host_with_files();
    let approvers = "[approver.bob]
unix_user = \"bob\"
teams = [\"oncall\"]
[approver.bob.away]
from = \"2026-12-20 00:00\"
until = \"2026-12-27 00:00\"
to = \"erin\"
[approver.carol]
unix_user = \"carol\"
teams = [\"oncall\"]
[approver.erin]
unix_user = \"erin\"
[on_call.oncall]
rotation = [\"bob\", \"carol\"]
since = \"2026-12-21 00:00\"
";
    host.write("/checkout/approvers.d/oncall.toml", approvers, 0o644);
    let role = "[role.tools]
members = [\"alice\"]
[[role.tools.rule]]
commands = [\"/usr/bin/id\"]
decision = \"ask\"
ask = { from = [\"@oncall\"] }
";
    host.write("/checkout/roles.d/tools.toml", role, 0o644);
    let explain = |at: &str| {
        let first = ["explain", "--policy", &folder, "--host", "web-1", "--user", "alice"];
        let ran = host.writ(&[&first[..], &["--at", at, "--", "/usr/bin/id"]].concat());
        assert_eq!(ran.exit, 4, "{} {}", ran.stdout, ran.stderr);
        ran.stdout
    };
    let told = explain("2026-12-24 12:00");
    assert!(told.contains("  on call   of @oncall: bob then\n"), "{told}");
    assert!(told.contains("  away      bob, for whom erin may answer\n"), "{told}");
    let told = explain("2026-12-30 12:00");
    assert!(told.contains("  on call   of @oncall: carol then\n"), "{told}");
    assert!(!told.contains("  away "), "{told}");
}

#[test]
fn explain_supposes_the_file_that_a_rule_is_pinned_to_and_says_so() {
    let (host, folder) = host_with_files();
    let pinned = format!(
        "[role.pinned]\nmembers = [\"alice\"]\n[[role.pinned.rule]]\ncommands = [\"/usr/bin/id\"]\nsha256 = \"{}\"\ndecision = \"allow\"\n",
        "0".repeat(64)
    );
    host.write("/checkout/roles.d/pinned.toml", &pinned, 0o644);
    let ran = host.writ(&[
        "explain",
        "--json",
        "--policy",
        &folder,
        "--user",
        "alice",
        "--",
        "/usr/bin/id",
    ]);
    assert_eq!(ran.exit, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("which is supposed here"), "{}", ran.stdout);
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
2 files with 1 role; no error in them.
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

/// A ledger in which the policy was observed.
fn observe(host: &FakeHost, decisions: &[(&str, &str, &str, &str)]) {
    let (mut ledger, _) =
        Ledger::open(&host.path("/var/lib/writ/ledger"), Options::default(), |_| {
            Ok::<(), String>(())
        })
        .unwrap();
    for (number, (user, command, outcome, rule)) in (0_u64..).zip(decisions) {
        let argv: Vec<&str> = command.split(' ').collect();
        let mut event = json!({
            "id": "7K3M-Q2", "event": "decision.made", "by": "policy", "outcome": outcome,
            "force": "observed", "boot_ms": number, "wall_ms": 1_795_475_525_000 + number * 86_400_000,
            "about": {
                "requester": { "account": { "uid": 1000, "name": user }, "groups": ["developers"] },
                "act": { "door": "sudo", "presence": "interactive", "aim": { "command": {
                    "path": argv[0], "argv": argv, "cwd": "/", "action": "run",
                    "run_as": { "user": "root", "uid": 0 }
                } } }
            }
        });
        if !rule.is_empty() {
            event["about"]["role"] = "web".into();
            event["about"]["rule"] = (*rule).into();
        }
        ledger.append(&[Record::of(&event).unwrap()], Durability::Synced).unwrap();
    }
}

#[test]
fn report_counts_what_enforcing_would_have_done() {
    let host = FakeHost::new();
    observe(
        &host,
        &[
            ("alice", "/usr/bin/id", "allow", "look"),
            ("alice", "/usr/bin/true a\u{1b}[2J", "would_ask", "restart"),
            ("alice", "/usr/bin/true b", "would_ask", "restart"),
            ("bob", "/bin/sh", "deny", ""),
            ("bob", "/bin/sh", "pass", ""),
        ],
    );
    let ran = host.writ(&["report"]);
    let expected =
        "5 commands of 2 users were only observed, from 2026-11-23 23:12:05 to 2026-11-27 23:12:05.
Enforcing would have allowed 1, asked people about 2, refused 1 and passed 1 on to sudoers.

ROLE  RULE     REFUSED  ASKED  ALLOWED  BY, AND EXAMPLES
-     -        1        0      1        bob (2)
                                        bob: /bin/sh
web   restart  0        2      0        alice (2)
                                        alice: /usr/bin/true 'a\\e[2J'
                                        alice: /usr/bin/true b
web   look     0        0      1        alice (1)
                                        alice: /usr/bin/id

USER   REFUSED  ASKED  ALLOWED
alice  0        2      1
bob    1        0      1
";
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, expected), "{}", ran.stderr);
    let ran = host.writ(&["report", "--json", "--since", "2026-11-25"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["total"], json!({ "allowed": 0, "asked": 1, "refused": 1, "passed": 1 }));
    assert_eq!(report["users"][0]["user"], "alice");
    let ran = host.writ(&["report", "--since", "2030-01-01"]);
    assert_eq!(ran.stdout, "No decision was only observed in that time.\n");
}

/// Runs `writ` with a log on its standard input.
fn replay(host: &FakeHost, arguments: &[&str], log: &str) -> Ran {
    let folder = host.path("/checkout").display().to_string();
    let first = ["replay", "--policy", &folder, "--host", "web-1"];
    let mut command = host.command(&[&first, arguments].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let log = log.to_owned();
    let writing = std::thread::spawn(move || {
        let _ = stdin.write_all(log.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    Ran {
        exit: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_log_of_a_host_without_writ_is_replayed_against_a_policy() {
    let (host, _) = host_with_files();
    let line = |day: u32, user: &str, command: &str| {
        format!(
            "2026-11-{day:02}T10:00:00+00:00 web-1 sudo[7]:    {user} : PWD=/ ; USER=root ; COMMAND={command}\n"
        )
    };
    let mut log = line(1, "alice", "/usr/bin/journalctl -f").repeat(2);
    log += &line(1, "alice", "/usr/bin/systemctl restart 'ng inx'").repeat(3);
    log += &line(2, "alice", "/usr/bin/free -m").repeat(4);
    log += &line(2, "alice", "/usr/bin/less /var/log/syslog").repeat(5);
    log += &line(2, "alice", "/bin/sh").repeat(6);
    log += &line(2, "alice", "/home/alice/tool").repeat(7);
    log += "2026-11-02T10:00:00+00:00 web-1 sudo[7]: alice : PWD=/ ; USER=root ; COMMAND='\n";
    let ran = replay(&host, &["--from", "auth-log", "--frequent", "3"], &log);
    let expected = r#"27 acts of 1 users, as on the host web-1: 2 allowed, 3 asked about, 22 denied, 0 passed on to sudoers.

ROLE  RULE      THEN     ACTS  A DAY  OF WHOM, BY WHOM
-     -         denied   16    8.0    alice
web   no shell  denied   6     3.0    alice
web   restart   asked    3     1.5    asked of bob
                                      alice
web   look      allowed  2     1.0    alice

DAY         DENIED  ASKED  ALLOWED  PASSED
2026-11-01  0       3      2        0
2026-11-02  22      0      0        0

What would change:
ACTS  WAS  THEN    USER   COMMAND
7     ran  denied  alice  /home/alice/tool
6     ran  denied  alice  /bin/sh
5     ran  denied  alice  /usr/bin/less /var/log/syslog
4     ran  denied  alice  /usr/bin/free -m
3     ran  asked   alice  /usr/bin/systemctl restart 'ng inx'

Frequent and harmless by the looks of it; rules to consider, before those that ask:

# 4 times, by alice; no role speaks of it yet, so say who is a member
[[role."frequent".rule]]
commands = ["/usr/bin/free -m"]
run_as = ["root"]
decision = "allow"

# 3 times, by alice
[[role."web".rule]]
commands = ["/usr/bin/systemctl restart 'ng inx'"]
run_as = ["root"]
decision = "allow"

Of 28 lines, 1 were not whole; they do not count.
"#;
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, expected), "{}", ran.stderr);
}

#[test]
fn the_ledger_is_replayed_with_the_groups_that_are_on_record() {
    let (host, _) = host_with_files();
    observe(
        &host,
        &[
            ("carol", "/usr/bin/systemctl restart x", "pass", ""),
            ("carol", "/usr/bin/journalctl -f", "would_ask", ""),
        ],
    );
    let ran = replay(&host, &["--json"], "");
    let replayed: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(replayed["counts"], json!({ "denied": 0, "asked": 1, "allowed": 1, "passed": 0 }));
    assert_eq!(replayed["changes"][0]["command"], "/usr/bin/systemctl restart x");
    assert_eq!(replayed["changed"], 1);
    assert_eq!(replayed["never_used"][0], json!({ "role": "web", "rule": "no shell" }));
    assert_eq!(replayed["days"][1]["day"], "2026-11-24");
    let ran = replay(&host, &["--json", "--since", "2026-11-24"], "");
    let replayed: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(replayed["acts"], 1);
    assert_eq!(replay(&host, &["/var/log/auth.log"], "").exit, 2);
    assert_eq!(replay(&host, &["--from", "journal", "--since", "1h"], "").exit, 2);
    assert_eq!(replay(&host, &["--from", "journal", "/no/such/file"], "").exit, 1);
}

#[test]
fn the_groups_of_another_host_are_taken_from_its_file() {
    let (host, _) = host_with_files();
    host.write("/group", "wheel:x:10:\ndevelopers:x:1000:dora,eve\nbroken\n", 0o644);
    let groups = host.path("/group").display().to_string();
    let log =
        "Nov 24 10:00:00 db sudo:  dora : PWD=/ ; USER=root ; COMMAND=/usr/bin/journalctl -f\n";
    let allowed = |arguments: &[&str]| {
        let first = ["--from", "auth-log", "--json"];
        let ran = replay(&host, &[&first, arguments].concat(), log);
        serde_json::from_str::<Value>(&ran.stdout).unwrap()["counts"]["allowed"].clone()
    };
    assert_eq!(allowed(&[]), 0);
    assert_eq!(allowed(&["--groups", &groups]), 1);
}

#[test]
fn what_is_written_to_mislead_a_replay_is_bounded_and_escaped() {
    let (host, _) = host_with_files();
    let mut log = String::new();
    for number in 0..5000 {
        let line = format!(
            "Nov 24 10:00:00 h sudo: u{number} : PWD=/ ; USER=root ; COMMAND=/bin/x{number}\n"
        );
        log.push_str(&line);
    }
    log.push_str(&format!(
        "Nov 24 10:00:00 h sudo: a : PWD=/ ; USER=root ; COMMAND=/bin/{}\n",
        "x".repeat(2_000_000)
    ));
    log.push_str(
        &"Nov 24 10:00:00 h sudo: a : PWD=/ ; USER=root ; COMMAND=/usr/bin/id '\u{1b}[2J\"]'\n"
            .repeat(90),
    );
    log.push_str("Nov 24 10:00:00 h sudo: b : PWD=/ ; USER=root ; COMMAND=/usr/bin/i");
    let ran = replay(&host, &["--from", "auth-log"], &log);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(!ran.stdout.contains('\u{1b}') && ran.stdout.contains("\\e[2J"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("[[role"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 were too long"), "{}", ran.stdout);
    assert!(ran.stdout.contains("too many to be looked up"), "{}", ran.stdout);
}

#[test]
fn fmt_brings_files_into_one_form_and_says_which() {
    let (host, folder) = host_with_files();
    host.write("/etc/writ/writ.toml", "mode=\"observe\"\n", 0o640);
    host.write("/etc/writ/roles.d/web.toml", WEB.trim_start(), 0o644);
    host.write("/etc/writ/roles.d/.hidden.toml", "mode=1\n", 0o644);
    let ran = host.writ(&["fmt", "--check"]);
    assert_eq!(ran.exit, 1, "{}", ran.stderr);
    assert_eq!(ran.stdout, format!("{}\n", host.path("/etc/writ/writ.toml").display()));
    assert_eq!(host.read("/etc/writ/writ.toml"), "mode=\"observe\"\n");
    assert_eq!(host.writ(&["fmt"]).exit, 0);
    assert_eq!(host.read("/etc/writ/writ.toml"), "mode = \"observe\"\n");
    let again = host.writ(&["fmt", "--check"]);
    assert_eq!((again.exit, again.stdout.as_str()), (0, ""));

    let broken = format!("{folder}/roles.d/broken.toml");
    host.write("/checkout/roles.d/broken.toml", "a = \n", 0o644);
    host.write("/checkout/writ.toml", "mode='observe'\n", 0o644);
    let ran = host.writ(&["fmt", &broken, &format!("{folder}/writ.toml")]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stderr.contains("is no TOML"), "{}", ran.stderr);
    assert_eq!(host.read("/checkout/roles.d/broken.toml"), "a = \n");
    assert_eq!(host.read("/checkout/writ.toml"), "mode = 'observe'\n");
}
