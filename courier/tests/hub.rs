//! Between the agent and a hub that may be in anybody's hands.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed; clippy exempts only the functions under #[test]"
)]

#[path = "hub/fake_agent.rs"]
mod agent;
#[path = "collectors/courier.rs"]
#[allow(dead_code, reason = "what only the tests of collectors use")]
mod courier;
#[path = "hub/evil_hub.rs"]
mod evil_hub;

use std::time::Duration;

use agent::FakeAgent;
use courier::Courier;
use evil_hub::{EvilHub, Reply};

#[test]
fn questions_go_to_the_hub_and_their_ends_too() {
    let hub = EvilHub::listening();
    let agent = FakeAgent::enrolled(&hub.url());
    agent.open("aa");
    agent.open("bb");
    let _courier = Courier::started(&agent);
    hub.await_call("PUT /v1/host/questions/aa", r#"{"question": "aa"}"#);
    hub.await_call("PUT /v1/host/questions/bb", r#"{"question": "bb"}"#);
    agent.close("aa", "approved", Some("bob"));
    hub.await_call("POST /v1/host/questions/aa/over", r#"{"outcome":"approved","by":"bob"}"#);
    agent.open("cc");
    hub.await_call("PUT /v1/host/questions/cc", r#"{"question": "cc"}"#);
    assert!(hub.calls().iter().all(|call| call.credential == "Bearer secret"));
    agent.await_hub_state(None);
}

#[test]
fn a_hub_that_is_away_gets_each_question_once_when_it_is_back() {
    let mut hub = EvilHub::listening();
    hub.die();
    let agent = FakeAgent::enrolled(&hub.url());
    agent.open("aa");
    let _courier = Courier::started(&agent);
    let error = agent.await_hub_state(Some("it cannot be reached"));
    assert!(error.contains("Connection refused"), "{error}");
    agent.open("bb");
    agent.close("aa", "expired", None);
    hub.come_back();
    hub.await_call("PUT /v1/host/questions/bb", r#"{"question": "bb"}"#);
    agent.await_hub_state(None);
    // What was over before the hub could hear of it is withdrawn, if it was told at all.
    let puts = hub.calls().iter().filter(|call| call.line.starts_with("PUT")).count();
    assert!(puts <= 2, "{puts}");
}

#[test]
fn what_ended_while_the_courier_was_away_is_told() {
    let hub = EvilHub::listening();
    let agent = FakeAgent::enrolled(&hub.url());
    agent.open("aa");
    agent.open("bb");
    let courier = Courier::started(&agent);
    hub.await_call("PUT /v1/host/questions/aa", r#"{"question": "aa"}"#);
    hub.await_call("PUT /v1/host/questions/bb", r#"{"question": "bb"}"#);
    drop(courier);
    agent.close("aa", "denied", Some("bob"));
    hub.forget();
    let _courier = Courier::started(&agent);
    hub.await_call("POST /v1/host/questions/aa/over", r#"{"outcome":"over"}"#);
    // The other one is known there, and is not put again.
    agent.open("cc");
    hub.await_call("PUT /v1/host/questions/cc", r#"{"question": "cc"}"#);
    assert!(!hub.calls().iter().any(|call| call.line.contains("questions/bb")));
}

#[test]
fn an_answer_is_handed_over_as_it_came_and_the_hub_hears_what_became_of_it() {
    let hub = EvilHub::listening();
    let agent = FakeAgent::enrolled(&hub.url());
    let _courier = Courier::started(&agent);
    // Spaces, order and numbers are as they were signed.
    let answer = r#"{"decision":"{\"b\":1.0, \"a\":9007199254740993}" ,"signature":{"ssh":"x"}}"#;
    hub.answer(7, answer);
    assert_eq!(agent.await_answers(1), [answer]);
    hub.await_call("POST /v1/host/answers/7/taken", r#"{"accepted":true}"#);
    agent.refuse("it has expired");
    hub.answer(8, answer);
    hub.await_call("POST /v1/host/answers/8/taken", r#"{"accepted":false,"why":"it has expired"}"#);
}

#[test]
fn an_answer_waits_for_an_agent_that_is_away() {
    let hub = EvilHub::listening();
    let mut agent = FakeAgent::enrolled(&hub.url());
    let _courier = Courier::started(&agent);
    hub.await_line("GET /v1/host/answers");
    agent.go_away();
    hub.answer(1, r#"{"decision":"x"}"#);
    std::thread::sleep(Duration::from_millis(200));
    agent.come_back();
    assert_eq!(agent.await_answers(1), [r#"{"decision":"x"}"#]);
    hub.await_call("POST /v1/host/answers/1/taken", r#"{"accepted":true}"#);
}

#[test]
fn a_hub_that_doubles_reorders_and_invents_costs_little() {
    let hub = EvilHub::listening();
    let agent = FakeAgent::enrolled(&hub.url());
    agent.refuse("no key of an approver's has signed this");
    let _courier = Courier::started(&agent);
    // The same answers again and again, out of order, whatever was taken.
    let many =
        (1..=50).rev().map(|seq| format!(r#"{{"seq": {seq}, "answer": {{"decision": "{seq}"}}}}"#));
    let many = many.collect::<Vec<_>>().join(",");
    hub.reply_to("GET /v1/host/answers", Reply::Always(200, format!(r#"{{"answers": [{many}]}}"#)));
    agent.await_answers(50);
    std::thread::sleep(Duration::from_secs(3));
    let handed = agent.answers().len();
    assert_eq!(handed, 50);
    // And is asked less and less often.
    let asked = hub.calls().iter().filter(|call| call.line.starts_with("GET ")).count();
    assert!(asked <= 12, "{asked}");
    // Questions go on.
    agent.open("aa");
    hub.await_call("PUT /v1/host/questions/aa", r#"{"question": "aa"}"#);
}

#[test]
fn a_reply_without_end_or_that_is_none_is_refused_and_the_courier_goes_on() {
    let hub = EvilHub::listening();
    let agent = FakeAgent::enrolled(&hub.url());
    hub.reply_to("GET /v1/host/answers", Reply::Endless);
    let _courier = Courier::started(&agent);
    agent.await_hub_state(Some("longer than 2048 KiB"));
    hub.reply_to("GET /v1/host/answers", Reply::Always(200, "[[[[".to_owned()));
    agent.await_hub_state(Some("is not of the protocol"));
    let long = format!(r#"{{"answers": [{{"seq": 3, "answer": "{}"}}]}}"#, "x".repeat(70_000));
    hub.reply_to("GET /v1/host/answers", Reply::Always(200, long));
    hub.await_call(
        "POST /v1/host/answers/3/taken",
        r#"{"accepted":false,"why":"it is longer than 65536 bytes"}"#,
    );
    assert!(agent.answers().is_empty());
    hub.reply_to("GET /v1/host/answers", Reply::Usual);
    hub.answer(4, "{}");
    agent.await_answers(1);
}

#[test]
fn a_redirect_is_not_followed_and_takes_the_credential_nowhere() {
    let (hub, elsewhere) = (EvilHub::listening(), EvilHub::listening());
    let agent = FakeAgent::enrolled(&hub.url());
    hub.reply_to(
        "PUT /v1/host/questions/aa",
        Reply::Redirect(format!("{}/v1/host/questions/aa", elsewhere.url())),
    );
    agent.open("aa");
    let _courier = Courier::started(&agent);
    agent.await_hub_state(Some("(307 Temporary Redirect)"));
    assert!(elsewhere.calls().is_empty());
}

#[test]
fn what_the_hub_says_is_shown_and_does_not_act() {
    let hub = EvilHub::listening();
    let agent = FakeAgent::enrolled(&hub.url());
    let problem = r#"{"detail": "\u001b[2Jgone"}"#;
    hub.reply_to("GET /v1/host/answers", Reply::Always(401, problem.to_owned()));
    let _courier = Courier::started(&agent);
    let error = agent.await_hub_state(Some("does not take this host's credential"));
    assert!(error.contains("\\e[2Jgone") && error.contains("`writ enroll`"), "{error}");
}

#[test]
fn a_host_that_is_not_enrolled_says_so() {
    let hub = EvilHub::listening();
    let agent = FakeAgent::enrolled("http://127.0.0.1:1");
    agent.set_hub(&hub.url());
    let _courier = Courier::started(&agent);
    agent.await_hub_state(Some(
        "is enrolled at http://127.0.0.1:1, not there; as root, `writ enroll",
    ));
    assert!(hub.calls().is_empty());
}
