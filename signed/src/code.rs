//! A short code of a question, to compare by voice.

use alloc::string::String;

use sha2::{Digest as _, Sha256};

/// Crockford's base 32: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Digits of five bits. Sixty bits: nobody makes a second question with the same code.
const DIGITS_OF_CODE: usize = 12;

/// Digits between two dashes.
const GROUP: usize = 4;

/// The code of a question's text, such as `7K3M-Q20D-9XTA`: the first 60 bits of its
/// SHA-256. It is for two people on a telephone; a machine compares the digest.
#[must_use]
pub fn code(question: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(question.as_bytes()).into();
    let bits = digest.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let mut code = String::new();
    for at in 0..DIGITS_OF_CODE {
        if at > 0 && at % GROUP == 0 {
            code.push('-');
        }
        let digit = bits >> (59 - 5 * at) & 31;
        let digit = usize::try_from(digit).ok().and_then(|digit| DIGITS.get(digit));
        code.extend(digit.map(|digit| char::from(*digit)));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_beginning_of_the_digest() {
        // SHA-256("abc") begins with ba7816bf8f01cfea: 10111 01001 11100 00001 …
        assert_eq!(code("abc"), "Q9W1-DFWF-077Y");
        assert_ne!(code("abc"), code("abd"));
    }
}
