//! Bytes as a block of text that can be copied and pasted.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::encoding;

/// The label of OpenSSH's signatures.
pub(crate) const SSH_SIGNATURE: &str = "SSH SIGNATURE";

/// The label of a signed question that is carried by hand.
pub const QUESTION: &str = "WRIT QUESTION";

/// The label of an answer that is carried by hand.
pub const ANSWER: &str = "WRIT ANSWER";

/// Bytes of base64 in a line, as `ssh-keygen` writes them.
const LINE_BYTES: usize = 70;

/// The block, with its last line's end.
#[must_use]
pub fn wrap(label: &str, bytes: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for (at, digit) in encoding::padded(bytes).chars().enumerate() {
        if at > 0 && at % LINE_BYTES == 0 {
            text.push('\n');
        }
        text.push(digit);
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}

/// What is in the one block of that label in a text; what stands around it, such as
/// white space and other lines, is passed over. `None` where there is no such block, or
/// more than one, or it is damaged.
#[must_use]
pub fn unwrap(label: &str, text: &str) -> Option<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| *line == begin)?;
    let mut digits = String::new();
    loop {
        match lines.next()? {
            line if line == end => break,
            line => digits.extend(line.chars().filter(|digit| !digit.is_ascii_whitespace())),
        }
    }
    if lines.any(|line| line == begin) {
        return None;
    }
    encoding::from_padded(&digits)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn a_block_comes_back_whatever_stands_around_it() {
        for length in [0, 1, 51, 52, 53, 105, 1000] {
            let bytes = vec![7; length];
            let block = wrap(ANSWER, &bytes);
            assert!(block.lines().all(|line| line.len() <= LINE_BYTES), "{block}");
            assert_eq!(unwrap(ANSWER, &block), Some(bytes.clone()));
            let pasted = format!("here it is:\r\n\r\n  {}thanks\n", block.replace('\n', "\r\n  "));
            assert_eq!(unwrap(ANSWER, &pasted), Some(bytes));
        }
    }

    #[test]
    fn a_block_is_whole_and_alone() {
        let block = wrap(ANSWER, b"some bytes");
        assert_eq!(unwrap(QUESTION, &block), None);
        assert_eq!(unwrap(ANSWER, &format!("{block}{block}")), None);
        assert_eq!(unwrap(ANSWER, &block.replace("-----END", "----END")), None);
        assert_eq!(unwrap(ANSWER, &block.replacen('c', "*", 1)), None);
        assert_eq!(unwrap(ANSWER, ""), None);
    }
}
