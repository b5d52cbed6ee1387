//! Answers signed by keys of SSH.

use writ_signed::{
    Answer, AnswerError, ApproverKey, Hash, Namespace, Signature, SignatureError, Sshsig, armor,
};

use crate::kit::*;

fn trusted(key: &SshKey) -> ApproverKey {
    ApproverKey::Ssh { key: key.public(), verify_required: false }
}

fn all() -> Vec<SshKey> {
    vec![ed25519(2), p256(2), p384(2)]
}

#[test]
fn a_key_of_each_kind_answers() {
    for key in all() {
        let decision = decision(host_key().fingerprint());
        let answer = Answer::parse(&key.answer(&decision).text().unwrap()).unwrap();
        let verified = answer.verify([&trusted(&ed25519(9)), &trusted(&key)]).unwrap();
        assert_eq!((verified.decision, verified.key), (decision, key.public().fingerprint()));
    }
}

#[test]
fn the_key_of_somebody_else_does_not_answer() {
    for key in all() {
        let answer = key.answer(&decision(host_key().fingerprint()));
        for other in [ed25519(3), p256(3), p384(3)] {
            let refused = answer.verify([&trusted(&other)]);
            assert!(matches!(refused, Err(AnswerError::OtherKey(_))), "{refused:?}");
        }
        assert!(matches!(answer.verify([]), Err(AnswerError::OtherKey(_))));
    }
}

#[test]
fn a_signature_that_only_names_the_approvers_key_is_wrong() {
    for (his, mine) in [(ed25519(2), ed25519(3)), (p256(2), p256(3)), (p384(2), p384(3))] {
        let text = decision(host_key().fingerprint()).text().unwrap();
        let signed = Sshsig::to_sign(Namespace::Decision, Hash::Sha512, text.as_bytes());
        let forged = Sshsig::armored(
            &his.public(),
            Namespace::Decision,
            Hash::Sha512,
            &mine.signature(&signed),
        );
        let answer = Answer { decision: text, signature: Signature::Ssh(forged) };
        let refused = answer.verify([&trusted(&his)]);
        assert!(matches!(refused, Err(AnswerError::Signature(SignatureError::Wrong))));
    }
}

#[test]
fn no_byte_of_the_decision_can_be_changed() {
    let key = ed25519(2);
    let answer = key.answer(&decision(host_key().fingerprint()));
    for at in 0..answer.decision.len() {
        let mut bytes = answer.decision.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(decision) = String::from_utf8(bytes) else { continue };
        let changed = Answer { decision, ..answer.clone() };
        let refused = changed.verify([&trusted(&key)]);
        assert!(matches!(refused, Err(AnswerError::Signature(SignatureError::Wrong))), "{at}");
    }
}

#[test]
fn no_byte_of_a_signature_can_be_changed() {
    for key in all() {
        let decision = decision(host_key().fingerprint());
        let Signature::Ssh(armored) = key.answer(&decision).signature else { unreachable!() };
        let blob = armor::unwrap("SSH SIGNATURE", &armored).unwrap();
        for at in 0..blob.len() {
            let mut blob = blob.clone();
            blob[at] ^= 1 << (at % 8);
            let signature = Signature::Ssh(armor::wrap("SSH SIGNATURE", &blob));
            let changed = Answer { decision: decision.text().unwrap(), signature };
            assert!(changed.verify([&trusted(&key)]).is_err(), "{} {at}", key.public().kind());
        }
    }
}

#[test]
fn a_signature_that_was_cut_or_doubled_is_none() {
    for key in all() {
        let decision = decision(host_key().fingerprint());
        let Signature::Ssh(armored) = key.answer(&decision).signature else { unreachable!() };
        let blob = armor::unwrap("SSH SIGNATURE", &armored).unwrap();
        let refused = |signature: String| {
            let answer =
                Answer { decision: decision.text().unwrap(), signature: Signature::Ssh(signature) };
            assert!(answer.verify([&trusted(&key)]).is_err());
        };
        for length in 0..blob.len() {
            refused(armor::wrap("SSH SIGNATURE", &blob[..length]));
        }
        refused(armor::wrap("SSH SIGNATURE", &[blob.clone(), vec![0]].concat()));
        refused(armor::wrap("SSH SIGNATURE", &[blob.clone(), blob].concat()));
        refused(format!("{armored}{armored}"));
        refused(format!("{}{armored}", " ".repeat(writ_signed::limits::ARMORED_BYTES_MAX)));
        refused(String::new());
    }
}

#[test]
fn what_was_signed_for_something_else_does_not_count() {
    let key = ed25519(2);
    let decision = decision(host_key().fingerprint()).text().unwrap();
    for namespace in [Namespace::Question, Namespace::Enroll, Namespace::Login] {
        let signature = Signature::Ssh(key.sign(namespace, decision.as_bytes()));
        let answer = Answer { decision: decision.clone(), signature };
        let refused = answer.verify([&trusted(&key)]);
        let Err(AnswerError::Signature(SignatureError::Namespace { found, .. })) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(found, namespace.as_str());
    }
}

