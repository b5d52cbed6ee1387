//! A diagnostic as several lines, with the line of the file and carets under what
//! is meant.
//!
//! annotate-snippets is not used: it counts columns in the line that it shows,
//! which is not the line of the file once that was escaped and shortened.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use crate::diagnostic::{Colour, Diagnostic, Severity};
use crate::excerpt::Excerpt;

/// Sequences of ECMA-48 (SGR) for the parts of a diagnostic.
struct Paint {
    severity: &'static str,
    strong: &'static str,
    frame: &'static str,
    end: &'static str,
}

impl Paint {
    const fn of(colour: Colour, severity: Severity) -> Self {
        let severity = match (colour, severity) {
            (Colour::Plain, _) => return Self { severity: "", strong: "", frame: "", end: "" },
            (Colour::Ansi, Severity::Error) => "\x1b[1;31m",
            (Colour::Ansi, Severity::Warning) => "\x1b[1;33m",
        };
        Self { severity, strong: "\x1b[1m", frame: "\x1b[1;34m", end: "\x1b[0m" }
    }
}

/// The lines, without a newline at the end.
pub(crate) fn lines(diagnostic: &Diagnostic, colour: Colour) -> String {
    let paint = Paint::of(colour, diagnostic.severity());
    let Paint { severity, strong, frame, end } = &paint;
    let word = match diagnostic.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let line = diagnostic.position().map(|position| position.line.to_string());
    let margin = " ".repeat(line.as_ref().map_or(1, String::len));
    let mut text = format!("{severity}{word}{end}{strong}: {}{end}", diagnostic.message());
    let place = diagnostic.place();
    // Writing to a string cannot fail.
    let _ = write!(text, "\n{margin}{frame}-->{end} {place}");
    if let (Some(Excerpt { line: shown, marked, .. }), Some(line)) = (diagnostic.excerpt(), line) {
        let before = shown.get(..marked.start).unwrap_or_default().width();
        let carets = shown.get(marked.clone()).unwrap_or_default().width().max(1);
        let (before, carets) = (" ".repeat(before), "^".repeat(carets));
        let _ = write!(
            text,
            "\n{margin} {frame}|{end}\n{frame}{line} |{end} {shown}\n{margin} {frame}|{end} {before}{severity}{carets}{end}"
        );
    }
    if let Some(help) = diagnostic.help() {
        let _ = write!(text, "\n{margin} {frame}={end} {strong}help{end}: {help}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn warning(contents: &str, meant: &str) -> Diagnostic {
        let start = contents.find(meant).unwrap();
        let excerpt = Excerpt::of(contents.as_bytes(), start..start + meant.len());
        let help = Some("help".to_owned());
        Diagnostic::within(Path::new("f"), excerpt, Severity::Warning, "message".into(), help)
    }

    #[test]
    fn carets_stand_under_wide_characters() {
        let contents = "\n".repeat(9) + "名前 = '値' # x";
        assert_eq!(
            lines(&warning(&contents, "'値'"), Colour::Plain),
            "warning: message\n  --> f:10:6\n   |\n10 | 名前 = '値' # x\n   |        ^^^^\n   = help: help"
        );
    }

    #[test]
    fn colours_change_nothing_but_colour() {
        let diagnostic = warning("a = 1\nb = 2", "2");
        let mut bare = lines(&diagnostic, Colour::Ansi);
        assert_ne!(bare, lines(&diagnostic, Colour::Plain));
        for sequence in ["\x1b[1;33m", "\x1b[1m", "\x1b[1;34m", "\x1b[0m"] {
            bare = bare.replace(sequence, "");
        }
        assert_eq!(bare, lines(&diagnostic, Colour::Plain));
    }
}
