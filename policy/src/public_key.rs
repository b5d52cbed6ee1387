//! Public keys as OpenSSH writes them (sshd(8), AUTHORIZED_KEYS FILE FORMAT, and
//! RFC 4253 section 6.6): a type, its base64, a comment.

use std::fmt;

/// The longest line that is taken for a key, in bytes; RSA of 16,384 bits has
/// about 2,800.
const KEY_BYTES_MAX: usize = 8192;

/// The types that an approver may have, with how many length-prefixed fields
/// follow the name of the type inside.
const TYPES: [(&str, usize); 7] = [
    ("ssh-ed25519", 1),
    ("sk-ssh-ed25519@openssh.com", 2),
    ("ecdsa-sha2-nistp256", 2),
    ("ecdsa-sha2-nistp384", 2),
    ("ecdsa-sha2-nistp521", 2),
    ("sk-ecdsa-sha2-nistp256@openssh.com", 3),
    ("ssh-rsa", 2),
];

/// A public key of an approver, in OpenSSH's form; its outer shape is checked, the
/// numbers inside are not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey(String);

/// Why a line is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// A private key was pasted.
    #[error(
        "is a private key: take it out of the file, replace it everywhere, and put the line of its `.pub` file here"
    )]
    Private,
    /// More than the longest.
    #[error("is longer than any public key")]
    TooLong,
    /// It does not begin with a type that is known.
    #[error("does not begin with a type of key that is known, such as `ssh-ed25519`")]
    Type,
    /// What follows the type is not such a key.
    #[error("is damaged: what follows its type is not a whole key of that type")]
    Damaged,
}

impl PublicKey {
    /// Reads a line of a `.pub` file.
    ///
    /// # Errors
    /// When its outer shape is not that of a key of a known type.
    pub fn parse(line: &str) -> Result<Self, PublicKeyError> {
        if line.contains("PRIVATE KEY") {
            return Err(PublicKeyError::Private);
        }
        if line.len() > KEY_BYTES_MAX {
            return Err(PublicKeyError::TooLong);
        }
        let mut words = line.split_ascii_whitespace();
        let word = words.next().unwrap_or_default();
        let (kind, fields) =
            TYPES.iter().find(|(kind, _)| *kind == word).ok_or(PublicKeyError::Type)?;
        let blob = words.next().and_then(base64).ok_or(PublicKeyError::Damaged)?;
        let (name, mut rest) = field(&blob).ok_or(PublicKeyError::Damaged)?;
        if name != kind.as_bytes() {
            return Err(PublicKeyError::Damaged);
        }
        for _ in 0..*fields {
            let (content, after) = field(rest).ok_or(PublicKeyError::Damaged)?;
            if content.is_empty() {
                return Err(PublicKeyError::Damaged);
            }
            rest = after;
        }
        if rest.is_empty() {
            Ok(Self(line.trim().to_owned()))
        } else {
            Err(PublicKeyError::Damaged)
        }
    }

    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PublicKey").field(&self.0).finish()
    }
}

/// The first length-prefixed field of a blob (RFC 4251, "string"), and the rest.
fn field(blob: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// Decodes base64 with its padding (RFC 4648, section 4).
fn base64(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut bits: u32 = 0;
    let mut held = 0;
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            let [.., byte] = (bits >> held).to_be_bytes();
            bytes.push(byte);
        }
    }
    (bits & ((1 << held) - 1) == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g bob@desk";

    #[test]
    fn the_line_of_a_pub_file_is_taken() {
        assert_eq!(PublicKey::parse(KEY).unwrap().as_str(), KEY);
    }

    #[test]
    fn what_is_cut_or_mixed_up_is_damaged() {
        let cut = KEY.replace("Hh8g", "");
        let other = KEY.replace("ssh-ed25519 ", "ssh-rsa ");
        for line in [cut.as_str(), other.as_str(), "ssh-ed25519", "ssh-ed25519 AAAA…"] {
            assert_eq!(PublicKey::parse(line), Err(PublicKeyError::Damaged), "{line}");
        }
        assert_eq!(PublicKey::parse("bob"), Err(PublicKeyError::Type));
        assert_eq!(PublicKey::parse(""), Err(PublicKeyError::Type));
    }

    #[test]
    fn a_private_key_is_called_one() {
        let line = "-----BEGIN OPENSSH PRIVATE KEY-----";
        assert_eq!(PublicKey::parse(line), Err(PublicKeyError::Private));
    }

    #[test]
    fn base64_is_as_in_the_rfc() {
        for (text, bytes) in [("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob")]
        {
            assert_eq!(base64(text).as_deref(), Some(bytes.as_bytes()));
        }
        for text in ["Zh==", "Zg=", "Zg", "Z===", "Z g=", "="] {
            assert_eq!(base64(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line: String, tail: String) {
            let _ = PublicKey::parse(&line);
            let _ = PublicKey::parse(&format!("ssh-rsa {tail}"));
        }
    }
}
