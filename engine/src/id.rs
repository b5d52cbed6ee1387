//! IDs that can be read out over a telephone: `7K3M-Q2`.
//!
//! An ID is a counter, scrambled by a bijection of 30 bits that a key of the
//! ledger picks. So no ID comes twice before 2^30 others have, none tells how
//! many came before it, and neighbours in time look nothing alike.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many different IDs there are: 32^6.
pub const IDS: u32 = 1 << 30;

/// What the sequence jumps over when a part of the ledger was lost, so that the
/// IDs given out there do not come again.
const LOST_IDS_MAX: u32 = 1 << 20;

/// Crockford's base 32: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Digits of an ID, without the dash.
const DIGITS_OF_ID: u32 = 6;

const HALF_BITS: u32 = 15;
const HALF_MASK: u32 = (1 << HALF_BITS) - 1;

/// What a host's IDs are drawn with: a random number, set once for a ledger.
/// Serialised as 16 hexadecimal digits, for readers whose numbers end at 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdKey(pub u64);

/// The ID of a request and of all that comes of it: 30 bits, as six digits of
/// Crockford's base 32 (no I, L, O, U).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u32);

/// A text that is no ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no ID; IDs look like 7K3M-Q2")]
pub struct IdError(pub String);

/// Where the IDs of a ledger have come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdSequence {
    key: IdKey,
    next: u32,
}

impl RequestId {
    /// The one that sorts first.
    pub(crate) const FIRST: Self = Self(0);

    /// The one that sorts last.
    pub(crate) const LAST: Self = Self(IDS - 1);
}

impl IdSequence {
    /// The sequence of that key, from its start.
    #[must_use]
    pub const fn new(key: IdKey) -> Self {
        Self { key, next: 0 }
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> IdKey {
        self.key
    }

    /// The next ID that is not `taken`; `None` when all are.
    #[must_use]
    pub fn next_free(&self, taken: impl Fn(RequestId) -> bool) -> Option<RequestId> {
        (0..IDS)
            .map(|ahead| self.key.scramble(self.next.wrapping_add(ahead) % IDS))
            .find(|id| !taken(*id))
    }

    /// The sequence after `id` was given out.
    #[must_use]
    pub fn after(self, id: RequestId) -> Self {
        let next = (self.key.unscramble(id) + 1) % IDS;
        Self { next, ..self }
    }

    /// The sequence after an unknown number of IDs was lost.
    #[must_use]
    pub fn after_loss(self) -> Self {
        let next = (self.next + LOST_IDS_MAX) % IDS;
        Self { next, ..self }
    }
}

impl IdKey {
    /// Four rounds of Feistel: a bijection of 30 bits whatever the rounds' function is.
    fn scramble(self, count: u32) -> RequestId {
        let (mut left, mut right) = halves(count);
        for round in 0..4 {
            (left, right) = (right, left ^ self.mixed(round, right));
        }
        RequestId(left << HALF_BITS | right)
    }

    fn unscramble(self, id: RequestId) -> u32 {
        let (mut left, mut right) = halves(id.0);
        for round in (0..4).rev() {
            (left, right) = (right ^ self.mixed(round, left), left);
        }
        left << HALF_BITS | right
    }

    /// The finaliser of splitmix64 over key, round and half.
    fn mixed(self, round: u64, half: u32) -> u32 {
        let mut word = self.0 ^ (u64::from(half) << 8 | round).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let [low, high, ..] = (word ^ word >> 31).to_le_bytes();
        u32::from(u16::from_le_bytes([low, high])) & HALF_MASK
    }
}

const fn halves(value: u32) -> (u32, u32) {
    (value >> HALF_BITS & HALF_MASK, value & HALF_MASK)
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(7);
        for place in (0..DIGITS_OF_ID).rev() {
            let value = self.0 >> (place * 5) & 31;
            let digit = DIGITS.get(value as usize).copied().unwrap_or(b'0');
            text.push(char::from(digit));
            if place == 2 {
                text.push('-');
            }
        }
        formatter.pad(&text)
    }
}

impl FromStr for RequestId {
    type Err = IdError;

    /// Reads what a person types: lower case, without the dash, `O` for 0, `I`
    /// and `L` for 1.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError(text.chars().take(32).collect());
        let (mut value, mut digits) = (0, 0);
        for character in text.trim().chars().filter(|c| *c != '-') {
            let digit = digit_value(character).ok_or_else(wrong)?;
            digits += 1;
            if digits > DIGITS_OF_ID {
                return Err(wrong());
            }
            value = value << 5 | digit;
        }
        (digits == DIGITS_OF_ID).then_some(Self(value)).ok_or_else(wrong)
    }
}

fn digit_value(character: char) -> Option<u32> {
    let meant = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    (0_u32..).zip(DIGITS).find(|(_, digit)| char::from(**digit) == meant).map(|(value, _)| value)
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for IdKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for IdKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16)
            .map(Self)
            .map_err(|error| D::Error::custom(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_comes_back_from_its_text(number in 0..IDS) {
            let id = RequestId(number);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.to_string().to_lowercase().replace('-', "").parse(), Ok(id));
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<RequestId>(&json).unwrap(), id);
        }

        #[test]
        fn scrambling_is_undone(key: u64, count in 0..IDS) {
            let key = IdKey(key);
            prop_assert_eq!(key.unscramble(key.scramble(count)), count);
        }

        #[test]
        fn reading_never_panics(text: String) {
            let _ = text.parse::<RequestId>();
        }

        #[test]
        fn a_key_comes_back_from_its_text(key: u64) {
            let json = serde_json::to_string(&IdKey(key)).unwrap();
            prop_assert_eq!(serde_json::from_str::<IdKey>(&json).unwrap(), IdKey(key));
        }
    }

    #[test]
    fn no_id_comes_twice() {
        let mut sequence = IdSequence::new(IdKey(7));
        let mut seen = BTreeSet::new();
        for _ in 0..10_000 {
            let id = sequence.next_free(|_| false).unwrap();
            assert!(seen.insert(id), "{id} came twice");
            sequence = sequence.after(id);
        }
    }

    #[test]
    fn an_id_that_is_still_open_is_passed_over() {
        let sequence = IdSequence::new(IdKey(7));
        let first = sequence.next_free(|_| false).unwrap();
        let other = sequence.next_free(|id| id == first).unwrap();
        assert_ne!(first, other);
        assert_eq!(
            sequence.after(other).next_free(|_| false),
            sequence.after(first).after(other).next_free(|_| false)
        );
    }

    #[test]
    fn letters_that_look_like_digits_are_read_as_digits() {
        assert_eq!("o1iL-00".parse::<RequestId>(), "0111-00".parse());
        assert!("7K3M-Q".parse::<RequestId>().is_err());
        assert!("7K3M-Q22".parse::<RequestId>().is_err());
        assert!("7K3M-U2".parse::<RequestId>().is_err());
    }
}
