//! What the person is to add: a reason, a ticket.

use writ_protocol::answers::Answer;

use crate::refusal::Refusal;

/// Something that can be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// What it is, with its article.
    pub what: &'static str,
    /// The variable of the environment that takes it, where a door takes one.
    pub variable: &'static str,
}

/// Why.
pub(crate) const REASON: Field = Field { what: "a reason", variable: "WRIT_REASON" };
/// The ticket that it belongs to.
pub(crate) const TICKET: Field = Field { what: "a ticket", variable: "WRIT_TICKET" };

/// What is missing: at least one of the two.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The first that is asked for.
    pub first: Field,
    /// The reason.
    pub reason: Option<Field>,
    /// The ticket.
    pub ticket: Option<TicketForm>,
}

/// The ticket, and the regular expression that it must match, if there is one.
#[derive(Debug, PartialEq, Eq)]
pub struct TicketForm {
    /// What it is called.
    pub field: Field,
    /// The regular expression.
    pub pattern: Option<String>,
}

/// What the person has typed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The reason, if it was wanted.
    pub reason: Option<String>,
    /// The ticket, if it was wanted.
    pub ticket: Option<String>,
}

impl Wanted {
    /// What an answer says is missing; `None` if it names nothing.
    #[must_use]
    pub fn of(answer: &Answer) -> Option<Self> {
        let first = match (answer.wants_reason, answer.wants_ticket) {
            (true, _) => REASON,
            (false, true) => TICKET,
            (false, false) => return None,
        };
        let form = || TicketForm { field: TICKET, pattern: answer.ticket_pattern.clone() };
        Some(Self {
            first,
            reason: answer.wants_reason.then_some(REASON),
            ticket: answer.wants_ticket.then(form),
        })
    }

    /// Nobody can be asked for it.
    #[must_use]
    pub fn cannot_ask(&self) -> Refusal {
        Refusal::CannotAsk { what: self.first.what, variable: self.first.variable }
    }

    /// He was asked often enough.
    #[must_use]
    pub fn unanswered(&self) -> Refusal {
        Refusal::Unanswered { what: self.first.what, variable: self.first.variable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use writ_protocol::answers::AnswerState;

    fn answer(wants_reason: bool, wants_ticket: bool) -> Answer {
        Answer {
            state: AnswerState::Wanted,
            id: None,
            message: None,
            asked: Vec::new(),
            approvals: 0,
            needed: 0,
            seen: Vec::new(),
            still_asked: Vec::new(),
            remaining_ms: 0,
            wants_reason,
            wants_ticket,
            started_boot_ms: None,
            ticket_pattern: None,
        }
    }

    #[test]
    fn what_is_missing_is_named_with_the_variable_that_takes_it() {
        assert_eq!(Wanted::of(&answer(false, false)), None);
        assert_eq!(
            Wanted::of(&answer(true, true)).unwrap().cannot_ask().to_string(),
            "denied: a reason is needed and there is no terminal to ask for it at; set WRIT_REASON"
        );
        assert_eq!(
            Wanted::of(&answer(false, true)).unwrap().unanswered().to_string(),
            "denied: a ticket is needed; run the command again, or set WRIT_TICKET"
        );
    }
}
