//! Documents that people carry by hand: blocks of text, in a file or pasted.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use writ_signed::armor;

use crate::exit::Exit;
use crate::failure::Failure;

/// Where a document is read from: `-` is standard input.
pub(crate) const STDIN: &str = "-";

/// What makes base64 and the lines around it of a document, at most.
const BLOCK_FACTOR: usize = 2;

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error)]
enum CarriedError {
    #[error("{} cannot be read: {source}", path.display())]
    Unread {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("what stands there is longer than any {label} is")]
    TooLong { label: &'static str },
    #[error(
        "there is no whole {label} there: copy the block from its first line, -----BEGIN {label}-----, to its last, and only one"
    )]
    Damaged { label: &'static str },
}

/// The document of that label in a file: in a block, or bare. Of what is pasted into a
/// terminal it is read to the last line of the block.
pub(crate) fn read(path: &Path, label: &'static str, bytes_max: usize) -> Result<String, Failure> {
    text_of(path, label, bytes_max).map_err(|error| Failure::verb(Exit::Failed, error))
}

fn text_of(path: &Path, label: &'static str, bytes_max: usize) -> Result<String, CarriedError> {
    let unread = |source| CarriedError::Unread { path: path.to_owned(), source };
    let text = if path == Path::new(STDIN) {
        lines_of(io::stdin().lock(), label, bytes_max)
    } else {
        lines_of(BufReader::new(File::open(path).map_err(unread)?), label, bytes_max)
    };
    document(&text.map_err(unread)?, label, bytes_max)
}

/// The lines up to the last of a block, or all.
fn lines_of(from: impl BufRead, label: &str, bytes_max: usize) -> io::Result<String> {
    let end = format!("-----END {label}-----");
    let longest = u64::try_from(bytes_max.saturating_mul(BLOCK_FACTOR)).unwrap_or(u64::MAX);
    let mut from = from.take(longest.saturating_add(1));
    let mut text = String::new();
    loop {
        let begin = text.len();
        let line_bytes = from.read_line(&mut text)?;
        let is_last = text.get(begin..).is_some_and(|line| line.trim() == end);
        if line_bytes == 0 || is_last {
            return Ok(text);
        }
    }
}

fn document(text: &str, label: &'static str, bytes_max: usize) -> Result<String, CarriedError> {
    if text.len() > bytes_max.saturating_mul(BLOCK_FACTOR) {
        return Err(CarriedError::TooLong { label });
    }
    if text.trim_start().starts_with('{') {
        return Ok(text.trim().to_owned());
    }
    armor::unwrap(label, text)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or(CarriedError::Damaged { label })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: usize = 1000;

    fn read_text(text: &str) -> Result<String, CarriedError> {
        let lines = lines_of(text.as_bytes(), armor::ANSWER, LONGEST).unwrap();
        document(&lines, armor::ANSWER, LONGEST)
    }

    #[test]
    fn a_block_is_read_to_its_end_and_a_bare_document_as_it_is() {
        let block = armor::wrap(armor::ANSWER, br#"{"a": 1}"#);
        assert_eq!(read_text(&block).unwrap(), r#"{"a": 1}"#);
        assert_eq!(read_text(&format!("hello\n{block}more\n{block}")).unwrap(), r#"{"a": 1}"#);
        assert_eq!(read_text(" {\"a\": 1}\n").unwrap(), r#"{"a": 1}"#);
    }

    #[test]
    fn what_is_no_whole_document_is_refused() {
        let block = armor::wrap(armor::ANSWER, br#"{"a": 1}"#);
        assert!(matches!(read_text(&block[..40]), Err(CarriedError::Damaged { .. })));
        assert!(matches!(read_text(""), Err(CarriedError::Damaged { .. })));
        let other = armor::wrap(armor::QUESTION, b"{}");
        assert!(matches!(read_text(&other), Err(CarriedError::Damaged { .. })));
        let long = format!("{{{}", "x".repeat(3 * LONGEST));
        assert!(matches!(read_text(&long), Err(CarriedError::TooLong { .. })));
    }
}
