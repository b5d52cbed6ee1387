//! The key that a host signs its questions with.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::{Signer as _, SigningKey};

use crate::fingerprint::Fingerprint;
use crate::namespace::Namespace;
use crate::public_key::PublicKey;
use crate::sshsig::{Hash, Sshsig};
use crate::wire::put_string;

/// An Ed25519 key with its secret, which is overwritten when it is dropped.
#[derive(Clone)]
pub struct HostKey {
    secret: SigningKey,
    public: PublicKey,
}

impl HostKey {
    /// The key of a seed: 32 bytes that are drawn at random, once for a host, and kept
    /// where only root reads.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let secret = SigningKey::from_bytes(seed);
        let public = PublicKey::of_ed25519(secret.verifying_key());
        Self { secret, public }
    }

    /// What others verify with.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its short name.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.public.fingerprint()
    }

    /// Signs a message: an armored block that `ssh-keygen -Y verify` reads.
    #[must_use]
    pub fn sign(&self, namespace: Namespace, message: &[u8]) -> String {
        let hash = Hash::Sha512;
        let made = self.secret.sign(&Sshsig::to_sign(namespace, hash, message));
        let mut signature = Vec::new();
        put_string(&mut signature, self.public.kind().as_bytes());
        put_string(&mut signature, &made.to_bytes());
        Sshsig::armored(&self.public, namespace, hash, &signature)
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "HostKey({})", self.fingerprint())
    }
}
