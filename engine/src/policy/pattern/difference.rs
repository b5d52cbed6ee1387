//! Where a command differs from a pattern that it is not of.

use alloc::string::String;
use alloc::vec::Vec;

use super::{CommandPattern, Program, Rest, arguments};
use crate::facts::{Action, Command};
use crate::policy::word::{Word, climbs};

/// A pattern that a command is not of, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// How much of it the command is of, in words from the start: the most is the closest.
    pub agreed: usize,
    /// Where they part.
    pub difference: Difference,
}

/// Where a command and a pattern part. Words are in the wire's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// One is a command and the other an edit (`sudoedit`).
    Kind,
    /// It is of another program.
    Program {
        /// The path as the pattern has it.
        wanted: String,
    },
    /// An argument, or a file of an edit, is another.
    Word {
        /// Which one, from 1.
        number: usize,
        /// As the pattern has it.
        wanted: String,
        /// As the command has it.
        given: String,
        /// It would match but for a `..` component, which a glob never takes.
        climbs: bool,
    },
    /// There are too few or too many of them.
    Count {
        /// How many the pattern has.
        wanted: usize,
        /// Whether that is how many there must be at least.
        at_least: bool,
        /// How many the command has.
        given: usize,
    },
}

impl CommandPattern {
    /// Where a command differs from this pattern; nothing where it is of it.
    #[must_use]
    pub fn miss(&self, command: &Command) -> Option<Miss> {
        if self.matches(command) {
            return None;
        }
        let at = |agreed, difference| Some(Miss { agreed, difference });
        let (given, before) = match (&self.program, command.action) {
            (Program::Edit, Action::Edit) => (command.argv.as_slice(), 0),
            (Program::Run(path), Action::Run) if path.matches(&command.path) => {
                (arguments(command), 1)
            }
            (Program::Run(path), Action::Run) => {
                return at(0, Difference::Program { wanted: path.shown() });
            }
            // `ALL` is missed by nothing.
            _ => return at(0, Difference::Kind),
        };
        let pairs = self.words.iter().zip(given);
        let agreed = pairs.clone().take_while(|(word, given)| word.matches(given)).count();
        let difference = match pairs.clone().nth(agreed) {
            Some((word, given)) => Difference::Word {
                number: agreed + 1,
                wanted: word.shown(),
                given: given.clone(),
                climbs: matches!(word, Word::Glob(_)) && climbs(given),
            },
            None => Difference::Count {
                wanted: self.words.len(),
                at_least: self.rest == Rest::Any,
                given: given.len(),
            },
        };
        at(before + agreed, difference)
    }
}

/// Of several patterns, the one that a command is nearest to, and where it differs;
/// nothing where it is of one of them. Among equals, the first.
pub(in crate::policy) fn closest<'p>(
    patterns: &'p [CommandPattern],
    command: &Command,
) -> Option<(&'p CommandPattern, Miss)> {
    let misses: Option<Vec<_>> =
        patterns.iter().map(|pattern| Some((pattern, pattern.miss(command)?))).collect();
    misses?.into_iter().reduce(|best, next| if next.1.agreed > best.1.agreed { next } else { best })
}
