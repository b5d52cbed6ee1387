//! What a hub gives to be signed for a login, read before it is signed: a hub that could
//! have anything signed would have a decision signed.

use writ_protocol::text::shown;
use writ_signed::{Namespace, Origin};

use crate::limits::{CHALLENGE_AHEAD_MS_MAX, CHALLENGE_BYTES_MAX};

/// What a nonce may have, in bytes.
const NONCE_BYTES: std::ops::RangeInclusive<usize> = 16..=256;

/// Why a text is not signed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChallengeError {
    #[error(
        "what it wants signed for the login is no login: nothing was signed. It is broken, or not what you take it for"
    )]
    Other,
    #[error(
        "what it wants signed is a login to {}, and not to it: nothing was signed. Call it by the name that it has, or mistrust it", shown(.0)
    )]
    OtherHub(String),
    #[error(
        "what it wants signed has expired, or will not for a long time: nothing was signed. Is the clock of this machine right?"
    )]
    Times,
}

/// Whether a text is a login to that hub, now, and nothing else.
///
/// ```text
/// login@writ
/// origin https://hub.example.com
/// nonce 3q2-7w…
/// expires_wall_ms 1796040000000
/// ```
pub(crate) fn check(text: &str, hub: &Origin, now_wall_ms: u64) -> Result<(), ChallengeError> {
    if text.len() > CHALLENGE_BYTES_MAX {
        return Err(ChallengeError::Other);
    }
    let mut lines = text.strip_suffix('\n').ok_or(ChallengeError::Other)?.split('\n');
    let mut value = |name: &str| {
        let line = lines.next().ok_or(ChallengeError::Other)?;
        line.strip_prefix(name).ok_or(ChallengeError::Other)
    };
    if !value(Namespace::Login.as_str())?.is_empty() {
        return Err(ChallengeError::Other);
    }
    let (origin, nonce) = (value("origin ")?, value("nonce ")?);
    let expires = value("expires_wall_ms ")?;
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=+/".contains(&byte);
    let is_nonce = NONCE_BYTES.contains(&nonce.len()) && nonce.bytes().all(is_letter);
    let number: Option<u64> = expires.parse().ok().filter(|n: &u64| n.to_string() == expires);
    let (Some(expires), true, None) = (number, is_nonce, lines.next()) else {
        return Err(ChallengeError::Other);
    };
    if origin != hub.as_str() {
        return Err(ChallengeError::OtherHub(origin.to_owned()));
    }
    match expires.checked_sub(now_wall_ms) {
        Some(1..=CHALLENGE_AHEAD_MS_MAX) => Ok(()),
        _ => Err(ChallengeError::Times),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_796_040_000_000;

    fn said(text: &str) -> Result<(), ChallengeError> {
        check(text, &"https://hub.example.com".parse().unwrap(), NOW)
    }

    fn login(origin: &str, expires: &str) -> String {
        format!(
            "login@writ\norigin {origin}\nnonce 3q2-7w0123456789abcd\nexpires_wall_ms {expires}\n"
        )
    }

    #[test]
    fn a_login_to_this_hub_is_signed() {
        let soon = (NOW + 300_000).to_string();
        assert_eq!(said(&login("https://hub.example.com", &soon)), Ok(()));
    }

    #[test]
    fn a_login_to_another_hub_or_at_another_time_is_not() {
        let soon = (NOW + 300_000).to_string();
        for origin in
            ["https://hub.example.org", "https://hub.example.com.evil", "http://localhost"]
        {
            let refused = said(&login(origin, &soon));
            assert_eq!(refused, Err(ChallengeError::OtherHub(origin.to_owned())));
        }
        let late = (NOW + CHALLENGE_AHEAD_MS_MAX + 1).to_string();
        for expires in [NOW.to_string(), "0".to_owned(), late, u64::MAX.to_string()] {
            let refused = said(&login("https://hub.example.com", &expires));
            assert_eq!(refused, Err(ChallengeError::Times), "{expires}");
        }
    }

    proptest::proptest! {
        /// Whatever comes: what is signed is four lines of a login to this hub.
        #[test]
        fn nothing_else_is_ever_signed(
            text in "(login@writ\n|\\PC{0,20}\n)(origin https://hub.example.com\n|\\PC{0,20}\n)\
                     (nonce [a-z]{16,20}\n|\\PC{0,20}\n)expires_wall_ms 17960[0-9]{8}\n?(\\PC|\n){0,3}"
        ) {
            if said(&text).is_ok() {
                let lines: Vec<&str> = text.lines().collect();
                proptest::prop_assert_eq!(lines.len(), 4);
                proptest::prop_assert_eq!(lines[0], "login@writ");
                proptest::prop_assert_eq!(lines[1], "origin https://hub.example.com");
            }
        }
    }

    #[test]
    fn what_is_no_login_is_not_signed() {
        let soon = (NOW + 300_000).to_string();
        let good = login("https://hub.example.com", &soon);
        let long = good.replace("3q2", &"a".repeat(2_000));
        let hidden = good.replace("3q2", "\u{202e}");
        for text in [
            "",
            r#"{"version":1,"host":"web-1","verdict":"approve"}"#,
            "enroll@writ\norigin https://hub.example.com\n",
            &good.replace("login@writ", "decision@writ"),
            &good.replace("login@writ", " login@writ"),
            &format!("{good}{{\"version\":1}}\n"),
            good.trim_end(),
            &good.replace('\n', "\r\n"),
            &good.replace("3q2-7w0123456789abcd", ""),
            &good.replace(&soon, &format!("0{soon}")),
            &good.replace(&soon, "-1"),
            &long,
            &hidden,
        ] {
            assert_eq!(said(text), Err(ChallengeError::Other), "{text}");
        }
    }
}