#[test]
fn a_bare_signature_of_the_text_is_no_signature_of_the_document() {
    let key = ed25519(2);
    let decision = decision(host_key().fingerprint()).text().unwrap();
    let bare = Sshsig::armored(
        &key.public(),
        Namespace::Decision,
        Hash::Sha256,
        &key.signature(decision.as_bytes()),
    );
    let answer = Answer { decision, signature: Signature::Ssh(bare) };
    assert!(answer.verify([&trusted(&key)]).is_err());
}

#[test]
fn the_other_signature_of_ecdsa_changes_nothing_about_who_signed() {
    // (r, n - s) verifies wherever (r, s) does, and hardware makes either. It is the
    // same decision by the same key, which counts once whatever its signature is.
    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let key = p256(2);
    let text = decision(host_key().fingerprint()).text().unwrap();
    let signed = Sshsig::to_sign(Namespace::Decision, Hash::Sha256, text.as_bytes());
    let SshKey::P256(secret) = &key else { unreachable!() };
    let signature: p256::ecdsa::Signature = ed25519_dalek::Signer::sign(secret, &signed);
    let (r, s) = signature.split_bytes();
    let mut other = hex(ORDER);
    let mut borrow = 0_i16;
    for (digit, taken) in other.iter_mut().zip(s.iter()).rev() {
        let difference = i16::from(*digit) - i16::from(*taken) - borrow;
        borrow = i16::from(difference < 0);
        *digit = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    let blob = |s: &[u8]| {
        let (mut inner, mut blob) = (Vec::new(), Vec::new());
        put(&mut inner, &positive(&r));
        put(&mut inner, &positive(s));
        put(&mut blob, b"ecdsa-sha2-nistp256");
        put(&mut blob, &inner);
        blob
    };
    let verified = |s: &[u8]| {
        let signature = Sshsig::armored(&key.public(), Namespace::Decision, Hash::Sha256, &blob(s));
        let answer = Answer { decision: text.clone(), signature: Signature::Ssh(signature) };
        answer.verify([&trusted(&key)])
    };
    assert_eq!(verified(&s).unwrap(), verified(&other).unwrap());
    assert!(verified(&hex(ORDER)).is_err() && verified(&[1; 32]).is_err());
}

#[test]
fn a_security_key_must_have_been_touched() {
    for key in [security_key(ed25519(2)), security_key(p256(2))] {
        let decision = decision(host_key().fingerprint());
        let plain = ApproverKey::Ssh { key: key.public(), verify_required: false };
        let strict = ApproverKey::Ssh { key: key.public(), verify_required: true };
        for flags in [TOUCHED, TOUCHED | VERIFIED, TOUCHED | 0x80] {
            assert!(key.answer(&decision, flags).verify([&plain]).is_ok(), "{flags}");
        }
        for flags in [0, VERIFIED, 0x80] {
            let refused = key.answer(&decision, flags).verify([&plain]);
            assert!(matches!(refused, Err(AnswerError::Untouched(_))), "{flags} {refused:?}");
            assert!(key.answer(&decision, flags).verify([&strict]).is_err());
        }
        let refused = key.answer(&decision, TOUCHED).verify([&strict]);
        assert!(matches!(refused, Err(AnswerError::Unverified(_))), "{refused:?}");
        assert!(key.answer(&decision, TOUCHED | VERIFIED).verify([&strict]).is_ok());
    }
}

#[test]
fn nobody_can_say_that_a_key_was_touched_but_the_key() {
    for key in [security_key(ed25519(2)), security_key(p256(2))] {
        let text = decision(host_key().fingerprint()).text().unwrap();
        let lie = key.sign_and_say(Namespace::Decision, text.as_bytes(), 0, TOUCHED);
        let answer = Answer { decision: text, signature: Signature::Ssh(lie) };
        let trusted = ApproverKey::Ssh { key: key.public(), verify_required: false };
        let refused = answer.verify([&trusted]);
        assert!(matches!(refused, Err(AnswerError::Signature(SignatureError::Wrong))));
    }
}

#[test]
fn a_security_key_signs_for_its_own_application_alone() {
    let key = security_key(ed25519(2));
    let other = SecurityKey { key: ed25519(2), application: "ssh:other" };
    let answer = other.answer(&decision(host_key().fingerprint()), TOUCHED);
    let trusted = ApproverKey::Ssh { key: key.public(), verify_required: false };
    assert!(matches!(answer.verify([&trusted]), Err(AnswerError::OtherKey(_))));
}

#[test]
fn the_plain_signature_of_a_security_keys_number_is_none_of_its_own() {
    // The same curve point, taken as a key in a file: it tells nothing of a touch.
    let key = security_key(ed25519(2));
    let answer = key.key.answer(&decision(host_key().fingerprint()));
    let trusted = ApproverKey::Ssh { key: key.public(), verify_required: false };
    assert!(matches!(answer.verify([&trusted]), Err(AnswerError::OtherKey(_))));
}
