//! Signed questions.

use writ_signed::{HostKey, Namespace, QuestionError, SignatureError, SignedQuestion, limits};

use crate::kit::*;

const TEXT: &str = r#"{"version":1,"host":"web-1","why":"a \"quoted\"\nline"}"#;

#[test]
fn a_host_signs_its_question() {
    let signed = SignedQuestion::sign(&host_key(), TEXT.into());
    let carried = SignedQuestion::parse(&signed.text().unwrap()).unwrap();
    assert_eq!(carried, signed);
    carried.verify(host_key().public()).unwrap();
    assert_eq!(carried.signer().unwrap(), *host_key().public());
    assert_eq!(carried.digest(), writ_signed::digest(TEXT));
}

#[test]
fn an_edited_question_is_of_no_host() {
    let signed = SignedQuestion::sign(&host_key(), TEXT.into());
    let edited = SignedQuestion { question: TEXT.replace("web-1", "web-2"), ..signed };
    let refused = edited.verify(host_key().public());
    assert!(matches!(refused, Err(QuestionError::Signature(SignatureError::Wrong))));
}

#[test]
fn another_host_of_the_same_name_is_another_host() {
    let signed = SignedQuestion::sign(&HostKey::from_seed(&[2; 32]), TEXT.into());
    let refused = signed.verify(host_key().public());
    assert!(matches!(refused, Err(QuestionError::OtherKey { .. })));
}

#[test]
fn what_the_host_signed_for_something_else_is_no_question() {
    for namespace in [Namespace::Decision, Namespace::Enroll, Namespace::Login] {
        let signature = host_key().sign(namespace, TEXT.as_bytes());
        let signed = SignedQuestion { question: TEXT.into(), signature };
        assert!(signed.verify(host_key().public()).is_err());
    }
}

#[test]
fn a_long_text_is_refused_and_the_longest_is_not() {
    let longest = "\\".repeat(limits::QUESTION_BYTES_MAX);
    let signed = SignedQuestion::sign(&host_key(), longest.clone()).text().unwrap();
    assert!(SignedQuestion::parse(&signed).is_ok());
    let longer = SignedQuestion::sign(&host_key(), format!("{longest}a")).text().unwrap();
    assert!(matches!(SignedQuestion::parse(&longer), Err(QuestionError::TooLong)));
    let padded = format!("{signed}{}", " ".repeat(limits::QUESTION_BYTES_MAX));
    assert!(matches!(SignedQuestion::parse(&padded), Err(QuestionError::TooLong)));
    let unknown = signed.replacen('{', "{\"more\":1,", 1);
    assert!(matches!(SignedQuestion::parse(&unknown), Err(QuestionError::Json(_))));
}
