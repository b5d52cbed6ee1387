//! What is told about a policy file: where, what, and what to do.

use std::fmt;
use std::path::Path;

use writ_protocol::text;

use crate::excerpt::{Excerpt, Position};
use crate::render;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The policy is not taken.
    Error,
    /// It is taken, and may not be what was meant.
    Warning,
}

/// Whether escape sequences for colour may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// To a terminal that knows them.
    Ansi,
    /// To anything else.
    Plain,
}

/// One thing told about a policy file. No part of it acts on a terminal, whatever
/// the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    severity: Severity,
    file: String,
    message: String,
    help: Option<String>,
    excerpt: Option<Excerpt>,
}

impl Diagnostic {
    /// About a file or folder as a whole.
    pub(crate) fn about(path: &Path, message: &str, help: Option<&str>) -> Self {
        Self {
            severity: Severity::Error,
            file: text::shown(&path.to_string_lossy()),
            message: text::shown(message),
            help: help.map(text::shown),
            excerpt: None,
        }
    }

    /// About a place in a file.
    pub(crate) fn within(
        path: &Path,
        excerpt: Excerpt,
        severity: Severity,
        message: String,
        help: Option<String>,
    ) -> Self {
        Self {
            severity,
            file: text::shown(&path.to_string_lossy()),
            message: text::shown(&message),
            help: help.as_deref().map(text::shown),
            excerpt: Some(excerpt),
        }
    }

    /// How much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The path of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Where in the file; nothing when it is about the whole of it.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.excerpt.as_ref().map(|excerpt| excerpt.position)
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do, where the message does not say.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// `FILE:LINE:COLUMN`, or `FILE` when it is about the whole of it.
    #[must_use]
    pub fn place(&self) -> String {
        match self.position() {
            Some(position) => format!("{}:{position}", self.file),
            None => self.file.clone(),
        }
    }

    pub(crate) fn excerpt(&self) -> Option<&Excerpt> {
        self.excerpt.as_ref()
    }

    /// Several lines with the line of the file and a caret under what is meant;
    /// no newline at the end.
    #[must_use]
    pub fn render(&self, colour: Colour) -> String {
        render::lines(self, colour)
    }
}

/// One line: `FILE:LINE:COLUMN: MESSAGE; HELP`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place(), self.message)?;
        match &self.help {
            Some(help) => write!(formatter, "; {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// Why a policy is not taken: everything that is wrong with it, in the order of
/// the files and their lines; at least one. Display is one line for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(Vec<Diagnostic>);

impl Refusal {
    /// Nothing where there is nothing wrong.
    pub(crate) fn of(errors: Vec<Diagnostic>) -> Option<Self> {
        (!errors.is_empty()).then_some(Self(errors))
    }

    /// What is wrong.
    #[must_use]
    pub fn errors(&self) -> &[Diagnostic] {
        &self.0
    }

    /// All of them as [`Diagnostic::render`] gives them, with an empty line
    /// between and a newline at the end.
    #[must_use]
    pub fn render(&self, colour: Colour) -> String {
        let rendered: Vec<String> = self.0.iter().map(|error| error.render(colour)).collect();
        rendered.join("\n\n") + "\n"
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            if number > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
