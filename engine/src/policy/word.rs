//! One word of a command pattern.
//!
//! Words of commands are in the wire's form, where a byte that is no UTF-8 stands
//! as `\xNN` and a backslash as `\\`. A glob must not match half of such a unit:
//! here a *unit* is one of these, or one character.

use alloc::boxed::Box;
use alloc::string::String;

/// One word of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// `*`: any one word.
    Any,
    /// Exactly this, in the wire's form.
    Literal(Box<str>),
    /// A glob inside the word.
    Glob(Box<[Piece]>),
}

/// A piece of a glob. There may be hundred thousands of them in a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// `*`: any run of units that are not `/`.
    Run,
    /// `?`: one unit that is not `/`.
    One,
    /// Exactly this character; a backslash stands for its unit, `\\`.
    Unit(char),
}

impl Piece {
    /// Whether this is the unit of one character of a pattern.
    fn is(self, unit: &str) -> bool {
        match self {
            Self::Unit('\\') => unit == "\\\\",
            Self::Unit(character) => {
                unit.len() == character.len_utf8() && unit.starts_with(character)
            }
            Self::Run | Self::One => false,
        }
    }
}

impl Word {
    /// Whether a word of a command, in the wire's form, is of this pattern.
    pub(super) fn matches(&self, word: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Literal(literal) => **literal == *word,
            Self::Glob(pieces) => !climbs(word) && glob_matches(pieces, word),
        }
    }

    /// As a person reads it; not as a file must have it, where quotes are needed.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Any => String::from("*"),
            Self::Literal(literal) => String::from(&**literal),
            Self::Glob(pieces) => pieces.iter().fold(String::new(), |mut shown, piece| {
                match piece {
                    Piece::Run => shown.push('*'),
                    Piece::One => shown.push('?'),
                    Piece::Unit('\\') => shown.push_str("\\\\"),
                    Piece::Unit(character) => shown.push(*character),
                }
                shown
            }),
        }
    }
}

/// Whether a path has a component that leads upwards: where it leads is not
/// where it seems to.
pub(super) fn climbs(word: &str) -> bool {
    word.split('/').any(|component| component == "..")
}

/// Two cursors and the last `*`: linear in most cases, `pieces * word` at worst,
/// and never recursive.
fn glob_matches(pieces: &[Piece], word: &str) -> bool {
    let (mut rest_of_pieces, mut rest_of_word) = (pieces, word);
    let mut retry: Option<(&[Piece], &str)> = None;
    loop {
        let step = match (rest_of_pieces.split_first(), split_unit(rest_of_word)) {
            (None, None) => return true,
            (Some((Piece::Run, after)), _) => {
                retry = Some((after, rest_of_word));
                Some((after, rest_of_word))
            }
            (Some((Piece::One, after)), Some((unit, behind))) if unit != "/" => {
                Some((after, behind))
            }
            (Some((piece, after)), Some((unit, behind))) if piece.is(unit) => Some((after, behind)),
            _ => None,
        };
        (rest_of_pieces, rest_of_word) = match (step, retry) {
            (Some(next), _) => next,
            (None, Some((after, from))) => match split_unit(from) {
                Some((unit, behind)) if unit != "/" => {
                    retry = Some((after, behind));
                    (after, behind)
                }
                _ => return false,
            },
            (None, None) => return false,
        };
    }
}

/// The first unit of a text of the wire, and the rest.
pub(super) fn split_unit(text: &str) -> Option<(&str, &str)> {
    let first = text.chars().next()?;
    let length = match first {
        '\\' if text.starts_with("\\x") => 4,
        '\\' => 2,
        character => character.len_utf8(),
    };
    // A text that is cut off, or is not of the wire, still has a last unit.
    text.split_at_checked(length).or(Some((text, "")))
}
