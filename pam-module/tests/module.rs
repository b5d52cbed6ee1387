//! The module alone, called by PAM itself, against an agent that answers as it is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is a test, where a panic is a failure with its place"
)]

mod host;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use host::{Answer, LEFT_ALONE, Scripted, Transaction, exported_symbols};
use serde_json::json;

/// The request that the agent names.
pub(crate) const ID: &str = "7K3M-Q2";

/// Somebody who is not root, at a program of no name.
const SOMEBODY: &str = "uid=1000 program=/usr/bin/su";

fn su(agent: &Scripted, options: &str) -> Transaction {
    Transaction::new("su", "root", &agent.socket(), options)
}

fn unasked() -> Answer {
    Answer::Frame(json!({ "parameters": { "answer": { "state": "unasked" } } }))
}

/// Allowed by people, for a minute.
fn allowed_for_a_minute() -> Answer {
    let answer = json!({ "state": "allowed", "id": ID, "remaining_ms": 60_000 });
    Answer::Frame(json!({ "parameters": { "answer": answer } }))
}

#[test]
fn what_policy_allows_by_itself_is_confirmed_once() {
    let agent = Scripted::start([vec![Answer::state("allowed"), Answer::done()]]);
    let told = su(&agent, SOMEBODY).stages(&["acct", "open", "close"]).run();
    assert_eq!(told, ["acct 0", "open 0", "close 0"]);
    assert_eq!(agent.calls(2)[1]["method"], "io.writ.Agent.Confirm");
}

#[test]
fn what_people_allow_passes_every_stage_and_is_confirmed_in_each() {
    let agent = Scripted::start([vec![allowed_for_a_minute(), Answer::done(), Answer::done()]]);
    let told = su(&agent, SOMEBODY).stages(&["acct", "open", "close"]).run();
    assert_eq!(told, ["acct 0", "open 0", "close 0"]);
    let calls = agent.calls(3);
    let asked = &calls[0]["parameters"];
    assert_eq!(
        (asked["door"].as_str(), asked["session"]["service"].as_str()),
        (Some("pam"), Some("su"))
    );
    assert_eq!(asked["session"]["run_as"]["uid"], 0);
    assert_eq!(asked["interactive"], false);
    for call in &calls[1..] {
        assert_eq!(call["method"], "io.writ.Agent.Confirm");
        assert_eq!(call["parameters"]["attempt"], asked["attempt"]);
    }
}

#[test]
fn the_module_exports_what_pam_calls_and_nothing_else() {
    let names = ["acct_mgmt", "authenticate", "close_session", "open_session", "setcred"];
    assert_eq!(exported_symbols(), names.map(|name| format!("pam_sm_{name}")));
}

#[test]
fn a_helper_of_polkit_that_root_started_is_nobodys() {
    let agent = Scripted::start([]);
    let told =
        Transaction::new("polkit-1", "root", &agent.socket(), "uid=0").stages(&["acct"]).run();
    assert!(told[0].contains("who asks cannot be told"), "{told:?}");
    assert_eq!(told[1], "acct 6");
}

#[test]
fn authentication_and_credentials_are_passed_over() {
    let agent = Scripted::start([]);
    let told = su(&agent, SOMEBODY).stages(&["authenticate", "setcred"]).run();
    assert_eq!(told[0], "authenticate 13");
    assert!(!told[1].ends_with(" 0"), "{told:?}");
}

#[test]
fn a_denial_is_said_and_is_permission_denied() {
    let agent = Scripted::start([vec![Answer::said("denied", "not \u{1b}[2J this")]]);
    let told = su(&agent, SOMEBODY).stages(&["acct"]).run();
    assert_eq!(told, ["message 3 writ: denied: not \\e[2J this (7K3M-Q2)", "acct 6"]);
}

#[test]
fn what_is_left_open_is_told_with_how_to_come_back() {
    let agent = Scripted::start([vec![Answer::said("open", "7K3M-Q2 stays open")]]);
    let told = su(&agent, SOMEBODY).stages(&["acct"]).run();
    assert_eq!(told, ["message 3 writ: 7K3M-Q2 stays open", "acct 6"]);
}

#[test]
fn a_service_that_is_left_alone_is_so_in_every_stage_and_not_confirmed() {
    let agent = Scripted::start([vec![unasked()]]);
    let told = su(&agent, SOMEBODY).stages(&["acct", "open"]).run();
    assert_eq!(told, [format!("acct {LEFT_ALONE}"), format!("open {LEFT_ALONE}")]);
}

