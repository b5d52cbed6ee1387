//! Lines of a file that may be anything, one in memory at a time.

use std::io::{self, BufRead};

/// The longest line that is looked at, in bytes. sudo's own are far shorter: the kernel
/// takes no longer argument than 128 KiB.
pub(super) const LINE_BYTES_MAX: usize = 1024 * 1024;

/// What was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub(crate) struct Passed {
    /// Lines, or events of JSON, that were read.
    pub(crate) read: u64,
    /// Longer than is looked at.
    pub(crate) too_long: u64,
    /// sudo's by their looks, and not whole.
    pub(crate) torn: u64,
    /// sudo's by their looks, and written by another program.
    pub(crate) forged: u64,
    /// Of somebody who was not looked up, because there were too many.
    pub(crate) too_many_people: u64,
}

/// Calls `each` with every line, without its end.
///
/// # Errors
/// When the file cannot be read on.
pub(super) fn each_line(
    mut file: impl BufRead,
    passed: &mut Passed,
    mut each: impl FnMut(&[u8], &mut Passed),
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let whole = next_line(&mut file, &mut line)?;
        match whole {
            Line::End => return Ok(()),
            Line::TooLong => passed.too_long += 1,
            Line::Whole => {
                passed.read += 1;
                each(line.strip_suffix(b"\r").unwrap_or(&line), passed);
            }
        }
    }
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads up to the next line feed; of a line that is too long, nothing is kept.
fn next_line(file: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    let (mut any, mut too_long) = (false, false);
    loop {
        let part = match file.fill_buf() {
            Ok(part) => part,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if part.is_empty() {
            return Ok(match (any, too_long) {
                (false, _) => Line::End,
                (true, true) => Line::TooLong,
                (true, false) => Line::Whole,
            });
        }
        any = true;
        let mut halves = part.splitn(2, |byte| *byte == b'\n');
        let (first, ends) = (halves.next().unwrap_or_default(), halves.next().is_some());
        if line.len() + first.len() > LINE_BYTES_MAX {
            too_long = true;
            line.clear();
        }
        if !too_long {
            line.extend_from_slice(first);
        }
        let used = first.len() + usize::from(ends);
        file.consume(used);
        if ends {
            return Ok(if too_long { Line::TooLong } else { Line::Whole });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_is_read() {
        let mut file = b"one\r\n".to_vec();
        file.extend(vec![b'x'; LINE_BYTES_MAX + 1]);
        file.extend(b"\n\nlast");
        let (mut passed, mut lines) = (Passed::default(), Vec::new());
        let file = io::BufReader::with_capacity(7, file.as_slice());
        each_line(file, &mut passed, |line, _| lines.push(line.to_vec())).unwrap();
        assert_eq!(lines, [&b"one"[..], b"", b"last"]);
        assert_eq!((passed.read, passed.too_long), (3, 1));
    }
}
