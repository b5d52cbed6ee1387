//! Lines out of a file, in bounded memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

const BUFFER_BYTES: usize = 64 * 1024;

/// What a file holds next.
pub(crate) enum Scanned<'a> {
    /// A line, without its line feed.
    Line(&'a [u8]),
    /// The end of the file, without a line feed.
    Tail {
        /// What there is before the NUL bytes at the end.
        bytes: &'a [u8],
        /// How much there is with them.
        total: u64,
    },
    /// No line feed within the limit, nor the end.
    TooLong,
    /// The end of the file, after a line feed or in an empty file.
    End,
}

/// Reads a file line by line and knows where it is.
pub(crate) struct Scanner {
    reader: BufReader<File>,
    line: Vec<u8>,
    offset: u64,
}

impl Scanner {
    pub(crate) fn new(file: File) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER_BYTES, file), line: Vec::new(), offset: 0 }
    }

    /// Where the next line starts. After a tail or a line that is too long, which
    /// are not passed, where it starts.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next line, of at most `bytes_max` with its line feed.
    pub(crate) fn next(&mut self, bytes_max: usize) -> io::Result<Scanned<'_>> {
        self.line.clear();
        (&mut self.reader).take(bytes_max as u64).read_until(b'\n', &mut self.line)?;
        let read = self.line.len() as u64;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            self.offset += read;
            return Ok(Scanned::Line(&self.line));
        }
        if self.line.is_empty() {
            return Ok(Scanned::End);
        }
        // Below the limit this is the end of the file, and it stays so even if the
        // writer has added to it since.
        let beyond = match self.line.len() < bytes_max {
            true => Some(0),
            false => self.nul_bytes_to_the_end()?,
        };
        let Some(beyond) = beyond else {
            return Ok(Scanned::TooLong);
        };
        while self.line.last() == Some(&0) {
            self.line.pop();
        }
        Ok(Scanned::Tail { bytes: &self.line, total: read + beyond })
    }

    /// How many NUL bytes there are before the end; none if there is something else.
    fn nul_bytes_to_the_end(&mut self) -> io::Result<Option<u64>> {
        let mut count = 0;
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(Some(count));
            }
            if chunk.iter().any(|byte| *byte != 0) {
                return Ok(None);
            }
            let length = chunk.len();
            self.reader.consume(length);
            count += length as u64;
        }
    }
}
