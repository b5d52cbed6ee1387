//! Lines of approvers.d.

use proptest::prelude::*;
use writ_signed::{ApproverKey, ApproverKeyError, Origin, PasskeyError, PublicKey, PublicKeyError};

use crate::kit::*;

fn read(line: &str) -> Result<ApproverKey, ApproverKeyError> {
    line.parse()
}

#[test]
fn a_line_of_each_kind_comes_back() {
    let lines = [
        ed25519(2).public().line(),
        p256(2).public().line(),
        p384(2).public().line(),
        security_key(ed25519(2)).public().line(),
        security_key(p256(2)).public().line(),
        format!("verify-required {}", security_key(p256(2)).public().line()),
        Device::new(p256(2)).passkey().line(),
        Device::new(ed25519(2)).passkey().line(),
    ];
    for line in lines {
        assert_eq!(read(&line).unwrap().line(), line);
        assert_eq!(read(&format!("  {line}   bob at home \n")).unwrap().line(), line);
    }
}

#[test]
fn what_is_no_key_is_called_what_it_is() {
    let ssh = |error: PublicKeyError| Err(ApproverKeyError::Ssh(error));
    assert_eq!(read("-----BEGIN OPENSSH PRIVATE KEY-----"), ssh(PublicKeyError::Private));
    assert_eq!(read("bob"), ssh(PublicKeyError::Type));
    assert_eq!(read(""), ssh(PublicKeyError::Type));
    assert_eq!(read("ssh-rsa AAAA"), ssh(PublicKeyError::Unverified));
    assert_eq!(read("ssh-ed25519"), ssh(PublicKeyError::Damaged));
    let line = ed25519(2).public().line();
    assert_eq!(read(&line.replace("ssh-", "ecdsa-")), ssh(PublicKeyError::Type));
    let other = line.replace("ssh-ed25519 ", "ecdsa-sha2-nistp256 ");
    assert_eq!(read(&other), ssh(PublicKeyError::Damaged));
    assert_eq!(read(&format!("{line} {}", "x".repeat(4096))), ssh(PublicKeyError::TooLong));
    let required = format!("verify-required {line}");
    assert_eq!(read(&required), Err(ApproverKeyError::NotVerifiable));
    let passkey = Device::new(p256(2)).passkey().line();
    let required = format!("verify-required {passkey}");
    assert_eq!(read(&required), Err(ApproverKeyError::NotVerifiable));
    let no_origin = passkey.replace(ORIGIN, "");
    assert_eq!(read(&no_origin), Err(ApproverKeyError::Passkey(PasskeyError::Origin)));
    let other = passkey.replace("es256", "eddsa");
    assert_eq!(read(&other), Err(ApproverKeyError::Passkey(PasskeyError::Damaged)));
}

#[test]
fn every_cut_key_is_damaged() {
    for key in [ed25519(2).public(), p384(2).public(), security_key(p256(2)).public()] {
        for length in 0..key.blob().len() {
            assert!(PublicKey::from_blob(&key.blob()[..length]).is_none());
        }
        assert!(PublicKey::from_blob(&[key.blob(), &[0]].concat()).is_none());
    }
}

#[test]
fn a_point_off_the_curve_and_a_weak_key_are_none() {
    let key = p256(2).public();
    let mut off = key.blob().to_vec();
    *off.last_mut().unwrap() ^= 1;
    assert!(PublicKey::from_blob(&off).is_none());
    for weak in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        let mut blob = Vec::new();
        put(&mut blob, b"ssh-ed25519");
        put(&mut blob, &weak);
        assert!(PublicKey::from_blob(&blob).is_none());
    }
}

#[test]
fn an_origin_is_written_as_a_browser_says_it() {
    for (text, host) in [
        ("https://hub.example.com", "hub.example.com"),
        ("https://hub", "hub"),
        ("https://hub.example.com:8443", "hub.example.com"),
        ("http://localhost:8080", "localhost"),
    ] {
        assert_eq!(text.parse::<Origin>().unwrap().host(), host);
    }
    for text in [
        "http://hub.example.com",
        "https://hub.example.com/",
        "https://hub.example.com:443",
        "https://hub.example.com:08443",
        "https://hub.example.com:99999",
        "https://Hub.example.com",
        "https://hub..example.com",
        "https://a@hub.example.com",
        "https://",
        "https://:1",
        "hub.example.com",
        "",
    ] {
        assert!(text.parse::<Origin>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_line_is_read_or_refused(line: String, tail: String) {
        let _ = read(&line);
        for kind in ["ssh-ed25519", "webauthn-es256", "verify-required", "sk-ssh-ed25519@openssh.com"] {
            let _ = read(&format!("{kind} {tail}"));
        }
    }

    #[test]
    fn any_bytes_are_a_key_or_none(bytes: Vec<u8>) {
        let _ = PublicKey::from_blob(&bytes);
    }
}
