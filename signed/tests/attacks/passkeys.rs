//! Answers by passkeys.

use writ_signed::{
    Answer, AnswerError, ApproverKey, Assertion, AssertionError, Decision, Signature,
};

use crate::kit::*;

fn devices() -> [Device; 2] {
    [Device::new(p256(4)), Device::new(ed25519(4))]
}

fn why(device: &Device) -> AssertionError {
    let text = decision(host_key().fingerprint()).text().unwrap();
    device.assert(text.as_bytes()).verify(&device.passkey(), text.as_bytes()).unwrap_err()
}

fn today() -> Decision {
    decision(host_key().fingerprint())
}

#[test]
fn a_passkey_of_each_kind_answers() {
    for device in devices() {
        let key = ApproverKey::Passkey(device.passkey());
        let answer = Answer::parse(&device.answer(&today()).text().unwrap()).unwrap();
        let others: Vec<ApproverKey> = [Device::new(p256(5)), Device::new(ed25519(5))]
            .map(|other| ApproverKey::Passkey(other.passkey()))
            .into();
        let verified = answer.verify(others.iter().chain([&key])).unwrap();
        assert_eq!((verified.decision, verified.key), (today(), key.fingerprint()));
        let refused = answer.verify(&others);
        assert!(matches!(refused, Err(AnswerError::Passkey(AssertionError::Wrong))));
        let ssh = ApproverKey::Ssh { key: device.key.public(), verify_required: false };
        assert!(matches!(answer.verify([&ssh]), Err(AnswerError::NoPasskey)));
    }
}

#[test]
fn its_user_must_be_there_and_verified() {
    for mut device in devices() {
        for flags in [0, TOUCHED, VERIFIED, 0x08 | TOUCHED, 0x18 | VERIFIED] {
            device.flags = flags;
            assert_eq!(why(&device), AssertionError::NotVerified, "{flags:#x}");
        }
        for flags in [TOUCHED | VERIFIED, 0x0d, 0x1d] {
            device.flags = flags;
            assert!(device.assert(b"x").verify(&device.passkey(), b"x").is_ok(), "{flags:#x}");
        }
        // Backed up, but not to be; with attested data or extensions that are not there.
        for flags in [0x15, 0x45, 0x85] {
            device.flags = flags;
            assert_eq!(why(&device), AssertionError::Unreadable, "{flags:#x}");
        }
    }
}

#[test]
fn it_was_used_on_its_own_site() {
    for mut device in devices() {
        let client = device.client.clone();
        for other in [
            "https://hub.example.com.evil.example",
            "https://evil.example",
            "http://hub.example.com",
            "https://hub.example.com:8443",
            "https://hub.example.com/",
            "https://HUB.example.com",
            "",
        ] {
            device.client = client.replace(ORIGIN, other);
            assert_eq!(why(&device), AssertionError::OtherOrigin, "{other}");
        }
        device.client = client.replace("false", "true");
        assert_eq!(why(&device), AssertionError::OtherOrigin);
        device.client = client.replace('}', r#","topOrigin":"https://evil.example"}"#);
        assert_eq!(why(&device), AssertionError::OtherOrigin);
        device.client = client;
        for party in ["example.com", "evil.example", "https://hub.example.com"] {
            device.party = party;
            assert_eq!(why(&device), AssertionError::OtherOrigin, "{party}");
        }
    }
}

#[test]
fn it_was_a_login_of_this_decision() {
    for mut device in devices() {
        let client = device.client.clone();
        device.client = client.replace("webauthn.get", "webauthn.create");
        assert_eq!(why(&device), AssertionError::OtherText);
        device.client = client.replace("CHALLENGE", &url(&[0; 32]));
        assert_eq!(why(&device), AssertionError::OtherText);
        device.client = client.replace("CHALLENGE", "CHALLENGE=");
        assert_eq!(why(&device), AssertionError::OtherText);
        device.client = client.replace('}', r#","challenge":"AAAA"}"#);
        assert_eq!(why(&device), AssertionError::Unreadable);
        device.client = client.replace('}', r#","origin":"https://evil.example"}"#);
        assert_eq!(why(&device), AssertionError::Unreadable);
        device.client = "[]".into();
        assert_eq!(why(&device), AssertionError::Unreadable);
        device.client = client.replace('}', r#","added":{"later":[1]}}"#);
        assert!(device.assert(b"x").verify(&device.passkey(), b"x").is_ok());
    }
}

#[test]
fn an_assertion_of_another_decision_does_not_count() {
    for device in devices() {
        let key = ApproverKey::Passkey(device.passkey());
        let denied = Decision { verdict: writ_signed::Verdict::Deny, ..today() };
        let mixed = Answer {
            decision: today().text().unwrap(),
            signature: device.answer(&denied).signature,
        };
        let refused = mixed.verify([&key]);
        assert!(matches!(refused, Err(AnswerError::Passkey(AssertionError::OtherText))));
    }
}

#[test]
fn no_byte_of_an_assertion_can_be_changed_and_none_left_out() {
    use base64::Engine as _;
    let bytes = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
    for device in devices() {
        let text = today().text().unwrap();
        let whole = device.assert(text.as_bytes());
        let refused = |field: usize, bytes: &[u8]| {
            let mut changed = whole.clone();
            *match field {
                0 => &mut changed.authenticator_data,
                1 => &mut changed.client_data,
                _ => &mut changed.signature,
            } = url(bytes);
            assert!(changed.verify(&device.passkey(), text.as_bytes()).is_err());
        };
        let fields = [&whole.authenticator_data, &whole.client_data, &whole.signature];
        for (field, text) in fields.into_iter().enumerate() {
            let whole = bytes(text);
            for at in 0..whole.len() {
                let mut changed = whole.clone();
                changed[at] ^= 1 << (at % 8);
                refused(field, &changed);
            }
            for length in 0..whole.len() {
                refused(field, &whole[..length]);
            }
            refused(field, &[whole.clone(), vec![0]].concat());
            refused(field, &[whole.clone(), whole].concat());
        }
    }
}

#[test]
fn what_is_too_long_or_not_base64_is_not_read() {
    let device = Device::new(p256(4));
    let whole = device.assert(b"x");
    for other in ["*", "AA==", "A", &"A".repeat(8192)] {
        for field in 0..3 {
            let mut changed = whole.clone();
            *match field {
                0 => &mut changed.authenticator_data,
                1 => &mut changed.client_data,
                _ => &mut changed.signature,
            } = other.to_string();
            assert!(changed.verify(&device.passkey(), b"x").is_err(), "{other:.9} {field}");
        }
    }
}

#[test]
fn an_answer_has_one_signature_of_one_kind() {
    let answer = Device::new(p256(4)).answer(&today());
    let text = answer.text().unwrap();
    let both = text.replace(r#""signature":{"#, r#""signature":{"ssh":"","#);
    let unknown = text.replace(r#""signature":{"#, r#""more":1,"signature":{"#);
    let inside = text.replace(r#""client_data""#, r#""user_handle":"","client_data""#);
    for other in [&both, &unknown, &inside, "{}", "", "null"] {
        assert!(*other != text && Answer::parse(other).is_err(), "{other}");
    }
    assert!(Answer::parse(&format!("{text}{}", " ".repeat(65_536))).is_err());
    assert!(matches!(answer.signature, Signature::Passkey(Assertion { .. })));
}
