//! `[ask]`, and `ask` of a role or a rule.

use writ_engine::limits::USES_MAX;
use writ_engine::policy::{Justification, Selector, TicketPattern};
use writ_engine::time::Span;

use super::{people, span};
use crate::findings::Findings;
use crate::problem::Problem;
use crate::section::Section;
use crate::source::{Place, Placed};
use crate::ticket;
use crate::value::Value;

/// The most people who can be wanted for one approval.
pub const COUNT_MAX: u32 = 100;

const JUSTIFICATIONS: [(&str, Justification); 3] = [
    ("required", Justification::Required),
    ("optional", Justification::Optional),
    ("off", Justification::Off),
];

/// Who is asked, as far as one table says.
#[derive(Debug, Clone, Default)]
pub(crate) enum From {
    /// It does not say.
    #[default]
    Unsaid,
    /// It says, and could not be read: nothing can be concluded of it.
    Unread,
    /// These.
    These(Placed<Vec<Placed<Selector>>>),
}

/// What one table says of how people are asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct AskKeys {
    pub(crate) from: From,
    pub(crate) count: Option<Placed<u32>>,
    pub(crate) timeout: Option<Span>,
    pub(crate) max_duration: Option<Placed<Span>>,
    pub(crate) uses: Option<u32>,
    pub(crate) justification: Option<Justification>,
    pub(crate) ticket: Option<Option<TicketPattern>>,
    pub(crate) reauth: Option<bool>,
    pub(crate) place: Option<Place>,
}

impl AskKeys {
    /// What stands for a table that could not be read.
    pub(crate) fn unread() -> Self {
        Self { from: From::Unread, ..Self::default() }
    }

    pub(super) fn read(value: &Value<'_>, title: &str, found: &mut Findings) -> Self {
        let Some(mut section) = value.table(title.to_owned(), found) else {
            return Self::unread();
        };
        let ask = Self {
            from: section.take("from").map_or(From::Unsaid, |value| from(&value, found)),
            count: section.take("count").and_then(|value| value.count(COUNT_MAX, found)),
            timeout: section
                .take("timeout")
                .and_then(|value| span(&value, found))
                .map(|timeout| timeout.value),
            max_duration: section.take("max_duration").and_then(|value| span(&value, found)),
            uses: section
                .take("uses")
                .and_then(|value| value.count(USES_MAX, found))
                .map(|uses| uses.value),
            justification: section
                .take("justification")
                .and_then(|value| value.word(&JUSTIFICATIONS, found))
                .map(|word| word.value),
            ticket: section.take("ticket").and_then(|value| ticket_pattern(&value, found)),
            reauth: section.take("reauth").and_then(|value| value.truth(found)),
            place: Some(value.place().clone()),
        };
        section.finish(found);
        ask
    }
}

fn from(value: &Value<'_>, found: &mut Findings) -> From {
    let list = people::approvers(value, found);
    if list.whole {
        From::These(Placed { value: list.items, place: list.place })
    } else {
        From::Unread
    }
}

/// A pattern, or `false` for none.
fn ticket_pattern(value: &Value<'_>, found: &mut Findings) -> Option<Option<TicketPattern>> {
    if value.is(false) {
        return Some(None);
    }
    let pattern = value.text(found, |source| {
        ticket::pattern(source).map_err(|why| Problem::Ticket(source.to_owned(), why))
    });
    pattern.map(|pattern| Some(pattern.value))
}

impl<'t> Section<'t> {
    /// The `ask` of a role or a rule.
    pub(super) fn take_ask(&mut self, found: &mut Findings) -> Option<AskKeys> {
        self.take("ask").map(|value| AskKeys::read(&value, "`ask`", found))
    }
}
