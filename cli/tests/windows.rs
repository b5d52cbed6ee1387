//! Roles as a whole: asking for them, deciding on them, making them stand longer.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

mod fake_host;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use fake_host::{
    FakeHost, error, extension_shown, reply, request, status, window_request, window_shown,
};
use serde_json::{Value, json};

const DANGER: &str =
    "as good as root: CAP_SYS_ADMIN mounts, traces and does most of what root can do";

fn answer(state: &str) -> Value {
    // Who waits is told only what is out of the ordinary.
    let message = (state != "waiting").then_some("7K3M-Q2 was \u{1b}[2Janswered");
    json!({ "answer": {
        "state": state, "id": "7K3M-Q2", "message": message,
        "asked": ["@oncall"], "needed": 2, "approvals": 1, "remaining_ms": 1_800_000
    } })
}

fn waits_then(state: &str) -> Vec<Value> {
    vec![
        json!({ "parameters": answer("waiting"), "continues": true }),
        json!({ "parameters": answer(state) }),
    ]
}

/// An agent on which people answer after a while, and which shows the window.
fn host_that_answers(state: &'static str) -> FakeHost {
    let host = FakeHost::new();
    host.program("id", "");
    host.agent(move |method, _| match method {
        "Request" | "Extend" => waits_then(state),
        _ => reply(window_shown()),
    });
    host
}

