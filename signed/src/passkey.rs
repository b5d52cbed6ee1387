//! Passkeys as the policy names them: a public key, and the origin that it is bound to.

use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt;
use core::str::FromStr;

use crate::encoding;
use crate::fingerprint::Fingerprint;
use crate::limits::{KEY_LINE_BYTES_MAX, NAME_BYTES_MAX};

/// What comes before the 64 bytes of a point in the SPKI of a key on P-256 (RFC 5480).
const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// What comes before the 32 bytes of a key in the SPKI of Ed25519 (RFC 8410).
const ED25519_SPKI: &[u8] =
    &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// How a passkey signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (COSE -7).
    Es256,
    /// Ed25519 (COSE -8).
    EdDsa,
}

/// Where a passkey may be used: a scheme, a host, a port where it is not the usual one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(String);

/// A passkey of an approver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    pub(crate) key: Key,
    spki: alloc::vec::Vec<u8>,
    origin: Origin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Es256(p256::ecdsa::VerifyingKey),
    EdDsa(ed25519_dalek::VerifyingKey),
}

/// A text that is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no origin; one is written as a browser says it, in small letters and without a path: https://hub.example.com, with a port only where it is not 443"
)]
pub struct OriginError;

/// Why a text is no passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// More than the longest.
    #[error("is longer than any passkey")]
    TooLong,
    /// The key is not what its type says.
    #[error(
        "is damaged: what follows its type is not a whole key of that type; copy the line from the hub again"
    )]
    Damaged,
    /// The origin is missing or not one.
    #[error("names no origin that it is bound to after the key, such as https://hub.example.com")]
    Origin,
}

impl Algorithm {
    /// The type in a line of approvers.d.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Es256 => "webauthn-es256",
            Self::EdDsa => "webauthn-eddsa",
        }
    }

    pub(crate) fn of_kind(word: &str) -> Option<Self> {
        [Self::Es256, Self::EdDsa].into_iter().find(|algorithm| algorithm.kind() == word)
    }
}

impl Origin {
    /// Its text, as a browser writes it into client data.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its host, which is the ID of the relying party.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split_once(':').map_or(rest, |(host, _)| host)
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    /// Browsers give passkeys to https alone, and to localhost.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.split_once("://").ok_or(OriginError)?;
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        let label = |label: &str| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        let usual = match scheme {
            "https" => "443",
            "http" if host == "localhost" => "80",
            _ => return Err(OriginError),
        };
        let numbered = |port: &str| {
            port != usual && port.parse::<u16>().is_ok_and(|number| number.to_string() == port)
        };
        if host.len() <= NAME_BYTES_MAX && host.split('.').all(label) && port.is_none_or(numbered) {
            Ok(Self(text.into()))
        } else {
            Err(OriginError)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl Passkey {
    /// A passkey of its SPKI in DER, as a browser's `getPublicKey()` gives it.
    ///
    /// # Errors
    /// When the SPKI is not exactly that of a key for the algorithm.
    pub fn new(algorithm: Algorithm, spki: &[u8], origin: Origin) -> Result<Self, PasskeyError> {
        let key = match algorithm {
            Algorithm::Es256 => spki
                .strip_prefix(P256_SPKI)
                .filter(|point| point.len() == 65 && point.first() == Some(&4))
                .and_then(|point| p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok())
                .map(Key::Es256),
            Algorithm::EdDsa => spki
                .strip_prefix(ED25519_SPKI)
                .and_then(|key| key.try_into().ok())
                .and_then(|key| ed25519_dalek::VerifyingKey::from_bytes(key).ok())
                .filter(|key| !key.is_weak())
                .map(Key::EdDsa),
        };
        let key = key.ok_or(PasskeyError::Damaged)?;
        Ok(Self { key, spki: spki.to_vec(), origin })
    }

    /// Reads a line of approvers.d; what follows the origin is a comment.
    pub(crate) fn from_line(algorithm: Algorithm, line: &str) -> Result<Self, PasskeyError> {
        if line.len() > KEY_LINE_BYTES_MAX {
            return Err(PasskeyError::TooLong);
        }
        let mut words = line.split_ascii_whitespace().skip(1);
        let spki = words.next().and_then(encoding::from_url).ok_or(PasskeyError::Damaged)?;
        let origin = words.next().and_then(|word| word.parse().ok());
        Self::new(algorithm, &spki, origin.ok_or(PasskeyError::Origin)?)
    }

    /// How it signs.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.key {
            Key::Es256(_) => Algorithm::Es256,
            Key::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    /// Where it may be used.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its line in approvers.d, without a comment.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {} {}", self.algorithm().kind(), encoding::url(&self.spki), self.origin)
    }

    /// Its short name.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.spki)
    }
}
