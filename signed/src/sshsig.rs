//! Signatures as `ssh-keygen -Y sign` makes them (OpenSSH's PROTOCOL.sshsig).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use sha2::{Digest as _, Sha256, Sha512};

use crate::armor;
use crate::limits::ARMORED_BYTES_MAX;
use crate::namespace::Namespace;
use crate::public_key::PublicKey;
use crate::wire::{Reader, put_string};

const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;

/// What the message is digested with before it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-512, which `ssh-keygen` takes where it is not told otherwise.
    Sha512,
}

/// What a key tells of whoever was there when it signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// It is a key in a file or an agent, which tells nothing.
    Untold,
    /// It is a security key, and nobody touched it.
    Untouched,
    /// Somebody touched it.
    Touched,
    /// It verified who touched it, by a PIN or a finger.
    Verified,
}

/// A signature, with the key that is to have made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sshsig {
    key: PublicKey,
    namespace: String,
    reserved: Vec<u8>,
    hash: Hash,
    signature: Vec<u8>,
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is not one.
    #[error(
        "what stands there as a signature is none that writ can read; it must be a whole block of `ssh-keygen -Y sign` by a key of type ed25519, ecdsa (nistp256, nistp384), ed25519-sk or ecdsa-sk"
    )]
    Unreadable,
    /// It is for something else.
    #[error(
        "the signature was made for {found:?} and counts for nothing else; here one for {wanted:?} is needed"
    )]
    Namespace {
        /// What it was made for.
        found: String,
        /// What is needed.
        wanted: &'static str,
    },
    /// It is of another text, by another key, or damaged.
    #[error(
        "the signature is not of this text by the key that it names: text or signature was changed on its way"
    )]
    Wrong,
}

impl Hash {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

impl Sshsig {
    /// Reads an armored block.
    ///
    /// # Errors
    /// When it is not exactly one signature by a key of a kind that is known.
    pub fn parse(armored: &str) -> Result<Self, SignatureError> {
        if armored.len() > ARMORED_BYTES_MAX {
            return Err(SignatureError::Unreadable);
        }
        let blob = armor::unwrap(armor::SSH_SIGNATURE, armored);
        blob.and_then(|blob| Self::read(&blob)).ok_or(SignatureError::Unreadable)
    }

    fn read(blob: &[u8]) -> Option<Self> {
        let mut fields = Reader::new(blob);
        if fields.bytes(MAGIC.len())? != MAGIC || fields.number()? != VERSION {
            return None;
        }
        let key = PublicKey::from_blob(fields.string()?)?;
        let namespace = fields.text()?.to_string();
        let reserved = fields.string()?.to_vec();
        let hash = match fields.text()? {
            "sha256" => Hash::Sha256,
            "sha512" => Hash::Sha512,
            _ => return None,
        };
        let signature = fields.string()?.to_vec();
        fields.end()?;
        Some(Self { key, namespace, reserved, hash, signature })
    }

    /// The key that the signature says it is by. Anybody can make one by a key of his own:
    /// whether that key is one that counts is for the caller to say.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Verifies that its key made it of that message and for that namespace, and says
    /// what the key tells of whoever was there.
    ///
    /// # Errors
    /// When it did not.
    pub fn verify(&self, namespace: Namespace, message: &[u8]) -> Result<Presence, SignatureError> {
        if self.namespace != namespace.as_str() {
            let (found, wanted) = (self.namespace.clone(), namespace.as_str());
            return Err(SignatureError::Namespace { found, wanted });
        }
        let signed = signed(&self.namespace, &self.reserved, self.hash, message);
        self.key.verify(&signed, &self.signature).ok_or(SignatureError::Wrong)
    }

    /// The bytes that a key signs: for whoever asks an agent of SSH to.
    #[must_use]
    pub fn to_sign(namespace: Namespace, hash: Hash, message: &[u8]) -> Vec<u8> {
        signed(namespace.as_str(), &[], hash, message)
    }

    /// The armored block of what a key made of [`Self::to_sign`]; `signature` is the blob
    /// that an agent of SSH answers with.
    #[must_use]
    pub fn armored(key: &PublicKey, namespace: Namespace, hash: Hash, signature: &[u8]) -> String {
        let mut blob = MAGIC.to_vec();
        blob.extend_from_slice(&VERSION.to_be_bytes());
        put_string(&mut blob, key.blob());
        put_string(&mut blob, namespace.as_str().as_bytes());
        put_string(&mut blob, &[]);
        put_string(&mut blob, hash.name().as_bytes());
        put_string(&mut blob, signature);
        armor::wrap(armor::SSH_SIGNATURE, &blob)
    }
}

fn signed(namespace: &str, reserved: &[u8], hash: Hash, message: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    put_string(&mut bytes, namespace.as_bytes());
    put_string(&mut bytes, reserved);
    put_string(&mut bytes, hash.name().as_bytes());
    put_string(&mut bytes, &hash.digest(message));
    bytes
}
