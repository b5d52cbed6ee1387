//! Randomness, from the kernel (getrandom(2)).

use rustix::rand::{GetRandomFlags, getrandom};

/// 128 random bits; `None` only where the kernel has no randomness to give.
#[must_use]
pub(crate) fn number() -> Option<u128> {
    bytes().map(u128::from_ne_bytes)
}

/// 64 random bits.
#[must_use]
pub(crate) fn short_number() -> Option<u64> {
    bytes().map(u64::from_ne_bytes)
}

/// 256 random bits, for a key.
#[must_use]
pub(crate) fn seed() -> Option<[u8; 32]> {
    bytes()
}

fn bytes<const LENGTH: usize>() -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    let read = getrandom(&mut bytes, GetRandomFlags::empty()).ok()?;
    (read == LENGTH).then_some(bytes)
}
