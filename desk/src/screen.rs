//! What a person sees: the width of his terminal, and the few colours.

use std::io::{self, IsTerminal, Write};

use unicode_width::UnicodeWidthChar;
use writ_protocol::text::shown;

/// The width of text that no terminal shows, in columns.
const WIDTH_WITHOUT_TERMINAL: usize = 100;

/// Lines longer than this are hard to read however wide the terminal is, in columns.
const WIDTH_MAX: usize = 140;

/// Below this nothing can be laid out; the terminal breaks the lines, in columns.
const WIDTH_MIN: usize = 40;

/// How text is laid out and coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// In columns.
    pub width: usize,
    paint: Paint,
}

/// Whether colours may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paint {
    Plain,
    Ansi,
}

impl Screen {
    /// The screen that standard output is, if it is one. Colours only there, and
    /// not with `NO_COLOR` (no-color.org) or on a dumb terminal.
    pub fn of_stdout() -> Self {
        let stdout = io::stdout();
        if !stdout.is_terminal() {
            return Self::plain(WIDTH_WITHOUT_TERMINAL);
        }
        let columns = rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| size.ws_col);
        let width = match usize::from(columns) {
            0 => WIDTH_WITHOUT_TERMINAL,
            columns => columns.clamp(WIDTH_MIN, WIDTH_MAX),
        };
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let paint = if unwanted { Paint::Plain } else { Paint::Ansi };
        Self { width, paint }
    }

    /// Whether colours are seen.
    pub fn has_colours(self) -> bool {
        self.paint == Paint::Ansi
    }

    /// A screen without colours.
    pub const fn plain(width: usize) -> Self {
        Self { width, paint: Paint::Plain }
    }

    /// What the eye is to find.
    pub fn strong(self, text: &str) -> String {
        self.painted("1", text)
    }

    /// What is not as it should be.
    pub fn alarming(self, text: &str) -> String {
        self.painted("31", text)
    }

    /// What the eye may pass over.
    pub fn faint(self, text: &str) -> String {
        self.painted("2", text)
    }

    fn painted(self, code: &str, text: &str) -> String {
        match self.paint {
            Paint::Plain => text.to_owned(),
            Paint::Ansi => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}

/// How many columns the terminal at standard error has.
pub fn width_of_stderr() -> usize {
    let columns = rustix::termios::tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_col);
    match usize::from(columns) {
        0 => WIDTH_WITHOUT_TERMINAL,
        columns => columns,
    }
}

/// A line that is written over must not break: what does not fit before the last
/// column is left out, which `…` says.
pub fn fit(text: &str, width: usize) -> String {
    let room = width.saturating_sub(1);
    if columns_of(text) <= room {
        return text.to_owned();
    }
    let mut fitted = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += columns_of_char(character);
        if used > room {
            break;
        }
        fitted.push(character);
    }
    fitted.push('…');
    fitted
}

/// Writes to standard output, at once.
///
/// # Errors
/// When it cannot be written, as after `| head`.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes a value to standard output as JSON, indented, for `--json`.
///
/// # Errors
/// When it cannot be written.
pub fn print_json(value: &impl serde::Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    print(&text)
}

/// A number of things, of which one has this name and more an "s" behind it.
#[must_use]
pub fn counted<N: std::fmt::Display + PartialEq + From<u8>>(count: N, name: &str) -> String {
    let ending = if count == N::from(1) { "" } else { "s" };
    format!("{count} {name}{ending}")
}

/// Text of several lines that came from elsewhere: the lines stay, everything
/// else that acts on a terminal is escaped.
pub fn shown_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(shown).collect();
    lines.join("\n")
}

/// How many columns a text takes.
pub fn columns_of(text: &str) -> usize {
    text.chars().map(columns_of_char).sum()
}

fn columns_of_char(character: char) -> usize {
    UnicodeWidthChar::width(character).unwrap_or(0)
}

/// Breaks a text into lines of at most `width` columns: between words where that
/// can be, inside of a word that is longer than a line. Nothing is left out but
/// the spaces at the breaks.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let columns = columns_of(word);
        if !line.is_empty() && used + 1 + columns > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            used += 1;
        }
        for character in word.chars() {
            let columns = columns_of_char(character);
            if used + columns > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(character);
            used += columns;
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_breaks_between_words_and_inside_of_long_ones() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrap("", 3), [""]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(columns_of("漢字"), 4);
        assert_eq!(wrap("漢字漢", 4), ["漢字", "漢"]);
    }

    #[test]
    fn lines_of_others_keep_only_their_breaks() {
        assert_eq!(shown_lines("a\u{1b}[2J\nb\r"), "a\\e[2J\nb\\r");
    }

    #[test]
    fn a_line_that_does_not_fit_says_so() {
        assert_eq!(fit("abc", 4), "abc");
        assert_eq!(fit("abcd", 4), "ab…");
    }

    #[test]
    fn a_plain_screen_has_no_escapes() {
        let screen = Screen::plain(80);
        assert_eq!(screen.strong("x") + &screen.alarming("y"), "xy");
    }
}
