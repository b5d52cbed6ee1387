//! Public keys of SSH (RFC 4253 section 6.6, RFC 5656, RFC 8709, OpenSSH's PROTOCOL.u2f).

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use ed25519_dalek::Verifier as _;
use sha2::{Digest as _, Sha256};

use crate::encoding;
use crate::fingerprint::Fingerprint;
use crate::limits::KEY_LINE_BYTES_MAX;
use crate::sshsig::Presence;
use crate::wire::{Reader, put_string};

const ED25519: &str = "ssh-ed25519";
const P256: &str = "ecdsa-sha2-nistp256";
const P384: &str = "ecdsa-sha2-nistp384";
const SK_ED25519: &str = "sk-ssh-ed25519@openssh.com";
const SK_P256: &str = "sk-ecdsa-sha2-nistp256@openssh.com";

/// Types that OpenSSH knows and that nothing is verified with here.
const OTHERS: [&str; 3] = ["ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp521"];

/// What the applications of SSH's security keys begin with.
const APPLICATION: &str = "ssh:";

/// The flag of a security key: somebody touched it.
const TOUCHED: u8 = 0x01;

/// The flag of a security key: it verified who touched it, by a PIN or a finger.
const VERIFIED: u8 = 0x04;

/// A public key of SSH, of a kind that signatures are verified with.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: Kind,
    blob: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    SkEd25519(ed25519_dalek::VerifyingKey, String),
    SkP256(p256::ecdsa::VerifyingKey, String),
}

/// Why a text is no public key that signatures are verified with.
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
    /// A type of key that answers are not verified with.
    #[error(
        "is of a type that answers are not verified with; make one with `ssh-keygen -t ed25519-sk`, or `-t ed25519`"
    )]
    Unverified,
    /// What follows the type is not such a key.
    #[error("is damaged: what follows its type is not a whole key of that type")]
    Damaged,
}

impl PublicKey {
    /// Reads the line of a `.pub` file; the comment is passed over.
    ///
    /// # Errors
    /// When it is no key of a kind that signatures are verified with.
    pub fn from_line(line: &str) -> Result<Self, PublicKeyError> {
        if line.contains("PRIVATE KEY") {
            return Err(PublicKeyError::Private);
        }
        if line.len() > KEY_LINE_BYTES_MAX {
            return Err(PublicKeyError::TooLong);
        }
        let mut words = line.split_ascii_whitespace();
        let word = words.next().unwrap_or_default();
        if OTHERS.contains(&word) {
            return Err(PublicKeyError::Unverified);
        }
        if ![ED25519, P256, P384, SK_ED25519, SK_P256].contains(&word) {
            return Err(PublicKeyError::Type);
        }
        let blob = words.next().and_then(encoding::from_padded);
        let key = blob.and_then(|blob| Self::from_blob(&blob)).ok_or(PublicKeyError::Damaged)?;
        if key.kind() == word { Ok(key) } else { Err(PublicKeyError::Damaged) }
    }

    /// Reads the bytes that a line holds in base64; `None` where they are not exactly a
    /// key of a kind that signatures are verified with.
    #[must_use]
    pub fn from_blob(blob: &[u8]) -> Option<Self> {
        let mut fields = Reader::new(blob);
        let kind = match fields.text()? {
            ED25519 => Kind::Ed25519(ed25519(fields.string()?)?),
            P256 => Kind::P256(curve(&mut fields, "nistp256").and_then(p256_point)?),
            P384 => Kind::P384(curve(&mut fields, "nistp384").and_then(p384_point)?),
            SK_ED25519 => {
                let key = ed25519(fields.string()?)?;
                Kind::SkEd25519(key, application(&mut fields)?)
            }
            SK_P256 => {
                let key = curve(&mut fields, "nistp256").and_then(p256_point)?;
                Kind::SkP256(key, application(&mut fields)?)
            }
            _ => return None,
        };
        fields.end()?;
        Some(Self { kind, blob: blob.to_vec() })
    }

    pub(crate) fn of_ed25519(key: ed25519_dalek::VerifyingKey) -> Self {
        let mut blob = Vec::new();
        put_string(&mut blob, ED25519.as_bytes());
        put_string(&mut blob, key.as_bytes());
        Self { kind: Kind::Ed25519(key), blob }
    }

