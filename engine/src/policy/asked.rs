//! Whom an `ask` wants.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Ask, Selector};
use crate::time::Span;

/// So many seats, each to be filled by one of these people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seats {
    /// Who may fill one.
    pub from: Vec<Selector>,
    /// How many there are; at least 1.
    pub count: u32,
}

/// More people, after a silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// How long after the request was opened.
    pub after: Span,
    /// Who may decide from then on too.
    pub from: Vec<Selector>,
}

/// What becomes of a question that cannot be carried to those who answer from afar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutHub {
    /// Those who can answer on the host still may.
    #[default]
    Local,
    /// It is refused at once.
    Deny,
}

impl WithoutHub {
    /// Whether it is what holds where nothing is said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Ask {
    /// Every kind of seats that must be filled.
    #[must_use]
    pub fn seats(&self) -> Cow<'_, [Seats]> {
        if self.all_of.is_empty() {
            let all = Seats { from: self.from.clone(), count: self.count.max(1) };
            Cow::Owned(Vec::from([all]))
        } else {
            Cow::Borrowed(&self.all_of)
        }
    }
}
