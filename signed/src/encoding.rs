//! Base64, read strictly: one text for one sequence of bytes (RFC 4648).

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// With its padding (section 4), as keys and armor have it.
pub(crate) fn padded(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn from_padded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Without padding, as OpenSSH shows fingerprints.
pub(crate) fn unpadded(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

pub(crate) fn from_unpadded(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text).ok()
}

/// For URLs, without padding (section 5), as WebAuthn has it.
pub(crate) fn url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn from_url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_text() {
        assert_eq!(from_padded("Zm9vYg=="), Some(b"foob".to_vec()));
        for other in ["Zm9vYg", "Zm9vYg=", "Zm9vYh==", "Zm9v Yg==", "Zm9vYg==\n", "Zm9vYg==="] {
            assert_eq!(from_padded(other), None, "{other:?}");
        }
        assert_eq!(from_url("_-8"), Some(alloc::vec![0xff, 0xef]));
        for other in ["_-8=", "_-9", "/+8", "_-8 "] {
            assert_eq!(from_url(other), None, "{other:?}");
        }
    }
}