#[test]
fn a_wait_is_told_once_and_then_how_it_ended() {
    let answers =
        vec![Answer::waiting(), Answer::said("allowed", "approved by bob"), Answer::done()];
    for (stage, shown) in [("acct", 2), ("silent-acct", 1)] {
        let agent = Scripted::start([answers.clone()]);
        let told = su(&agent, SOMEBODY).stages(&[stage]).run();
        assert_eq!(told[0], "message 3 writ: 7K3M-Q2 waiting for @oncall");
        assert_eq!(told.len(), shown + 1, "{told:?}");
        assert_eq!(told[shown], format!("{stage} 0"));
    }
}

#[test]
fn a_reason_is_asked_for_where_the_program_can_ask() {
    let answers = || vec![Answer::wanted_reason(), Answer::state("allowed"), Answer::done()];
    let agent = Scripted::start([answers()]);
    let told = Transaction::new("login", "root", &agent.socket(), "uid=0")
        .stages(&["answer=disk full ", "acct"])
        .run();
    assert_eq!(told, ["message 2 Reason: ", "acct 0"]);
    assert_eq!(agent.calls(2)[1]["parameters"]["reason"], "disk full");
}

#[test]
fn a_program_that_cannot_ask_is_refused_with_what_is_missing() {
    let agent = Scripted::start([vec![Answer::wanted_reason()]]);
    let told =
        Transaction::new("login", "daemon", &agent.socket(), "uid=0").stages(&["acct"]).run();
    assert!(
        told[1].contains("a reason is needed, and nobody can be asked for it here"),
        "{told:?}"
    );
    assert_eq!(told[2], "acct 6");
}

#[test]
fn an_answer_that_would_act_on_a_terminal_is_not_passed_on() {
    let agent = Scripted::start([vec![Answer::wanted_reason()]]);
    let told = Transaction::new("login", "daemon", &agent.socket(), "uid=0")
        .stages(&["answer=\u{1b}[2J", "acct"])
        .run();
    assert_eq!(told.last().unwrap(), "acct 6");
    assert!(told[1].contains("plain text"), "{told:?}");
}

#[test]
fn root_passes_whatever_the_agent_does_and_nobody_else_does() {
    let roots = "uid=0 program=/usr/bin/su";
    let nowhere = PathBuf::from("/nonexistent/agent");
    let dead =
        |options| Transaction::new("su", "root", &nowhere, options).stages(&["acct", "open"]);
    assert_eq!(dead(roots).run(), ["acct 0", "open 0"]);
    let refused = dead(SOMEBODY).run();
    assert!(refused[0].starts_with("message 3 writ: denied: "), "{refused:?}");
    assert_eq!(refused[1], "acct 6");
    for answers in [vec![Answer::silence()], vec![Answer::error("NoRecord", "the disk is full")]] {
        let agent = Scripted::start([answers.clone()]);
        assert_eq!(su(&agent, roots).stages(&["acct"]).run(), ["acct 0"]);
        let agent = Scripted::start([answers]);
        assert_eq!(su(&agent, SOMEBODY).stages(&["acct"]).run()[1], "acct 6");
    }
}

#[test]
fn who_comes_in_as_root_is_root_and_who_comes_in_by_roots_daemon_is_not() {
    let nowhere = PathBuf::from("/nonexistent/agent");
    for (service, user, code) in [("sshd", "root", 0), ("login", "root", 0), ("sshd", "daemon", 6)]
    {
        let told = Transaction::new(service, user, &nowhere, "uid=0").stages(&["acct"]).run();
        assert_eq!(told.last().unwrap(), &format!("acct {code}"), "{service} {user}");
    }
}

#[test]
fn an_agent_that_goes_away_in_the_middle_is_asked_again_by_the_same_name() {
    let agent = Scripted::start([
        vec![Answer::waiting(), Answer::hang_up()],
        vec![Answer::state("allowed"), Answer::done()],
    ]);
    let told = su(&agent, SOMEBODY).stages(&["acct"]).run();
    assert_eq!(told.last().unwrap(), "acct 0");
    let calls = agent.calls(2);
    assert_eq!(calls[0]["parameters"]["attempt"], calls[1]["parameters"]["attempt"]);
}

#[test]
fn what_was_revoked_before_the_session_began_does_not_begin() {
    let agent = Scripted::start([vec![
        allowed_for_a_minute(),
        Answer::done(),
        Answer::error("Refused", "it does not stand any more"),
    ]]);
    let told = su(&agent, SOMEBODY).stages(&["acct", "open"]).run();
    assert_eq!(told[0], "acct 0");
    assert!(told[1].contains("does not stand any more"), "{told:?}");
    assert_eq!(told[2], "open 14");
}