#[test]
fn a_role_that_is_open_says_until_when_what_it_lends_and_how_to_give_it_back() {
    let host = host_that_answers("allowed");
    let ran = host.writ(&["request", "packet-capture", "--for", "30m", "--reason", "look"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "7K3M-Q2 was \\e[2Janswered");
    assert!(lines[1].starts_with("The role packet-capture is open until 20"), "{}", lines[1]);
    assert!(lines[1].ends_with(", for 30 min. Run its commands with sudo."), "{}", lines[1]);
    assert_eq!(
        lines[2..],
        [
            "It lends you the group wire\\e[2Jshark: new logins and `sudo -u alice` have it, as `id alice` shows.",
            "A shell that runs already keeps the groups that it started with; log in anew for it.",
            "It lends the capabilities CAP_NET_RAW, CAP_SYS_ADMIN: what `writ run packet-capture -- COMMAND` and `writ shell packet-capture` start has it.",
            &format!("Beware, {DANGER}."),
            "Give it back with `writ end 7K3M-Q2`.",
        ]
    );
    assert_eq!(
        host.calls_of("Request"),
        [json!({ "role": "packet-capture", "reason": "look", "lasts_ms": 1_800_000 })]
    );
}

#[test]
fn a_role_that_ended_in_the_same_moment_is_told_without_what_it_lent() {
    let host = FakeHost::new();
    host.agent(|method, _| match method {
        "Request" => reply(answer("allowed")),
        _ => error("NotFound", json!({ "id": "7K3M-Q2" })),
    });
    let ran = host.writ(&["request", "packet-capture"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let expected = "7K3M-Q2 was \\e[2Janswered\nGive it back with `writ end 7K3M-Q2`.\n";
    assert_eq!(ran.stdout, expected);
}

#[test]
fn asking_for_a_role_exits_as_the_answer_is() {
    let request = ["request", "packet-capture"];
    assert_eq!(host_that_answers("denied").writ(&request).exit, 3);
    assert_eq!(host_that_answers("expired").writ(&request).exit, 4);
    let ran = host_that_answers("denied").writ(&["request", "packet-capture", "--no-wait"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "7K3M-Q2\n"));
}

#[test]
fn the_answer_about_a_role_is_printed_as_json_alone() {
    let host = host_that_answers("allowed");
    let ran = host.writ(&["request", "packet-capture", "--json"]);
    let printed: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&printed["state"], &printed["id"]), (&json!("allowed"), &json!("7K3M-Q2")));
}

#[test]
fn what_cannot_be_asked_for_is_wrong_usage_and_says_what_can() {
    let host = host_that_answers("allowed");
    let refused = |arguments: &[&str], sentence: &str| {
        let ran = host.writ(&[&["request"], arguments].concat());
        assert_eq!(ran.exit, 2, "{arguments:?}");
        assert!(ran.stderr.contains(sentence), "{arguments:?}: {}", ran.stderr);
    };
    refused(&[], "a role (`writ roles` lists yours), or a command behind `--`");
    refused(&["--for", "30m"], "name what you ask for");
    refused(&["web", "--", "id"], "cannot be asked for at once");
    refused(&["web", "--user", "postgres"], "--user is for a command");
    refused(&["web", "-u", "root"], "--user is for a command");
    refused(&["web", "--uses", "2"], "--uses is for a command");
    refused(&["systemctl", "restart"], "unexpected argument 'restart'");
    assert!(host.calls_of("Request").is_empty());
}

#[test]
fn user_and_uses_go_with_a_command() {
    let host = host_that_answers("allowed");
    let ran = host.writ(&["request", "--uses", "3", "-u", "root", "--", "id"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let sent = &host.calls_of("Request")[0];
    assert_eq!((&sent["uses"], &sent["role"]), (&json!(3), &Value::Null));
    assert_eq!(sent["command"]["run_as"]["user"], "root");
}

#[test]
fn an_extension_waits_for_its_answer_and_exits_as_it_is() {
    let extend = ["extend", "8abcde", "--for", "15m", "--reason", "look", "--ticket", "OPS-1"];
    let host = host_that_answers("allowed");
    let ran = host.writ(&extend);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout, "7K3M-Q2 was \\e[2Janswered\n");
    assert_eq!(
        host.calls_of("Extend"),
        [json!({ "id": "8ABC-DE", "lasts_ms": 900_000, "reason": "look", "ticket": "OPS-1" })]
    );
    assert_eq!(host_that_answers("denied").writ(&extend).exit, 3);
    assert_eq!(host_that_answers("expired").writ(&extend).exit, 4);
    assert_eq!(host_that_answers("open").writ(&extend).exit, 4);
    let ran = host_that_answers("allowed").writ(&["extend", "8ABC-DE", "--no-wait"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "7K3M-Q2\n"));
    let ran = host_that_answers("allowed").writ(&["extend", "8ABC-DE", "--json"]);
    let printed: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(printed["state"], "allowed");
    assert_eq!(host.writ(&["extend", "nonsense"]).exit, 2);
    assert_eq!(FakeHost::new().writ(&extend).exit, 6);
}

#[test]
fn an_interrupted_extension_stays_open() {
    let host = FakeHost::new();
    host.agent(|_, _| vec![json!({ "parameters": answer("waiting"), "continues": true })]);
    let mut child = host.command(&["extend", "8ABC-DE"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = stderr.next().unwrap().unwrap();
    assert_eq!(line, "writ: 7K3M-Q2 waiting for @oncall (1 of 2)");
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4));
    let line = stderr.next().unwrap().unwrap();
    assert!(line.contains("7K3M-Q2 stays open"), "{line}");
}

#[test]
fn an_extension_goes_on_waiting_when_the_agent_is_restarted() {
    let host = FakeHost::new();
    let asked = std::sync::atomic::AtomicU32::new(0);
    host.agent(move |_, _| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => vec![json!({ "parameters": answer("waiting"), "continues": true }), Value::Null],
        _ => reply(answer("allowed")),
    });
    let ran = host.writ(&["extend", "8ABC-DE"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert_eq!(host.calls_of("Extend").len(), 2);
}

#[test]
fn a_refused_extension_gives_the_agents_sentence() {
    let host = FakeHost::new();
    let sentence = "8ABC-DE is not granted yet, and so cannot stand longer";
    host.agent(move |_, _| error("Refused", json!({ "message": sentence })));
    let ran = host.writ(&["extend", "8ABC-DE"]);
    assert_eq!((ran.exit, ran.stderr), (3, format!("writ: {sentence}\n")));
}

fn role(name: &str, decision: &str) -> Value {
    json!({
        "window": { "role": name, "groups": [], "actions": [], "capabilities": [], "root_equivalent": [] },
        "decision": decision, "asked": [], "needed": 0, "all_of": [], "escalate": [],
        "self_approval": false, "deputies": [], "on_call": [], "max_duration_ms": 0,
        "remaining_ms": 0
    })
}

fn host_with_roles(roles: Value) -> FakeHost {
    let host = FakeHost::new();
    host.agent(move |_, _| reply(json!({ "roles": roles })));
    host
}

#[test]
fn roles_say_who_is_asked_what_is_lent_and_what_is_open() {
    let mut capture = role("packet-capture", "ask");
    capture["window"] = window_request()["window"].clone();
    capture["description"] = "Look at packets\u{1b}[2J\n  asked     nobody".into();
    capture["asked"] = json!(["@oncall", "%ops"]);
    capture["needed"] = 2.into();
    capture["max_duration_ms"] = 1_800_000.into();
    capture["open"] = "7K3M-Q2".into();
    capture["escalate"] = json!([{ "after_ms": 90_000, "from": ["@managers"] }]);
    capture["self_approval"] = true.into();
    capture["deputies"] = json!([{ "of": "bo\u{1b}b", "by": ["carol", "dave"] }]);
    capture["on_call"] =
        json!([{ "team": "oncall", "who": ["bo\u{1b}b"] }, { "team": "ops", "who": [] }]);
    capture["remaining_ms"] = 90_000.into();
    let mut open = role("logs\u{202e}", "allow");
    open["max_duration_ms"] = 3_600_000.into();
    let ran = host_with_roles(json!([capture, open, role("web", "deny")])).writ(&["roles"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        format!(
            "packet-capture
  what for  Look at packets\\e[2J\\n  asked     nobody
  lends     group wire\\e[2Jshark
  lends     capabilities CAP_NET_RAW, CAP_SYS_ADMIN
  beware    {DANGER}
  asked     @oncall, %ops; 2 different people must approve
  on call   of @oncall: bo\\eb now
  on call   of @ops: nobody now, so that all of it is asked
  away      bo\\eb, for whom carol, dave may answer
  then      after 1 min 30 s without an answer also @managers
  self      you may approve it yourself, where you are one of these people
  for       30 min at most
  open      7K3M-Q2, 1:30 left; `writ end 7K3M-Q2` gives it back

logs\\u{{202e}}
  asked     nobody: it is opened at once
  for       1 h at most

web
  asked     not as a whole: its commands are run with sudo
"
        )
    );
}

#[test]
fn who_has_no_role_is_told_so() {
    let ran = host_with_roles(json!([])).writ(&["roles"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "You have no role on this host.\n"));
}

#[test]
fn roles_as_json_have_the_fields_of_the_protocol() {
    let roles = json!([role("web", "deny")]);
    let ran = host_with_roles(roles.clone()).writ(&["roles", "--json"]);
    let printed: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(printed, json!({ "roles": roles }));
}

#[test]
fn pending_shows_a_role_with_what_it_lends_and_an_extension_as_one() {
    let host = FakeHost::new();
    let extension = extension_shown()["request"].clone();
    host.agent(move |_, _| reply(json!({ "requests": [window_request(), extension] })));
    let ran = host.writ(&["pending"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(!ran.stdout.contains('\u{1b}'));
    let words: Vec<&str> = ran.stdout.split_whitespace().collect();
    let window = format!(
        "(role packet-capture) lends group wire\\e[2Jshark; capabilities CAP_NET_RAW, CAP_SYS_ADMIN {DANGER} why: it hangs\\e[2J"
    );
    assert!(words.join(" ").contains(&format!("4:32 {window}")), "{}", ran.stdout);
    let extension = format!("4:32 8ABC-DE is to stand longer {window}");
    assert!(words.join(" ").ends_with(&extension), "{}", ran.stdout);
}

#[test]
fn a_request_that_is_for_neither_command_nor_role_is_not_passed_over() {
    let host = FakeHost::new();
    let mut newer = request();
    newer.as_object_mut().unwrap().remove("command");
    host.agent(move |_, _| reply(json!({ "requests": [newer] })));
    let ran = host.writ(&["pending"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("4:32  what this version of writ cannot show\n"), "{}", ran.stdout);
}

#[test]
fn an_approver_sees_what_a_role_gives_away_and_until_when() {
    let host = FakeHost::new();
    host.agent(|method, _| match method {
        "Show" => reply(window_shown()),
        _ => reply(json!({ "granted": true, "approvals": 1, "needed": 1 })),
    });
    let ran = host.writ(&["approve", "7K3M-Q2", "--yes"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let expected = format!(
        "  role      packet-capture as a whole
  passes    commands that it asks about, where whoever approves this is enough
  lends     group wire\\e[2Jshark (977)
  lends     capabilities CAP_NET_RAW, CAP_SYS_ADMIN
  beware    {DANGER}
  at end    processes that still hold what was lent are to be warned, then ended
  log-out   does not end it
  reason    it hangs\\e[2J
  asked     @oncall
  grants    1 h of it, for any number of commands
"
    );
    assert!(ran.stdout.contains(&expected), "{}", ran.stdout);
    assert_eq!(host.calls_of("Decide")[0]["digest"], window_shown()["digest"]);
}

#[test]
fn an_extension_is_shown_with_the_whole_question_of_what_it_extends() {
    let host = FakeHost::new();
    host.agent(|_, _| reply(extension_shown()));
    let ran = host.writ(&["show", "7K3M-Q2"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let extends = "  extends   8ABC-DE is to stand 15 min longer\n  role      packet-capture as a";
    assert!(ran.stdout.contains(extends), "{}", ran.stdout);
    assert!(ran.stdout.contains(DANGER), "{}", ran.stdout);
    assert!(ran.stdout.contains("  grants    15 min more, from its present end on\n"));
    let ran = host.writ(&["show", "7K3M-Q2", "--json"]);
    let printed: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(printed, extension_shown());
}

#[test]
fn status_shows_a_role_as_open_and_its_uses_as_not_counted() {
    let host = FakeHost::new();
    host.agent(|method, _| {
        let (mut open, mut used) = (window_request(), window_request());
        open["state"] = "granted".into();
        (used["state"], used["running"]) = ("running".into(), 2.into());
        match method {
            "Status" => reply(status()),
            _ => reply(json!({ "requests": [open, used] })),
        }
    });
    let ran = host.writ(&["status"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let words: Vec<&str> = ran.stdout.split_whitespace().collect();
    let words = words.join(" ");
    let is_root = nix::unistd::geteuid().is_root();
    let uses = if is_root { "" } else { " any" };
    assert!(words.contains(&format!("open 4:32{uses} (role packet-capture)")), "{words}");
    assert!(words.contains(&format!("open, 2 running 4:32{uses} (role packet-")), "{words}");
}
