//! The documents of docs/protocol-vectors.json, which others test themselves with too.
#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::process::{Command, Stdio};

use serde_json::Value;
use writ_signed::{
    Answer, ApproverKey, Expected, HostKey, PublicKey, Signature, SignedQuestion, code, digest,
};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../docs/protocol-vectors.json")).unwrap()
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap()
}

#[test]
fn the_question_is_what_the_vectors_say() {
    let all = vectors();
    let question = text(&all, "/question/text");
    assert_eq!(digest(question), text(&all, "/question/digest"));
    assert_eq!(code(question), text(&all, "/question/code"));
    let key: PublicKey = text(&all, "/host/key").parse().unwrap();
    assert_eq!(key.fingerprint().to_string(), text(&all, "/host/fingerprint"));
    let signed = SignedQuestion::parse(text(&all, "/question/signed")).unwrap();
    assert_eq!(signed.question, question);
    signed.verify(&key).unwrap();
    let host = HostKey::from_seed(&[1; 32]);
    assert_eq!(text(&all, "/host/seed"), "01".repeat(32));
    assert_eq!(SignedQuestion::sign(&host, question.to_owned()), signed);
}

#[test]
fn the_answers_count_as_the_vectors_say() {
    let all = vectors();
    let expected = Expected {
        host_key: text(&all, "/host/fingerprint").parse().unwrap(),
        id: "7K3M-Q2",
        question: text(&all, "/question/digest"),
        now_wall_ms: text(&all, "/now_wall_ms").parse().unwrap(),
    };
    let answers = all["answers"].as_array().unwrap();
    assert!(answers.len() > 20);
    for vector in answers {
        let keys = vector["keys"].as_array().unwrap().iter();
        let keys: Vec<ApproverKey> =
            keys.map(|key| key.as_str().unwrap().parse().unwrap()).collect();
        let answer = Answer::parse(text(vector, "/answer")).unwrap();
        let counts = answer.verify(&keys).is_ok_and(|verified| {
            verified.decision.approver == text(&all, "/approver")
                && verified.decision.check(&expected).is_ok()
        });
        assert_eq!(Some(counts), vector["counts"].as_bool(), "{}", vector["name"]);
    }
}

#[test]
fn ssh_keygen_verifies_what_counts_and_was_signed_by_a_key_of_its_kind() {
    let all = vectors();
    let folder = std::env::temp_dir().join(format!("writ-verify-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let verified = |key: &str, namespace: &str, signature: &str, message: &str| {
        std::fs::write(folder.join("signers"), format!("bob {key}\n")).unwrap();
        std::fs::write(folder.join("signature"), signature).unwrap();
        std::fs::write(folder.join("message"), message).unwrap();
        let message = std::fs::File::open(folder.join("message")).unwrap();
        Command::new("ssh-keygen")
            .args(["-Y", "verify", "-q", "-I", "bob", "-n", namespace, "-f"])
            .arg(folder.join("signers"))
            .arg("-s")
            .arg(folder.join("signature"))
            .stdin(message)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    };
    let signed = SignedQuestion::parse(text(&all, "/question/signed")).unwrap();
    let host = text(&all, "/host/key");
    assert!(verified(host, "question@writ", &signed.signature, &signed.question));
    assert!(!verified(host, "decision@writ", &signed.signature, &signed.question));
    let mut compared = 0;
    for vector in all["answers"].as_array().unwrap() {
        let answer = Answer::parse(text(vector, "/answer")).unwrap();
        let Signature::Ssh(armored) = &answer.signature else { continue };
        let line = text(vector, "/keys/0").trim_start_matches("verify-required ");
        if vector["counts"] == true {
            assert!(verified(line, "decision@writ", armored, &answer.decision), "{vector}");
            compared += 1;
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(compared >= 8, "{compared}");
}
