//! Byte strings as text: once so that nothing is lost, once so that nothing is
//! hidden.
//!
//! Arguments, paths and terminal names are bytes. On the wire and in the ledger
//! they are text that can be turned back ([`encode`], [`decode`]); before a
//! person's eyes they are text in which nothing acts on the terminal and nothing
//! is invisible ([`shown`], [`shown_command`]).

/// A byte string that is not in the wire's form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the text {0:?} has a backslash that is followed neither by another nor by xNN")]
pub struct DecodeError(pub String);

/// The wire's form of bytes: valid UTF-8 as it is, any other byte as `\xNN`, a
/// backslash as `\\`. Different bytes have different texts.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '\\' {
                text.push('\\');
            }
            text.push(character);
        }
        for byte in chunk.invalid() {
            push_hex(&mut text, *byte);
        }
    }
    text
}

/// The bytes behind a text of the wire.
///
/// # Errors
/// When a backslash is followed neither by another nor by `x` and two
/// hexadecimal digits.
pub fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    let wrong = || DecodeError(text.to_owned());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'\\') => bytes.push(b'\\'),
            Some(b'x') => {
                let high = rest.next().and_then(hex_value).ok_or_else(wrong)?;
                let low = rest.next().and_then(hex_value).ok_or_else(wrong)?;
                bytes.push(high << 4 | low);
            }
            _ => return Err(wrong()),
        }
    }
    Ok(bytes)
}

/// Text for a person: every character that acts on a terminal, changes the
/// direction of what follows or cannot be seen stands as its escape.
///
/// The input is a text of the wire, or any other text that somebody else wrote;
/// it need not be well formed.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        push_shown(&mut shown, character);
    }
    shown
}

/// A command line for a person: the words of the wire, quoted where a shell would
/// need it so that their borders are plain, and escaped as in [`shown`].
#[must_use]
pub fn shown_command<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        push_word(&mut line, word);
    }
    line
}

fn push_word(line: &mut String, word: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        line.push_str(word);
        return;
    }
    line.push('\'');
    for character in word.chars() {
        if character == '\'' {
            line.push_str("'\\''");
        } else {
            push_shown(line, character);
        }
    }
    line.push('\'');
}

fn push_shown(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        '\u{1b}' => shown.push_str("\\e"),
        c if is_hidden(c) => {
            shown.push_str("\\u{");
            push_number(shown, u32::from(c));
            shown.push('}');
        }
        c => shown.push(c),
    }
}

/// Whether a character acts instead of showing: C0 and C1 controls, format
/// characters (Unicode category Cf, among them the bidi marks of UAX #9), line
/// and paragraph separators, spaces that look like others or like nothing,
/// fillers, variation selectors, tags, private use and what is no character.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{00}'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{34f}'
        | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
        | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{1680}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}' | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
        | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

fn push_hex(text: &mut String, byte: u8) {
    text.push_str("\\x");
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
    }
}

fn push_number(text: &mut String, value: u32) {
    let mut started = false;
    for shift in (0..8).rev() {
        let digit = value >> (shift * 4) & 15;
        started |= digit != 0 || shift == 0;
        if started {
            text.push(char::from_digit(digit, 16).unwrap_or('?'));
        }
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_byte_string_comes_back(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn nothing_shown_acts_on_a_terminal(bytes: Vec<u8>) {
            let text = encode(&bytes);
            prop_assert!(!shown(&text).chars().any(is_hidden));
            prop_assert!(!shown_command([text.as_str()]).chars().any(is_hidden));
        }

        #[test]
        fn decoding_never_panics(text: String) {
            let _ = decode(&text);
        }
    }

    #[test]
    fn invalid_bytes_and_backslashes_are_escaped() {
        assert_eq!(encode(b"a\\b\xff"), "a\\\\b\\xff");
        assert_eq!(decode("a\\\\b\\xFF").unwrap(), b"a\\b\xff");
        assert!(decode("a\\").is_err());
        assert!(decode("\\xg0").is_err());
    }

    #[test]
    fn bidi_marks_and_escapes_are_seen() {
        assert_eq!(shown("a\u{202e}b\u{1b}[2J\n"), "a\\u{202e}b\\e[2J\\n");
    }

    #[test]
    fn the_borders_of_words_are_seen() {
        assert_eq!(shown_command(["rm", "-rf", "a b", "", "it's"]), "rm -rf 'a b' '' 'it'\\''s'");
    }
}
