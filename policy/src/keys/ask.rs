//! `[ask]`, and `ask` of a role or a rule.

use writ_engine::limits::USES_MAX;
use writ_engine::policy::{Justification, Selector, TicketPattern, WithoutHub};
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

/// The most kinds of seats that one approval may have.
pub const ALL_OF_MAX: usize = 8;

/// The most steps of an escalation.
pub const ESCALATIONS_MAX: usize = 4;

/// The shortest time between two reminders.
const REMIND_MIN: Span = Span::from_secs(10);

const WITHOUT_HUB: [(&str, WithoutHub); 2] =
    [("local", WithoutHub::Local), ("deny", WithoutHub::Deny)];

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

/// The seats that one table asks for.
#[derive(Debug, Clone)]
pub(crate) struct AllOfKeys {
    /// Each kind; none where nothing can be concluded of them.
    pub(crate) kinds: Option<Vec<SeatsKeys>>,
    pub(crate) place: Place,
}

/// So many seats for these people.
#[derive(Debug, Clone)]
pub(crate) struct SeatsKeys {
    pub(crate) from: Vec<Placed<Selector>>,
    pub(crate) count: u32,
}

/// More people, after a silence.
#[derive(Debug, Clone)]
pub(crate) struct EscalationKeys {
    pub(crate) after: Placed<Span>,
    pub(crate) from: Vec<Placed<Selector>>,
}

/// What one table says of how people are asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct AskKeys {
    pub(crate) from: From,
    pub(crate) count: Option<Placed<u32>>,
    pub(crate) all_of: Option<AllOfKeys>,
    pub(crate) escalate: Option<Placed<Vec<EscalationKeys>>>,
    pub(crate) self_approval: Option<Placed<bool>>,
    pub(crate) timeout: Option<Span>,
    pub(crate) max_duration: Option<Placed<Span>>,
    pub(crate) uses: Option<u32>,
    pub(crate) justification: Option<Justification>,
    pub(crate) ticket: Option<Option<TicketPattern>>,
    pub(crate) reauth: Option<bool>,
    pub(crate) remind: Option<Option<Span>>,
    pub(crate) without_hub: Option<WithoutHub>,
    pub(crate) signed: Option<Placed<bool>>,
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
            all_of: section.take("all_of").map(|value| all_of(&value, found)),
            escalate: section.take("escalate").map(|value| escalate(&value, found)),
            self_approval: section.take("self_approval").and_then(|value| {
                let truth = value.truth(found)?;
                Some(Placed { value: truth, place: value.place().clone() })
            }),
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
            remind: section.take("remind").and_then(|value| remind(&value, found)),
            without_hub: section
                .take("without_hub")
                .and_then(|value| value.word(&WITHOUT_HUB, found))
                .map(|word| word.value),
            signed: section.take("signed").and_then(|value| {
                let truth = value.truth(found)?;
                Some(Placed { value: truth, place: value.place().clone() })
            }),
            place: Some(value.place().clone()),
        };
        section.finish(found);
        if let Some(all_of) = &ask.all_of
            && (ask.count.is_some() || !matches!(ask.from, From::Unsaid))
        {
            found.note(&all_of.place, Problem::AllOfBesideFrom);
        }
        ask
    }

    /// Everybody whom it names, however many of them are wanted.
    pub(crate) fn named(&self) -> impl Iterator<Item = &Placed<Selector>> {
        let from = match &self.from {
            From::These(from) => from.value.as_slice(),
            From::Unsaid | From::Unread => &[],
        };
        let kinds = self.all_of.iter().flat_map(|all_of| all_of.kinds.iter().flatten());
        let later = self.escalate.iter().flat_map(|steps| &steps.value);
        let later = later.flat_map(|step| &step.from);
        from.iter().chain(kinds.flat_map(|kind| &kind.from)).chain(later)
    }
}

fn all_of(value: &Value<'_>, found: &mut Findings) -> AllOfKeys {
    let mut whole = true;
    let mut kinds = Vec::new();
    let tables = value.inline_tables("an item of `all_of`", found);
    if tables.is_empty() {
        if value.is_list() {
            found.note(value.place(), Problem::EmptyList { key: "`all_of`".into() });
        }
        whole = false;
    }
    if tables.len() > ALL_OF_MAX {
        found.note(value.place(), Problem::LongList { most: ALL_OF_MAX });
    }
    for mut section in tables {
        let from = section
            .require("from", "from = [\"@oncall\"]")
            .map(|value| people::approvers(&value, found));
        let count = section.take("count").map(|value| value.count(COUNT_MAX, found));
        section.finish(found);
        match (from, count) {
            (Some(from), None) if from.whole => {
                kinds.push(SeatsKeys { from: from.items, count: 1 });
            }
            (Some(from), Some(Some(count))) if from.whole => {
                kinds.push(SeatsKeys { from: from.items, count: count.value });
            }
            _ => whole = false,
        }
    }
    AllOfKeys { kinds: whole.then_some(kinds), place: value.place().clone() }
}

fn escalate(value: &Value<'_>, found: &mut Findings) -> Placed<Vec<EscalationKeys>> {
    let mut steps: Vec<EscalationKeys> = Vec::new();
    let tables = value.inline_tables("an item of `escalate`", found);
    if tables.len() > ESCALATIONS_MAX {
        found.note(value.place(), Problem::LongList { most: ESCALATIONS_MAX });
    }
    for mut section in tables {
        let after =
            section.require("after", "after = \"90s\"").and_then(|value| span(&value, found));
        let from = section
            .require("from", "from = [\"@managers\"]")
            .map(|value| people::approvers(&value, found));
        section.finish(found);
        let (Some(after), Some(from)) = (after, from) else { continue };
        if steps.last().is_some_and(|before| before.after.value >= after.value) {
            found.note(&after.place, Problem::EscalationOrder);
        }
        steps.push(EscalationKeys { after, from: from.items });
    }
    Placed { value: steps, place: value.place().clone() }
}

fn from(value: &Value<'_>, found: &mut Findings) -> From {
    let list = people::approvers(value, found);
    if list.whole {
        From::These(Placed { value: list.items, place: list.place })
    } else {
        From::Unread
    }
}

/// A time, or `false` for no reminders.
fn remind(value: &Value<'_>, found: &mut Findings) -> Option<Option<Span>> {
    if value.is(false) {
        return Some(None);
    }
    let every = span(value, found)?;
    if every.value < REMIND_MIN {
        found.note(&every.place, Problem::HastyReminder);
        return None;
    }
    Some(Some(every.value))
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