    /// The name of its type.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Ed25519(_) => ED25519,
            Kind::P256(_) => P256,
            Kind::P384(_) => P384,
            Kind::SkEd25519(..) => SK_ED25519,
            Kind::SkP256(..) => SK_P256,
        }
    }

    /// Whether it is kept in a security key, which tells whether it was touched.
    #[must_use]
    pub const fn is_security_key(&self) -> bool {
        matches!(self.kind, Kind::SkEd25519(..) | Kind::SkP256(..))
    }

    /// Its bytes on SSH's wire.
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// Its line, without a comment.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}", self.kind(), encoding::padded(&self.blob))
    }

    /// Its short name.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.blob)
    }

    /// Verifies the signature blob of SSHSIG over the bytes that are signed, and says what
    /// the key tells of whoever was there.
    pub(crate) fn verify(&self, signed: &[u8], signature: &[u8]) -> Option<Presence> {
        let mut fields = Reader::new(signature);
        if fields.text()? != self.kind() {
            return None;
        }
        let inner = fields.string()?;
        let presence = match &self.kind {
            Kind::Ed25519(key) => {
                ed25519_verifies(key, signed, inner)?;
                Presence::Untold
            }
            Kind::P256(key) => {
                p256_verifies(key, signed, inner)?;
                Presence::Untold
            }
            Kind::P384(key) => {
                let mut numbers = Reader::new(inner);
                let (r, s) = (numbers.positive::<48>()?, numbers.positive::<48>()?);
                numbers.end()?;
                let signature = p384::ecdsa::Signature::from_scalars(r, s).ok()?;
                key.verify(signed, &signature).ok()?;
                Presence::Untold
            }
            Kind::SkEd25519(key, application) => {
                let (flags, signed) = by_security_key(&mut fields, application, signed)?;
                ed25519_verifies(key, &signed, inner)?;
                presence(flags)
            }
            Kind::SkP256(key, application) => {
                let (flags, signed) = by_security_key(&mut fields, application, signed)?;
                p256_verifies(key, &signed, inner)?;
                presence(flags)
            }
        };
        fields.end()?;
        Some(presence)
    }
}

/// What a security key signs (PROTOCOL.u2f), and the flags that it does so with.
fn by_security_key(
    fields: &mut Reader<'_>,
    application: &str,
    signed: &[u8],
) -> Option<(u8, Vec<u8>)> {
    let (flags, counter) = (fields.byte()?, fields.number()?);
    let mut text = Sha256::digest(application.as_bytes()).to_vec();
    text.push(flags);
    text.extend_from_slice(&counter.to_be_bytes());
    text.extend_from_slice(&Sha256::digest(signed));
    Some((flags, text))
}

const fn presence(flags: u8) -> Presence {
    match (flags & TOUCHED != 0, flags & VERIFIED != 0) {
        (false, _) => Presence::Untouched,
        (true, false) => Presence::Touched,
        (true, true) => Presence::Verified,
    }
}

fn ed25519(bytes: &[u8]) -> Option<ed25519_dalek::VerifyingKey> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
    // With such a key, signatures can be made that fit many texts.
    if key.is_weak() { None } else { Some(key) }
}

fn ed25519_verifies(
    key: &ed25519_dalek::VerifyingKey,
    signed: &[u8],
    signature: &[u8],
) -> Option<()> {
    let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
    key.verify_strict(signed, &signature).ok()
}

fn p256_verifies(key: &p256::ecdsa::VerifyingKey, signed: &[u8], inner: &[u8]) -> Option<()> {
    let mut numbers = Reader::new(inner);
    let (r, s) = (numbers.positive::<32>()?, numbers.positive::<32>()?);
    numbers.end()?;
    let signature = p256::ecdsa::Signature::from_scalars(r, s).ok()?;
    key.verify(signed, &signature).ok()
}

/// The point of a key on that curve, as it is written: not compressed.
fn curve<'a>(fields: &mut Reader<'a>, name: &str) -> Option<&'a [u8]> {
    if fields.text()? == name { fields.string() } else { None }
}

fn p256_point(bytes: &[u8]) -> Option<p256::ecdsa::VerifyingKey> {
    match bytes {
        [4, point @ ..] if point.len() == 64 => {
            p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok()
        }
        _ => None,
    }
}

fn p384_point(bytes: &[u8]) -> Option<p384::ecdsa::VerifyingKey> {
    match bytes {
        [4, point @ ..] if point.len() == 96 => {
            p384::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok()
        }
        _ => None,
    }
}

fn application(fields: &mut Reader<'_>) -> Option<String> {
    let text = fields.text()?;
    text.starts_with(APPLICATION).then(|| text.to_string())
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        Self::from_line(line)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.line())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, to)
    }
}
