//! The shared object as sudo sees it: loaded, called through its two symbols, with
//! an agent that the test plays.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not as expected is a failed test, in its helpers too"
)]

mod host;

use host::{Answer, Plugin, Scripted};
use serde_json::json;

const ID: &str = "7K3M-Q2";

#[test]
fn nothing_but_the_two_plugins_is_exported() {
    let names = host::exported_symbols();
    assert_eq!(names, ["writ_approval", "writ_audit"]);
}

#[test]
fn an_allowed_command_is_asked_about_confirmed_and_finished() {
    let agent = Scripted::start([vec![Answer::state("allowed"), Answer::done()]]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    assert_eq!(plugin.check(&["id", "-u"]), Ok(()));
    assert_eq!(plugin.accept(), Ok(()));
    plugin.close_with_exit(7);
    let calls = agent.calls(3);
    assert_eq!(calls[0]["method"], "io.writ.Agent.Ask");
    assert_eq!(calls[0]["more"], true);
    let ask = &calls[0]["parameters"];
    assert_eq!(ask["door"], "sudo");
    assert_eq!(ask["interactive"], false);
    assert_eq!(ask["command"]["argv"], json!(["id", "-u"]));
    assert_eq!(ask["attempt"].as_str().unwrap().len(), 32);
    assert_eq!(calls[1]["parameters"], json!({ "attempt": ask["attempt"], "id": ID }));
    assert_eq!(calls[2]["method"], "io.writ.Agent.Finish");
    assert_eq!(calls[2]["parameters"]["ending"], json!({ "exit_status": 7 }));
}

#[test]
fn a_connection_that_the_agent_let_go_before_it_was_asked_is_made_anew_without_a_word() {
    let agent =
        Scripted::start([vec![Answer::give_way()], vec![Answer::state("allowed"), Answer::done()]]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    assert_eq!(plugin.check(&["id", "-u"]), Ok(()));
    assert_eq!(plugin.accept(), Ok(()));
    let calls = agent.calls(2);
    assert_eq!(calls[0]["method"], "io.writ.Agent.Ask");
    assert_eq!(calls[1]["method"], "io.writ.Agent.Confirm");
}

/// What a start ends with that came to nothing: ECANCELED (errno(3)).
const NOT_STARTED: i32 = 125;

fn methods(calls: &[serde_json::Value]) -> Vec<&str> {
    calls.iter().filter_map(|call| call["method"].as_str()?.rsplit('.').next()).collect()
}

#[test]
fn a_start_that_is_on_record_with_the_answer_is_not_confirmed_again() {
    let agent = Scripted::start([vec![Answer::started(0)]]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    assert_eq!(plugin.check(&["id"]), Ok(()));
    assert_eq!(plugin.accept(), Ok(()));
    plugin.close_with_exit(7);
    let calls = agent.calls(2);
    assert_eq!(methods(&calls), ["Ask", "Finish"]);
    assert_eq!(calls[0]["parameters"]["at_once"], true);
    assert_eq!(calls[1]["parameters"]["ending"], json!({ "exit_status": 7 }));
}

#[test]
fn a_sudo_that_was_stopped_before_its_start_has_to_be_allowed_anew() {
    // 1,001 ms ago, and at a time that is yet to come.
    for (started_ms_ago, second, allowed) in
        [(1_001, "allowed", true), (1_001, "denied", false), (-5_000, "denied", false)]
    {
        let agent = Scripted::start([vec![
            Answer::started(started_ms_ago),
            Answer::silence(),
            Answer::state(second),
            Answer::done(),
        ]]);
        let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
        assert_eq!(plugin.check(&["id"]), Ok(()));
        assert_eq!(plugin.accept().is_ok(), allowed, "{second}");
        let calls = agent.calls(if allowed { 4 } else { 3 });
        assert_eq!(methods(&calls[..3]), ["Ask", "Finish", "Ask"]);
        assert!(calls.get(3).is_none_or(|call| call["method"] == "io.writ.Agent.Confirm"));
        assert_eq!(calls[1]["parameters"]["ending"], json!({ "exec_errno": NOT_STARTED }));
        let attempt = |call: usize| &calls[call]["parameters"]["attempt"];
        assert_eq!(attempt(0), attempt(1));
        assert_ne!(attempt(1), attempt(2));
        assert_eq!(calls[2]["parameters"].get("at_once"), None);
    }
}

#[test]
fn a_start_that_another_plugin_refuses_is_taken_back() {
    let agent = Scripted::start([vec![Answer::started(0)]]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    assert_eq!(plugin.check(&["id"]), Ok(()));
    plugin.close_without_status();
    let calls = agent.calls(2);
    assert_eq!(methods(&calls), ["Ask", "Finish"]);
    assert_eq!(calls[1]["parameters"]["ending"], json!({ "exec_errno": NOT_STARTED }));
}

#[test]
fn a_denied_command_is_refused_with_the_sentence() {
    let agent = Scripted::start([vec![Answer::said("denied", "no role of yours has it")]]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    let refusal = plugin.check(&["id"]).unwrap_err();
    assert_eq!(refusal, (0, "writ: denied: no role of yours has it (7K3M-Q2)".to_owned()));
}

#[test]
fn a_grant_that_has_ended_stops_the_command_at_its_start() {
    let agent = Scripted::start([vec![
        Answer::state("allowed"),
        Answer::error("Refused", "bob revoked it"),
    ]]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    assert_eq!(plugin.check(&["id"]), Ok(()));
    let refusal = plugin.accept().unwrap_err();
    assert_eq!(refusal, (-1, "the command was not started: bob revoked it".to_owned()));
}

#[test]
fn without_an_agent_root_passes_and_nobody_else() {
    let nowhere = host::nowhere();
    let (status, sentence) = Plugin::opened(&nowhere, 1000, &[]).check(&["id"]).unwrap_err();
    assert_eq!(status, 0);
    assert!(sentence.contains("cannot be reached"), "{sentence}");
    let root = Plugin::opened(&nowhere, 0, &[]);
    assert_eq!(root.check(&["id"]), Ok(()));
    assert_eq!(root.accept(), Ok(()));
}

#[test]
fn what_passes_without_the_agent_is_asked_about_beside_it_and_started_at_once() {
    let beside = Scripted::beside_no_agent([vec![Answer::passes(0)]]);
    let plugin = Plugin::opened(&beside.socket(), 1000, &[]);
    assert_eq!(plugin.check(&["id", "-u"]), Ok(()));
    assert_eq!(plugin.accept(), Ok(()));
    plugin.close_with_exit(0);
    let calls = beside.calls(1);
    assert_eq!(methods(&calls), ["Ask"]);
    assert_eq!(calls[0]["parameters"]["at_once"], true);
    assert_eq!(calls[0]["parameters"]["command"]["argv"], json!(["id", "-u"]));
    assert!(beside.heard_nothing(), "nobody is there to be told of its end");
}

#[test]
fn what_does_not_pass_without_the_agent_is_refused_with_both_sentences() {
    let no = Answer::error("Refused", "the policy lets nothing of the kind pass");
    for answers in [vec![no], vec![Answer::error("NoRecord", "the policy lets nothing")]] {
        let beside = Scripted::beside_no_agent([answers]);
        let (status, told) =
            Plugin::opened(&beside.socket(), 1000, &[]).check(&["id"]).unwrap_err();
        assert_eq!(status, 0);
        assert!(told.contains("denied: Writ's agent cannot be reached"), "{told}");
        assert!(told.contains("; the policy lets nothing"), "{told}");
    }
    // What is no answer of its is a refusal by the agent's absence alone.
    for answer in [Answer::state("waiting"), Answer::state("unasked"), Answer::hang_up()] {
        let beside = Scripted::beside_no_agent([vec![answer]]);
        let (_, told) = Plugin::opened(&beside.socket(), 1000, &[]).check(&["id"]).unwrap_err();
        assert!(told.contains("denied: Writ's agent cannot be reached"), "{told}");
    }
}

/// What `writ breakglass` leaves to the sudo that it becomes, in the process `pid`.
fn emergency(pid: u32) -> [String; 2] {
    [format!("WRIT_BREAK_GLASS={pid}"), "WRIT_REASON=disk full".to_owned()]
}

#[test]
fn an_emergency_that_writ_breakglass_left_to_it_is_told_once_and_only_where_the_agent_is_away() {
    let beside = Scripted::beside_no_agent([vec![Answer::passes(0)]]);
    let variables = emergency(std::process::id());
    let variables = variables.each_ref().map(String::as_str);
    let plugin = Plugin::opened_with(&beside.socket(), 1000, &variables);
    assert_eq!(plugin.check(&["id"]), Ok(()));
    assert_eq!(plugin.accept(), Ok(()));
    let call = &beside.calls(1)[0]["parameters"];
    assert_eq!((&call["break_glass"], &call["reason"]), (&json!(true), &json!("disk full")));
    assert!(beside.heard_nothing());
    // The agent is asked as ever, and its no holds.
    let agent = Scripted::start([vec![Answer::said("denied", "no")]]);
    let beside = agent.and_beside([vec![Answer::passes(0)]]);
    let (_, told) =
        Plugin::opened_with(&agent.socket(), 1000, &variables).check(&["id"]).unwrap_err();
    assert!(told.contains("denied: no"), "{told}");
    assert_eq!(agent.calls(1)[0]["parameters"].get("break_glass"), None);
    assert!(beside.heard_nothing());
}

#[test]
fn an_emergency_of_another_process_is_none() {
    for pid in [0, 1, std::process::id() + 1] {
        let beside = Scripted::beside_no_agent([vec![Answer::error("Refused", "no")]]);
        let variables = emergency(pid);
        let variables = variables.each_ref().map(String::as_str);
        assert!(Plugin::opened_with(&beside.socket(), 1000, &variables).check(&["id"]).is_err());
        assert_eq!(beside.calls(1)[0]["parameters"].get("break_glass"), None);
    }
}

#[test]
fn who_cannot_be_asked_why_does_not_break_the_glass() {
    let beside = Scripted::beside_no_agent([vec![Answer::wanted_reason(), Answer::passes(0)]]);
    let plugin = Plugin::opened_with(&beside.socket(), 1000, &["WRIT_REASON=of the environment"]);
    let (_, told) = plugin.check(&["id"]).unwrap_err();
    assert!(told.contains("no reason was given, and the glass was not broken"), "{told}");
    assert_eq!(beside.calls(1)[0]["parameters"].get("break_glass"), None);
    assert!(beside.heard_nothing(), "it is not asked once more");
}

#[test]
fn too_many_of_the_agent_is_an_answer_and_no_absence() {
    let agent = Scripted::start([vec![Answer::error("TooMany", "as many as may")]]);
    let beside = agent.and_beside([vec![Answer::passes(0)]]);
    let variables = emergency(std::process::id());
    let variables = variables.each_ref().map(String::as_str);
    let plugin = Plugin::opened_with(&agent.socket(), 1000, &variables);
    let (_, told) = plugin.check(&["id"]).unwrap_err();
    assert!(told.contains("as many as may"), "{told}");
    assert!(beside.heard_nothing());
}

#[test]
fn what_the_agent_says_holds_whatever_would_pass_without_it() {
    let refused = Answer::error("NoRecord", "the ledger is broken");
    for no in [Answer::said("denied", "no"), refused, Answer::state("unasked")] {
        let agent = Scripted::start([vec![no]]);
        let beside = agent.and_beside([vec![Answer::passes(0)]]);
        assert!(Plugin::opened(&agent.socket(), 1000, &[]).check(&["id"]).is_err());
        assert!(beside.heard_nothing());
    }
}

#[test]
fn roots_own_is_not_asked_about_beside_the_agent() {
    let beside = Scripted::beside_no_agent([vec![Answer::error("Refused", "no")]]);
    let root = Plugin::opened(&beside.socket(), 0, &[]);
    assert_eq!(root.check(&["id"]), Ok(()));
    assert_eq!(root.accept(), Ok(()));
    assert!(beside.heard_nothing());
}

#[test]
fn an_agent_that_hangs_is_gone_without_in_time() {
    let agent = Scripted::start([vec![Answer::silence()]]);
    // It takes longer than a start is good for.
    let beside = agent.and_beside([vec![Answer::passes(0)], vec![Answer::passes(0)]]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    assert_eq!(plugin.check(&["id"]), Ok(()));
    assert_eq!(plugin.accept(), Ok(()));
    assert_eq!(beside.calls(2)[0]["parameters"], agent.calls(1)[0]["parameters"]);
}

#[test]
fn a_sudo_that_was_stopped_must_still_pass_without_the_agent() {
    let no = Answer::error("Refused", "the policy files have changed");
    for (second, passes) in [(Answer::passes(0), true), (no, false)] {
        let beside = Scripted::beside_no_agent([vec![Answer::passes(1_001)], vec![second]]);
        let plugin = Plugin::opened(&beside.socket(), 1000, &[]);
        assert_eq!(plugin.check(&["id"]), Ok(()));
        assert_eq!(plugin.accept().is_ok(), passes);
        let calls = beside.calls(2);
        assert_eq!(calls[0]["parameters"], calls[1]["parameters"], "it is the same attempt");
    }
}

#[test]
fn an_agent_that_hangs_is_a_refusal_in_time() {
    let agent = Scripted::start([vec![Answer::silence()]]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    let (_, sentence) = plugin.check(&["id"]).unwrap_err();
    assert!(sentence.contains("did not answer in time"), "{sentence}");
}

#[test]
fn a_lost_agent_is_asked_again_under_the_same_attempt() {
    let agent = Scripted::start([
        vec![Answer::waiting(), Answer::hang_up()],
        vec![Answer::state("allowed"), Answer::done()],
    ]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    assert_eq!(plugin.check(&["id"]), Ok(()));
    assert_eq!(plugin.accept(), Ok(()));
    let calls = agent.calls(3);
    assert_eq!(calls[0]["parameters"], calls[1]["parameters"]);
    assert_eq!(calls[2]["method"], "io.writ.Agent.Confirm");
}

#[test]
fn a_new_agent_that_does_not_know_the_attempt_must_allow_it_at_once() {
    for (second, allowed) in [("allowed", true), ("denied", false)] {
        let agent = Scripted::start([
            vec![Answer::state("allowed"), Answer::hang_up()],
            vec![Answer::not_found(), Answer::state(second), Answer::done()],
        ]);
        let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
        assert_eq!(plugin.check(&["id"]), Ok(()));
        assert_eq!(plugin.accept().is_ok(), allowed, "{second}");
    }
}

#[test]
fn a_new_agent_that_is_lost_as_well_is_asked_once_more() {
    let agent = Scripted::start([
        vec![Answer::state("allowed"), Answer::hang_up()],
        vec![Answer::not_found(), Answer::hang_up()],
        vec![Answer::not_found(), Answer::state("allowed"), Answer::hang_up()],
        vec![Answer::done()],
    ]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    assert_eq!(plugin.check(&["id"]), Ok(()));
    assert_eq!(plugin.accept(), Ok(()));
}

#[test]
fn what_is_missing_is_named_where_nobody_can_be_asked() {
    let agent = Scripted::start([vec![Answer::wanted_reason()]]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    let (_, sentence) = plugin.check(&["id"]).unwrap_err();
    assert_eq!(
        sentence,
        "writ: denied: a reason is needed and there is no terminal to ask for it at; set WRIT_REASON"
    );
}

#[test]
fn a_command_within_an_intercepted_one_is_confirmed_before_it_runs() {
    let agent = Scripted::start([
        vec![Answer::state("allowed"), Answer::done()],
        vec![Answer::state("allowed"), Answer::done()],
        vec![Answer::said("denied", "not this one")],
    ]);
    let plugin = Plugin::opened(&agent.socket(), 1000, &[]);
    assert_eq!(plugin.check(&["sh"]), Ok(()));
    assert_eq!(plugin.accept(), Ok(()));
    assert_eq!(plugin.check(&["/usr/bin/id"]), Ok(()));
    assert!(plugin.check(&["/usr/bin/cat"]).is_err());
    plugin.close_with_exit(0);
    let calls = agent.calls(6);
    assert_eq!(methods(&calls), ["Ask", "Confirm", "Ask", "Confirm", "Ask", "Finish"]);
    assert_ne!(calls[0]["parameters"]["attempt"], calls[2]["parameters"]["attempt"]);
    assert_eq!(calls[0]["parameters"]["attempt"], calls[5]["parameters"]["attempt"]);
}

#[test]
fn a_panic_is_a_refusal_and_root_passes() {
    let (status, sentence) =
        Plugin::opened(&host::nowhere(), 1000, &["panic"]).check(&["id"]).unwrap_err();
    assert_eq!(status, 0);
    assert!(sentence.contains("failed inside"), "{sentence}");
    assert_eq!(Plugin::opened(&host::nowhere(), 0, &["panic"]).check(&["id"]), Ok(()));
}

#[test]
fn one_plugin_without_the_other_is_a_refusal() {
    let nowhere = host::nowhere();
    let approval_only = Plugin::loaded();
    approval_only.open_approval(&nowhere, 1000);
    assert!(approval_only.check(&["id"]).unwrap_err().1.contains("names only one"));
    let audit_only = Plugin::loaded();
    audit_only.open_audit(&nowhere, 1000, &[]);
    assert!(audit_only.accept().unwrap_err().1.contains("names only one"));
}
