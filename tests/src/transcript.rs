//! What has arrived at a terminal, in the order of its arrival.

use vte::{Parser, Perform};

/// The text of a byte stream, without escape sequences; line feeds, carriage
/// returns, tabs and backspaces are kept.
#[derive(Default)]
pub(crate) struct Transcript {
    parser: Parser,
    text: Plain,
    raw: Vec<u8>,
}

impl Transcript {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.parser.advance(&mut self.text, bytes);
    }

    /// The text, from the beginning.
    pub(crate) fn text(&self) -> &str {
        &self.text.0
    }

    /// The bytes, from the beginning.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }
}

#[derive(Default)]
struct Plain(String);

impl Perform for Plain {
    fn print(&mut self, character: char) {
        self.0.push(character);
    }

    fn execute(&mut self, byte: u8) {
        if matches!(byte, b'\n' | b'\r' | b'\t' | 0x08) {
            self.0.push(char::from(byte));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Transcript;

    #[test]
    fn escape_sequences_are_left_out_of_the_text() {
        let mut transcript = Transcript::default();
        transcript.push(b"\x1b[1;31mre");
        transcript.push(b"d\x1b]0;title\x07\x1b[0m\r\nwait\r\x1b[Kdone");
        assert_eq!(transcript.text(), "red\r\nwait\rdone");
    }
}