#[test]
fn a_session_of_another_user_than_was_asked_does_not_begin() {
    let agent = Scripted::start([vec![Answer::state("allowed"), Answer::done(), Answer::done()]]);
    let told = Transaction::new("su", "daemon", &agent.socket(), SOMEBODY)
        .stages(&["acct", "user=root", "open"])
        .run();
    assert!(told[2].contains("another user"), "{told:?}");
    assert_eq!(told[3], "open 14");
}

#[test]
fn a_command_of_sudo_rs_that_was_not_asked_about_does_not_begin() {
    let agent = Scripted::start([]);
    let told = Transaction::new("sudo", "root", &agent.socket(), "uid=1000 program=sudo-rs")
        .stages(&["open"])
        .run();
    assert!(told[0].contains("did not ask"), "{told:?}");
    assert_eq!(told[1], "open 14");
}

#[test]
fn the_service_of_sudo_in_another_program_is_no_way_past() {
    let agent = Scripted::start([]);
    let told = Transaction::new("doas", "root", &agent.socket(), "uid=1000 program=/tmp/x")
        .stages(&["acct"])
        .run();
    assert_eq!(told.last().unwrap(), "acct 6");
}

#[test]
fn a_panic_is_a_refusal_and_says_nothing_on_the_terminal() {
    let agent = Scripted::start([]);
    let options = format!("{SOMEBODY} panic");
    let told = su(&agent, &options).stages(&["acct", "open"]).run();
    assert_eq!(told, ["acct 4", "open 4"]);
}

#[test]
fn tight_limits_and_missing_descriptors_let_nobody_in() {
    for script in [
        "ulimit -n 8; exec \"$@\"",
        "ulimit -f 0; exec \"$@\"",
        "exec \"$@\" 0<&-",
        "exec \"$@\" 2>&-",
        "exec \"$@\" 0<&- 2>&-",
    ] {
        let agent = Scripted::start([vec![Answer::state("allowed"), Answer::done()]]);
        let told = su(&agent, SOMEBODY).by_shell(script).stages(&["acct"]).run();
        assert_eq!(told, ["acct 0"], "{script}");
        let agent = Scripted::start([vec![Answer::said("denied", "no")]]);
        let told = su(&agent, SOMEBODY).by_shell(script).stages(&["acct"]).run();
        assert_eq!(told.last().unwrap(), "acct 6", "{script}");
    }
}

#[test]
fn an_environment_says_nothing() {
    let agent = Scripted::start([vec![Answer::said("denied", "no")]]);
    let hostile = [
        ("WRIT_REASON", "because"),
        ("WRIT_SOCKET", "/tmp/agent"),
        ("SUDO_COMMAND", "/bin/true"),
        ("PAM_SERVICE", "cron"),
        ("PAM_USER", "daemon"),
        ("LD_LIBRARY_PATH", "/nonexistent"),
        ("RUST_BACKTRACE", "1"),
    ];
    let told = su(&agent, SOMEBODY).environment(&hostile).stages(&["acct"]).run();
    assert_eq!(told.last().unwrap(), "acct 6");
    let asked = &agent.calls(1)[0]["parameters"];
    assert_eq!(asked["session"]["service"], "su");
    assert_eq!(asked.get("reason"), None);
}

#[test]
fn a_command_line_of_any_bytes_and_64_kib_is_told_whole() {
    let words = [
        OsString::from_vec(b"\x1b[2J\xff\n".to_vec()),
        OsString::from(""),
        OsString::from("x".repeat(64 * 1024)),
    ];
    let agent = Scripted::start([vec![Answer::state("allowed"), Answer::done()]]);
    let told = su(&agent, SOMEBODY).words(&words).stages(&["acct"]).run();
    assert_eq!(told, ["acct 0"]);
    let asked = &agent.calls(1)[0]["parameters"]["session"]["typed"];
    let typed: Vec<&str> =
        asked.as_array().unwrap().iter().filter_map(|word| word.as_str()).collect();
    let [.., odd, empty, long] = typed[..] else { panic!("{typed:?}") };
    assert_eq!((odd, empty, long.len()), ("\u{1b}[2J\\xff\n", "", 64 * 1024));
}

#[test]
fn a_command_line_that_is_too_long_to_be_shown_is_refused() {
    let words = vec![OsString::from("x".repeat(100_000)); 4];
    let agent = Scripted::start([]);
    let told = su(&agent, SOMEBODY).words(&words).stages(&["acct"]).run();
    assert!(told[0].contains("too long"), "{told:?}");
    assert_eq!(told[1], "acct 6");
}
