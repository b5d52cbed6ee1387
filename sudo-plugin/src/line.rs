//! A line that is being typed: bytes of the terminal go in, text comes out.
//!
//! Pure: the terminal is in [`crate::prompt`].

use writ_door::width::columns_of;
use writ_protocol::text;

/// The longest answer, in characters.
pub(crate) const ANSWER_CHARS_MAX: usize = 500;

/// The longest escape sequence that is waited for the end of, in bytes.
const SEQUENCE_BYTES_MAX: usize = 16;

/// The longest character of UTF-8, in bytes.
const CHARACTER_BYTES_MAX: usize = 4;

/// What a byte did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    /// The line, or the place in it, has changed.
    Changed,
    /// Nothing yet: the byte belongs to something longer, or to nothing.
    Nothing,
    /// It cannot be taken.
    Refused,
    /// Enter.
    Done,
    /// Ctrl-C, Ctrl-\, or Ctrl-D on an empty line.
    Left,
    /// Ctrl-Z.
    Suspended,
}

/// The line and the place in it.
#[derive(Debug, Default)]
pub(crate) struct Line {
    characters: Vec<char>,
    /// How many characters stand before the cursor.
    place: usize,
    /// The first of the characters that are seen.
    first_seen: usize,
    /// The bytes of a character or an escape sequence that has begun.
    begun: Vec<u8>,
}

/// What of a line is seen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Before the cursor.
    pub(crate) before: String,
    /// From the cursor on.
    pub(crate) after: String,
}

impl Line {
    /// The text as it stands.
    pub(crate) fn text(&self) -> String {
        self.characters.iter().collect()
    }

    /// The part around the cursor that fits into `columns_max`.
    pub(crate) fn seen(&mut self, columns_max: usize) -> Seen {
        self.first_seen = self.first_seen.min(self.place);
        while self.first_seen < self.place && self.width(self.first_seen, self.place) > columns_max
        {
            self.first_seen += 1;
        }
        let mut end = self.place;
        while end < self.characters.len() && self.width(self.first_seen, end + 1) <= columns_max {
            end += 1;
        }
        Seen { before: self.slice(self.first_seen, self.place), after: self.slice(self.place, end) }
    }

    /// Takes one byte of what the terminal sends in raw mode.
    pub(crate) fn take(&mut self, byte: u8) -> Typed {
        if !self.begun.is_empty() {
            return self.go_on(byte);
        }
        match byte {
            b'\r' | b'\n' => Typed::Done,
            0x03 | 0x1c => Typed::Left,
            0x04 if self.characters.is_empty() => Typed::Left,
            0x04 => self.remove(self.place, self.place + 1),
            0x1a => Typed::Suspended,
            0x01 => self.go(0),
            0x05 => self.go(self.characters.len()),
            0x02 => self.go(self.place.saturating_sub(1)),
            0x06 => self.go(self.place + 1),
            0x08 | 0x7f => self.remove(self.place.saturating_sub(1), self.place),
            0x0b => self.remove(self.place, self.characters.len()),
            0x15 => self.remove(0, self.place),
            0x17 => self.remove(self.word_start(), self.place),
            0x1b | 0xc2..=0xf4 => {
                self.begun.push(byte);
                Typed::Nothing
            }
            0x20..=0x7e => self.insert(char::from(byte)),
            _ => Typed::Refused,
        }
    }

    fn go_on(&mut self, byte: u8) -> Typed {
        self.begun.push(byte);
        let begun = std::mem::take(&mut self.begun);
        if begun.first() == Some(&0x1b) {
            return self.sequence(begun);
        }
        match str::from_utf8(&begun) {
            Ok(text) => {
                text.chars().next().map_or(Typed::Nothing, |character| self.insert(character))
            }
            Err(error) if error.error_len().is_none() && begun.len() < CHARACTER_BYTES_MAX => {
                self.begun = begun;
                Typed::Nothing
            }
            Err(_) => Typed::Refused,
        }
    }

    /// The keys that send escape sequences (console_codes(4)).
    fn sequence(&mut self, begun: Vec<u8>) -> Typed {
        match begun.get(1..).unwrap_or_default() {
            b"[D" | b"OD" => self.go(self.place.saturating_sub(1)),
            b"[C" | b"OC" => self.go(self.place + 1),
            b"[H" | b"OH" | b"[1~" | b"[7~" => self.go(0),
            b"[F" | b"OF" | b"[4~" | b"[8~" => self.go(self.characters.len()),
            b"[3~" => self.remove(self.place, self.place + 1),
            // ECMA-48: parameters and intermediates, then one final byte.
            b"[" | b"O" => self.begin_again(begun),
            [b'[', .., 0x20..=0x3f] if begun.len() < SEQUENCE_BYTES_MAX => self.begin_again(begun),
            _ => Typed::Nothing,
        }
    }

