//! What a decision says.

use writ_signed::{Decision, DecisionError, Expected, HostKey, digest, limits};

use crate::kit::*;

const NOW: u64 = 1_800_000_001_000;

fn today() -> Decision {
    decision(host_key().fingerprint())
}

fn check(decision: &Decision, now_wall_ms: u64) -> Result<(), DecisionError> {
    decision.check(&Expected {
        host_key: host_key().fingerprint(),
        id: "7K3M-Q2",
        question: &digest("a question"),
        now_wall_ms,
    })
}

#[test]
fn a_decision_is_on_one_question_of_one_host() {
    assert!(check(&today(), NOW).is_ok());
    let host_key = HostKey::from_seed(&[2; 32]).fingerprint();
    let other_host = Decision { host_key, ..today() };
    assert!(matches!(check(&other_host, NOW), Err(DecisionError::OtherHost { .. })));
    let other_request = Decision { id: "7K3M-Q3".into(), ..today() };
    assert!(matches!(check(&other_request, NOW), Err(DecisionError::OtherRequest(_))));
    let other_question = Decision { question: digest("another"), ..today() };
    assert!(matches!(check(&other_question, NOW), Err(DecisionError::OtherQuestion)));
    let capital = Decision { question: digest("a question").to_uppercase(), ..today() };
    assert!(matches!(check(&capital, NOW), Err(DecisionError::OtherQuestion)));
}

#[test]
fn a_decision_is_good_for_a_time() {
    let (made, expires) = (today().made_wall_ms, today().expires_wall_ms);
    assert!(check(&today(), expires - 1).is_ok());
    assert!(matches!(check(&today(), expires), Err(DecisionError::Expired)));
    assert!(check(&today(), made - limits::CLOCK_AHEAD_MS_MAX).is_ok());
    let early = check(&today(), made - limits::CLOCK_AHEAD_MS_MAX - 1);
    assert!(matches!(early, Err(DecisionError::Future)));
}

#[test]
fn its_times_make_sense() {
    let made = today().made_wall_ms;
    let read =
        |expires_wall_ms| Decision::parse(&Decision { expires_wall_ms, ..today() }.text().unwrap());
    assert!(read(made + limits::DECISION_LASTS_MS_MAX).is_ok());
    for expires in [made + limits::DECISION_LASTS_MS_MAX + 1, made, made - 1, 0, u64::MAX] {
        assert!(matches!(read(expires), Err(DecisionError::Times)), "{expires}");
    }
}

#[test]
fn what_is_not_of_this_version_is_not_half_understood() {
    let text = today().text().unwrap();
    assert_eq!(Decision::parse(&text).unwrap(), today());
    let newer = text.replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(Decision::parse(&newer), Err(DecisionError::Version(2))));
    for (from, to) in [
        ("{\"version\"", "{\"until\":1,\"version\""),
        ("{\"version\"", "{\"verdict\":\"deny\",\"version\""),
        ("\"approve\"", "\"Approve\""),
        ("\"600000\"", "600000"),
        ("\"600000\"", "\"0600000\""),
        ("\"600000\"", "\"+600000\""),
        ("\"1800000000000\"", "\" 1800000000000\""),
        ("\"uses\":1", "\"uses\":-1"),
        ("\"uses\":1", "\"uses\":4294967296"),
        ("SHA256:", "SHA512:"),
        ("\"approver\":\"bob\",", ""),
    ] {
        let other = text.replacen(from, to, 1);
        assert!(other != text && Decision::parse(&other).is_err(), "{other}");
    }
}

#[test]
fn its_texts_have_an_end() {
    let long = |length: usize| "x".repeat(length);
    let read = |decision: Decision| Decision::parse(&decision.text().unwrap());
    let (most, name) = (limits::COMMENT_BYTES_MAX, limits::NAME_BYTES_MAX);
    assert!(read(Decision { comment: Some(long(most)), ..today() }).is_ok());
    assert!(read(Decision { comment: Some(long(most + 1)), ..today() }).is_err());
    assert!(read(Decision { approver: long(name + 1), ..today() }).is_err());
    assert!(read(Decision { host: long(name + 1), ..today() }).is_err());
    assert!(read(Decision { id: long(name + 1), ..today() }).is_err());
    assert!(Decision::parse(&long(limits::DECISION_BYTES_MAX + 1)).is_err());
    // The longest comment in the longest way of writing it.
    let escaped = Decision { comment: Some("\u{1}".repeat(most)), ..today() };
    assert!(read(escaped).is_ok());
}
