//! What approvers and hosts sign: documents, signatures, lines of keys.

use std::sync::LazyLock;

use serde_json::Value;
use writ_signed::{Answer, ApproverKey, Expected, Fingerprint, PublicKey, SignedQuestion, Sshsig};

/// The vectors of the protocol: the keys, the decisions that count, and what they answer.
struct Vectors {
    keys: Vec<ApproverKey>,
    counting: Vec<String>,
    host_key: Fingerprint,
    question: String,
    now_wall_ms: u64,
}

static VECTORS: LazyLock<Vectors> = LazyLock::new(|| {
    let text = include_str!("../../docs/protocol-vectors.json");
    let vectors: Value = serde_json::from_str(text).expect("the vectors are JSON");
    let (mut keys, mut counting) = (Vec::new(), Vec::new());
    for answer in vectors["answers"].as_array().expect("answers") {
        let lines = answer["keys"].as_array().into_iter().flatten();
        keys.extend(lines.map(|line| line.as_str().expect("a line").parse().expect("a key")));
        let text = answer["answer"].as_str().expect("a text");
        if let (Some(true), Ok(answer)) = (answer["counts"].as_bool(), Answer::parse(text)) {
            counting.push(answer.decision);
        }
    }
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    Vectors {
        keys,
        counting,
        host_key: text(&vectors["host"]["fingerprint"]).parse().expect("a fingerprint"),
        question: text(&vectors["question"]["digest"]),
        now_wall_ms: text(&vectors["now_wall_ms"]).parse().expect("a time"),
    }
});

/// Nothing counts but what was signed, and what is read is written as it was.
pub fn run(data: &[u8]) {
    let text = crate::lossy(data);
    if let Ok(answer) = Answer::parse(&text) {
        let written = answer.text().expect("it was read");
        assert_eq!(Answer::parse(&written).as_ref().ok(), Some(&answer), "{text:?}");
        let _ = answer.claimed();
        if counts(&answer) {
            let decision = &answer.decision;
            assert!(VECTORS.counting.contains(decision), "nobody has signed {decision:?}");
        }
    }
    if let Ok(question) = SignedQuestion::parse(&text) {
        let _ = question.signer();
    }
    let _ = Sshsig::parse(&text);
    if let Ok(key) = text.parse::<ApproverKey>() {
        assert_eq!(key.line().parse::<ApproverKey>().ok(), Some(key), "{text:?}");
    }
    if let Some(key) = PublicKey::from_blob(data) {
        assert_eq!(key.blob(), data);
    }
}

/// As a host decides it.
fn counts(answer: &Answer) -> bool {
    let expected = Expected {
        host_key: VECTORS.host_key,
        id: "7K3M-Q2",
        question: &VECTORS.question,
        now_wall_ms: VECTORS.now_wall_ms,
    };
    answer.verify(&VECTORS.keys).is_ok_and(|verified| {
        // Whose the keys are, a host knows by where they stand.
        verified.decision.approver == "bob" && verified.decision.check(&expected).is_ok()
    })
}
