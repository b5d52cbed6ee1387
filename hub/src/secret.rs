//! Random names and secrets: 32 bytes, base64url. The store has only their digests, so that
//! a copy of it opens no door.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};

const SECRET_BYTES: usize = 32;
const NAME_BYTES: usize = 12;

/// The kernel gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system gave no random bytes; nothing can be issued until it does")]
pub struct NoRandomness;

/// A secret for somebody else to keep.
///
/// # Errors
/// When the kernel gives no random bytes.
pub fn secret() -> Result<String, NoRandomness> {
    random::<SECRET_BYTES>()
}

/// A name that nothing else has.
///
/// # Errors
/// When the kernel gives no random bytes.
pub fn name() -> Result<String, NoRandomness> {
    random::<NAME_BYTES>()
}

/// What the store has of a secret.
#[must_use]
pub fn digest(secret: &str) -> String {
    encode(&Sha256::digest(secret.as_bytes()))
}

/// Bytes as base64url without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes behind base64url without padding.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn random<const BYTES: usize>() -> Result<String, NoRandomness> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(encode(&bytes))
}
