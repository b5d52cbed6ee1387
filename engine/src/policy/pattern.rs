//! Patterns of commands, matched word by word.
//!
//! A pattern is words with white space between them. The first is the absolute
//! path that sudo resolved; or `sudoedit`, followed by the files; or the pattern
//! is the single word `ALL`, which is any command and any edit. Then:
//!
//! - `*` is exactly one word, whatever it is; `**`, at the end, any number of them;
//! - inside a word `*` is any run of characters and `?` one character, and neither
//!   is a `/`; such a glob never matches a word that has a `..` component;
//! - everything else is itself. `'…'` takes what is between the quotes as it is,
//!   and a backslash takes the next of white space, `* ? [ ] ' " \` as it is.
//!
//! Nothing matches across words: `/bin/cat /var/log/*` has exactly one argument.
//! Paths are compared as they stand, not resolved, so a `deny` of a file by its
//! name is no wall: another name may lead there.

mod covering;
mod difference;

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

pub(super) use difference::closest;
pub use difference::{Difference, Miss};

use super::word::{Piece, Word, climbs};
use crate::facts::{Action, Command};

/// Longest pattern, in bytes.
pub const PATTERN_BYTES_MAX: usize = 4096;

/// Which commands a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandPattern {
    source: Box<str>,
    program: Program,
    words: Box<[Word]>,
    rest: Rest,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Program {
    /// `ALL`.
    Whatever,
    /// `sudoedit`; the words are the files.
    Edit,
    /// A path; the words are the arguments.
    Run(Word),
}

/// What may come after the last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Nothing.
    None,
    /// `**`: any number of words.
    Any,
}

/// A text that is no pattern: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct PatternError {
    /// Where, in bytes from the start of the pattern.
    pub offset: usize,
    /// What.
    pub fault: PatternFault,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// No word at all.
    #[error("the pattern is empty; write a command such as \"/usr/bin/systemctl restart nginx\"")]
    Empty,
    /// Longer than [`PATTERN_BYTES_MAX`].
    #[error("a pattern has at most {PATTERN_BYTES_MAX} bytes, and this one has {0}")]
    TooLong(usize),
    /// The first word is neither a path nor `sudoedit` nor `ALL`.
    #[error(
        "{0:?} is no absolute path; a command is the path that sudo resolves, such as \"/usr/bin/{0}\", or \"sudoedit\" and files, or \"ALL\" alone"
    )]
    NotAbsolute(String),
    /// `ALL` with something after it.
    #[error("ALL stands alone, and already is any command with any arguments")]
    AfterAll,
    /// `sudoedit` with nothing after it.
    #[error(
        "sudoedit needs the files that may be edited after it, such as \"sudoedit /etc/hosts\""
    )]
    NoFiles,
    /// A path that sudo never resolves to.
    #[error("no command has this path: it ends with / or has a .. in it")]
    NoCommandPath,
    /// `**` before the end.
    #[error("** stands only at the end; for exactly one argument write *")]
    RestInTheMiddle,
    /// `**` inside a word.
    #[error("** is a word of its own, at the end; inside a word write *, which does not cross a /")]
    RestInsideWord,
    /// `[`.
    #[error("sets such as [a-z] are not supported; write * or ?, or \\[ for the bracket itself")]
    Set,
    /// `"`.
    #[error("double quotes are not supported; write '…', or \\\" for the quote itself")]
    DoubleQuote,
    /// A `'` without its other half.
    #[error("this quote has no end; write \\' for the quote itself")]
    OpenQuote,
    /// A backslash before what needs none.
    #[error(
        "a backslash stands before white space or one of * ? [ ] ' \" \\ only; write \\\\ for the backslash itself"
    )]
    Escape,
}

impl CommandPattern {
    /// Reads a pattern as it stands in a policy file.
    ///
    /// # Errors
    /// When it is none: what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(fault(PATTERN_BYTES_MAX, PatternFault::TooLong(text.len())));
        }
        let mut words = split(text)?;
        let rest = take_rest(&mut words)?;
        let mut words = words.into_iter();
        let Some(first) = words.next() else {
            let what = if rest == Rest::Any {
                PatternFault::NotAbsolute("**".to_owned())
            } else {
                PatternFault::Empty
            };
            return Err(fault(0, what));
        };
        let words: Vec<Draft> = words.collect();
        let program = first.program(words.first(), rest)?;
        let words = words.into_iter().map(Draft::word).collect();
        Ok(Self { source: text.into(), program, words, rest })
    }

    /// As it stands in the file.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a command is one of these.
    #[must_use]
    pub fn matches(&self, command: &Command) -> bool {
        match (&self.program, command.action) {
            (Program::Whatever, _) => true,
            (Program::Edit, Action::Edit) => self.words_match(&command.argv),
            (Program::Run(path), Action::Run) => {
                path.matches(&command.path) && self.words_match(arguments(command))
            }
            (Program::Edit, Action::Run) | (Program::Run(_), Action::Edit) => false,
        }
    }

    /// The words that a command must begin with, the path first, as far as they
    /// are literal; nothing for edits and for `ALL`.
    pub(super) fn literal_start(&self) -> impl Iterator<Item = &str> {
        let path = match &self.program {
            Program::Run(path) => Some(path),
            Program::Whatever | Program::Edit => None,
        };
        let words = path.into_iter().chain(path.map_or(&[][..], |_| &*self.words));
        words.map_while(|word| match word {
            Word::Literal(text) => Some(&**text),
            Word::Any | Word::Glob(_) => None,
        })
    }

    fn words_match(&self, given: &[String]) -> bool {
        let enough = match self.rest {
            Rest::None => given.len() == self.words.len(),
            Rest::Any => given.len() >= self.words.len(),
        };
        enough && self.words.iter().zip(given).all(|(word, given)| word.matches(given))
    }
}