    fn begin_again(&mut self, begun: Vec<u8>) -> Typed {
        self.begun = begun;
        Typed::Nothing
    }

    fn insert(&mut self, character: char) -> Typed {
        if text::is_hidden(character) || self.characters.len() >= ANSWER_CHARS_MAX {
            return Typed::Refused;
        }
        self.characters.insert(self.place, character);
        self.place += 1;
        Typed::Changed
    }

    fn go(&mut self, place: usize) -> Typed {
        let place = place.min(self.characters.len());
        let moved = place != self.place;
        self.place = place;
        if moved { Typed::Changed } else { Typed::Refused }
    }

    fn remove(&mut self, from: usize, to: usize) -> Typed {
        let to = to.min(self.characters.len());
        if from >= to {
            return Typed::Refused;
        }
        self.characters.drain(from..to);
        self.place = from;
        Typed::Changed
    }

    /// The start of the word before the cursor.
    fn word_start(&self) -> usize {
        let before = self.characters.get(..self.place).unwrap_or_default();
        let word_end = before.iter().rposition(|c| *c != ' ').map_or(0, |last| last + 1);
        let word = before.get(..word_end).unwrap_or_default();
        word.iter().rposition(|c| *c == ' ').map_or(0, |space| space + 1)
    }

    fn width(&self, from: usize, to: usize) -> usize {
        let seen = self.characters.get(from..to).unwrap_or_default();
        seen.iter().map(|character| columns_of(*character)).sum()
    }

    fn slice(&self, from: usize, to: usize) -> String {
        self.characters.get(from..to).unwrap_or_default().iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(bytes: &[u8]) -> Line {
        let mut line = Line::default();
        for byte in bytes {
            line.take(*byte);
        }
        line
    }

    #[test]
    fn text_is_typed_and_ended() {
        let mut line = typed("disk füll 字".as_bytes());
        assert_eq!(line.text(), "disk füll 字");
        assert_eq!(line.take(b'\r'), Typed::Done);
    }

    #[test]
    fn the_line_is_edited_in_the_middle() {
        assert_eq!(typed(b"ac\x1b[Db").text(), "abc");
        assert_eq!(typed(b"bc\x01a\x05d").text(), "abcd");
        assert_eq!(typed(b"bc\x1b[Ha\x1bOFd").text(), "abcd");
        assert_eq!(typed(b"abx\x7f\x1b[D\x1b[3~\x08").text(), "");
        assert_eq!(typed(b"one two  \x17").text(), "one ");
        assert_eq!(typed(b"one two\x1b[D\x15").text(), "o");
        assert_eq!(typed(b"one two\x01\x06\x0b").text(), "o");
    }

    #[test]
    fn a_key_without_a_meaning_types_nothing() {
        assert_eq!(typed(b"a\x1b[1;5A\x1b[200~b\x1bx").text(), "ab");
    }

    #[test]
    fn what_acts_or_cannot_be_seen_is_refused() {
        let mut line = Line::default();
        for byte in "\t\u{202e}\u{9b}".as_bytes() {
            assert_ne!(line.take(*byte), Typed::Changed);
        }
        assert_eq!(line.take(0xff), Typed::Refused);
        assert_eq!(line.text(), "");
    }

    #[test]
    fn ctrl_c_leaves_and_ctrl_d_leaves_an_empty_line() {
        assert_eq!(typed(b"a").take(0x03), Typed::Left);
        assert_eq!(Line::default().take(0x04), Typed::Left);
        assert_eq!(typed(b"a").take(0x04), Typed::Refused);
        assert_eq!(typed(b"a").take(0x1a), Typed::Suspended);
    }

    #[test]
    fn a_line_is_not_longer_than_its_limit() {
        let mut line = typed(&[b'a'; ANSWER_CHARS_MAX]);
        assert_eq!(line.take(b'a'), Typed::Refused);
        assert_eq!(line.text().len(), ANSWER_CHARS_MAX);
    }

    #[test]
    fn the_cursor_is_always_seen() {
        let mut line = typed(b"0123456789");
        assert_eq!(line.seen(4), Seen { before: "6789".into(), after: String::new() });
        line.take(0x01);
        assert_eq!(line.seen(4), Seen { before: String::new(), after: "0123".into() });
    }

    proptest! {
        #[test]
        fn any_bytes_leave_a_line_that_can_be_shown(bytes: Vec<u8>, columns_max in 0usize..90) {
            let mut line = typed(&bytes);
            prop_assert!(!line.text().chars().any(text::is_hidden));
            prop_assert!(line.text().chars().count() <= ANSWER_CHARS_MAX);
            let seen = line.seen(columns_max);
            let width: usize = seen.before.chars().chain(seen.after.chars()).map(columns_of).sum();
            prop_assert!(width <= columns_max);
        }
    }
}
