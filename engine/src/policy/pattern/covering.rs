//! Which commands a pattern can be about: for those who read a policy before it
//! decides. Where it cannot be told easily, the answer is the one that says less.

use alloc::string::String;

use super::{CommandPattern, Program, Rest};
use crate::policy::RunAsFilter;
use crate::policy::word::{Piece, Word};

/// Globs of more pieces are not compared with each other: that takes the product of
/// their lengths.
const GLOB_PIECES_MAX: usize = 256;

impl CommandPattern {
    /// Whether every command of `other` is surely one of these too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let programs = match (&self.program, &other.program) {
            (Program::Whatever, _) => return true,
            (Program::Edit, Program::Edit) => true,
            (Program::Run(ours), Program::Run(theirs)) => ours.covers(theirs),
            _ => false,
        };
        let count = match (self.rest, other.rest) {
            (Rest::None, Rest::None) => self.words.len() == other.words.len(),
            (Rest::None, Rest::Any) => false,
            (Rest::Any, _) => self.words.len() <= other.words.len(),
        };
        let words =
            || self.words.iter().zip(&other.words).all(|(ours, theirs)| ours.covers(theirs));
        programs && count && words()
    }

    /// Whether it is any command at all (`ALL`).
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.program == Program::Whatever
    }

    /// The path of the program, where it is exactly one; in the wire's form.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        match &self.program {
            Program::Run(Word::Literal(path)) => Some(path),
            Program::Run(_) | Program::Whatever | Program::Edit => None,
        }
    }

    /// Whether a command of the program of this path (in the wire's form) can be one
    /// of these.
    #[must_use]
    pub fn may_run(&self, path: &str) -> bool {
        match &self.program {
            Program::Whatever => true,
            Program::Run(word) => word.matches(path),
            Program::Edit => false,
        }
    }

    /// Whether a command of these can have an argument for which `is` holds: one that
    /// stands in the pattern, or any where the pattern leaves one open.
    pub fn may_have_argument(&self, is: impl Fn(&str) -> bool) -> bool {
        match self.program {
            Program::Whatever => true,
            Program::Edit => false,
            Program::Run(_) => {
                let open = |word: &Word| match word {
                    Word::Any | Word::Glob(_) => true,
                    Word::Literal(text) => is(text),
                };
                self.rest == Rest::Any || self.words.iter().any(open)
            }
        }
    }

    /// Whether a command of these can have this as its first argument, behind options.
    #[must_use]
    pub fn may_begin_with(&self, argument: &str) -> bool {
        let option = |word: &&Word| matches!(word, Word::Literal(text) if text.starts_with('-'));
        match (&self.program, self.words.iter().find(|word| !option(word))) {
            (Program::Whatever, _) => true,
            (Program::Edit, _) => false,
            (Program::Run(_), Some(first)) => first.matches(argument),
            (Program::Run(_), None) => self.rest == Rest::Any,
        }
    }
}

impl RunAsFilter {
    /// Whether it is surely for everybody that `other` is for.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Only { .. }, Self::Any) => false,
            (Self::Only { users, groups }, Self::Only { users: theirs, groups: their_groups }) => {
                let within = |few: &[String], others: &[String]| {
                    few.iter().all(|name| others.contains(name))
                };
                within(theirs, users) && within(their_groups, groups)
            }
        }
    }
}

impl Word {
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (_, Self::Any) => false,
            (_, Self::Literal(text)) => self.matches(text),
            (Self::Literal(_), Self::Glob(_)) => false,
            (Self::Glob(ours), Self::Glob(theirs)) => {
                ours == theirs
                    || ours.len().max(theirs.len()) <= GLOB_PIECES_MAX && glob_covers(ours, theirs)
            }
        }
    }
}

/// The same walk as that of matching, over the pieces of a glob instead of the units
/// of a word: what `theirs` leaves open, only what is as open takes in.
fn glob_covers(ours: &[Piece], theirs: &[Piece]) -> bool {
    let (mut left, mut rest) = (ours, theirs);
    let mut retry: Option<(&[Piece], &[Piece])> = None;
    loop {
        let step = match (left.split_first(), rest.split_first()) {
            (None, None) => return true,
            (Some((Piece::Run, after)), _) => {
                retry = Some((after, rest));
                Some((after, rest))
            }
            (Some((Piece::One, after)), Some((piece, behind))) if takes_one(piece) => {
                Some((after, behind))
            }
            (Some((Piece::Unit(unit), after)), Some((Piece::Unit(same), behind)))
                if unit == same =>
            {
                Some((after, behind))
            }
            _ => None,
        };
        (left, rest) = match (step, retry) {
            (Some(next), _) => next,
            (None, Some((after, from))) => match from.split_first() {
                Some((piece, behind)) if *piece == Piece::Run || takes_one(piece) => {
                    retry = Some((after, behind));
                    (after, behind)
                }
                _ => return false,
            },
            (None, None) => return false,
        };
    }
}

/// Whether it stands for exactly one unit that is no `/`.
fn takes_one(piece: &Piece) -> bool {
    match piece {
        Piece::One => true,
        Piece::Unit(unit) => *unit != '/',
        Piece::Run => false,
    }
}
