//! A line of a file as it can be shown to a person.

use std::ops::Range;

use writ_protocol::text;

/// How many characters of a line are shown before the place that is meant.
const BEFORE_CHARS_MAX: usize = 60;
/// How many characters of a line are shown from the place that is meant on.
const AFTER_CHARS_MAX: usize = 80;

/// A place as editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
}

/// The line around a place, made safe to show, and which bytes of it are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    pub(crate) position: Position,
    pub(crate) line: String,
    pub(crate) marked: Range<usize>,
}

impl Excerpt {
    /// The line of `contents` in which `span` begins. What of the span lies on
    /// later lines is not marked.
    pub(crate) fn of(contents: &[u8], span: Range<usize>) -> Self {
        let start = span.start.min(contents.len());
        let (before, after) = contents.split_at(start);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let before = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let after = after.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let after = after.strip_suffix(b"\r").unwrap_or(after);
        let (marked, after) = after.split_at(span.end.saturating_sub(start).min(after.len()));

        let before = String::from_utf8_lossy(before);
        let column = before.chars().count() + 1;
        let mut shown = String::new();
        let skipped = column.saturating_sub(1 + BEFORE_CHARS_MAX);
        if skipped > 0 {
            shown.push('…');
        }
        before.chars().skip(skipped).for_each(|character| push(&mut shown, character));
        let from = shown.len();
        let mut left = AFTER_CHARS_MAX;
        push_some(&mut shown, &String::from_utf8_lossy(marked), &mut left);
        let to = shown.len();
        push_some(&mut shown, &String::from_utf8_lossy(after), &mut left);
        Self { position: Position { line, column }, line: shown, marked: from..to }
    }
}

/// Pushes as much of `text` as is `left`, and an ellipsis where that is not all.
fn push_some(shown: &mut String, text: &str, left: &mut usize) {
    for character in text.chars() {
        let Some(less) = left.checked_sub(1) else {
            if !shown.ends_with('…') {
                shown.push('…');
            }
            return;
        };
        *left = less;
        push(shown, character);
    }
}

fn push(shown: &mut String, character: char) {
    if character == '\t' {
        shown.push_str("    ");
    } else {
        shown.push_str(&text::shown(character.encode_utf8(&mut [0; 4])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_mark_covers_the_same_text_after_escaping() {
        let contents = "a = 1\n\tb\u{1b} = \"x\u{202e}y\" # z\n".as_bytes();
        let start = contents.iter().position(|byte| *byte == b'"').unwrap();
        let excerpt = Excerpt::of(contents, start..start + 7);
        assert_eq!(excerpt.position, Position { line: 2, column: 7 });
        assert_eq!(excerpt.line, "    b\\e = \"x\\u{202e}y\" # z");
        assert_eq!(excerpt.line.get(excerpt.marked), Some("\"x\\u{202e}y\""));
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let contents = format!("{}HERE{}", "a".repeat(1000), "b".repeat(1000));
        let excerpt = Excerpt::of(contents.as_bytes(), 1000..1004);
        assert_eq!(excerpt.line.get(excerpt.marked), Some("HERE"));
        assert_eq!(excerpt.line, format!("…{}HERE{}…", "a".repeat(60), "b".repeat(76)));
        assert_eq!(excerpt.position.column, 1001);
    }

    #[test]
    fn several_lines_are_marked_to_the_end_of_the_first() {
        let excerpt = Excerpt::of(b"x = [\r\n 1\n]", 4..11);
        assert_eq!(excerpt.line, "x = [");
        assert_eq!(excerpt.marked, 4..5);
    }

    proptest! {
        #[test]
        fn nothing_in_it_acts_on_a_terminal(contents: Vec<u8>, start in 0usize..64, length in 0usize..64) {
            let excerpt = Excerpt::of(&contents, start..start + length);
            prop_assert!(!excerpt.line.chars().any(|c| text::is_hidden(c) && c != ' '));
            prop_assert!(excerpt.line.get(excerpt.marked).is_some());
        }
    }
}