/// What comes after the name of a command.
pub(super) fn arguments(command: &Command) -> &[String] {
    command.argv.get(1..).unwrap_or(&[])
}

impl FromStr for CommandPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}

impl fmt::Display for CommandPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.source)
    }
}

const fn fault(offset: usize, fault: PatternFault) -> PatternError {
    PatternError { offset, fault }
}

/// A word as it was read, before its place gives it a meaning.
struct Draft {
    offset: usize,
    pieces: Vec<Piece>,
}

impl Draft {
    /// `*` or `**` and nothing else.
    fn is_runs(&self, count: usize) -> bool {
        self.pieces.len() == count && self.pieces.iter().all(|piece| *piece == Piece::Run)
    }

    /// The word in the wire's form, where it is no glob.
    fn literal(&self) -> Option<String> {
        let globs = self.pieces.iter().any(|piece| !matches!(piece, Piece::Unit(_)));
        (!globs).then(|| self.shown())
    }

    fn word(self) -> Word {
        if self.is_runs(1) {
            return Word::Any;
        }
        match self.literal() {
            Some(text) => Word::Literal(text.into()),
            None => Word::Glob(self.pieces.into()),
        }
    }

    fn program(self, second: Option<&Self>, rest: Rest) -> Result<Program, PatternError> {
        match (self.literal().as_deref(), second, rest) {
            (Some("ALL"), None, Rest::None) => return Ok(Program::Whatever),
            (Some("ALL"), next, _) => {
                let place = next.map_or(self.offset, |next| next.offset);
                return Err(fault(place, PatternFault::AfterAll));
            }
            (Some("sudoedit"), None, Rest::None) => {
                return Err(fault(self.offset, PatternFault::NoFiles));
            }
            (Some("sudoedit"), ..) => return Ok(Program::Edit),
            _ => {}
        }
        let shown = self.shown();
        if !shown.starts_with('/') {
            return Err(fault(self.offset, PatternFault::NotAbsolute(shown)));
        }
        if shown.ends_with('/') || climbs(&shown) {
            return Err(fault(self.offset, PatternFault::NoCommandPath));
        }
        Ok(Program::Run(self.word()))
    }

    fn shown(&self) -> String {
        let mut text = String::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            match piece {
                Piece::Run => text.push('*'),
                Piece::One => text.push('?'),
                Piece::Unit('\\') => text.push_str("\\\\"),
                Piece::Unit(character) => text.push(*character),
            }
        }
        text
    }
}

fn take_rest(words: &mut Vec<Draft>) -> Result<Rest, PatternError> {
    let rest = match words.pop_if(|last| last.is_runs(2)) {
        Some(_) => Rest::Any,
        None => Rest::None,
    };
    match words.iter().find(|word| word.is_runs(2)) {
        Some(early) => Err(fault(early.offset, PatternFault::RestInTheMiddle)),
        None => Ok(rest),
    }
}

fn split(text: &str) -> Result<Vec<Draft>, PatternError> {
    let mut words = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((offset, character)) = characters.peek().copied() {
        if character.is_whitespace() {
            characters.next();
            continue;
        }
        words.push(read_word(offset, &mut characters)?);
    }
    Ok(words)
}

type Characters<'a> = core::iter::Peekable<core::str::CharIndices<'a>>;

fn read_word(offset: usize, characters: &mut Characters<'_>) -> Result<Draft, PatternError> {
    let mut pieces = Vec::new();
    let mut doubled = None;
    while let Some((place, character)) = characters.next_if(|(_, c)| !c.is_whitespace()) {
        match character {
            '*' => {
                if pieces.last() == Some(&Piece::Run) && doubled.is_none() {
                    doubled = Some(place - 1);
                }
                pieces.push(Piece::Run);
            }
            '?' => pieces.push(Piece::One),
            '[' => return Err(fault(place, PatternFault::Set)),
            '"' => return Err(fault(place, PatternFault::DoubleQuote)),
            '\'' => quoted(place, characters, &mut pieces)?,
            '\\' => pieces.push(escaped(place, characters)?),
            plain => pieces.push(Piece::Unit(plain)),
        }
    }
    match doubled {
        Some(place) if pieces.len() != 2 => Err(fault(place, PatternFault::RestInsideWord)),
        _ => Ok(Draft { offset, pieces }),
    }
}

fn quoted(
    start: usize,
    characters: &mut Characters<'_>,
    pieces: &mut Vec<Piece>,
) -> Result<(), PatternError> {
    for (_, character) in characters.by_ref() {
        if character == '\'' {
            return Ok(());
        }
        pieces.push(Piece::Unit(character));
    }
    Err(fault(start, PatternFault::OpenQuote))
}

fn escaped(start: usize, characters: &mut Characters<'_>) -> Result<Piece, PatternError> {
    match characters.next() {
        Some((_, c)) if c.is_whitespace() || "*?[]'\"\\".contains(c) => Ok(Piece::Unit(c)),
        _ => Err(fault(start, PatternFault::Escape)),
    }
}
