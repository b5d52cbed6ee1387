//! Why a command does not run: the one sentence that the person reads.

use writ_protocol::{CallError, ErrorReply, text};

use crate::link::LinkError;
use crate::talk::Left;

/// Why the command does not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Policy or a person said no.
    #[error("denied: {}", with_id(message, id.as_deref()))]
    Denied {
        /// Why, and what to do.
        message: String,
        /// The request, if there was one.
        id: Option<String>,
    },
    /// The wait is over, the request is not.
    #[error("{}", text::shown(message))]
    Open {
        /// What to do.
        message: String,
    },
    /// The person left while others were asked.
    #[error(
        "request {id} stays open; run the same command again to come back, or \"writ cancel {id}\"",
        id = text::shown(id)
    )]
    Left {
        /// The request.
        id: String,
    },
    /// The person left before there was a request.
    #[error("left; nothing was asked of anybody and nothing was started")]
    LeftEarly,
    /// A reason or a ticket is needed and nobody can be asked for it.
    #[error("denied: {what} is needed and there is no terminal to ask for it at; set {variable}")]
    CannotAsk {
        /// "a reason" or "a ticket".
        what: &'static str,
        /// The variable that takes it.
        variable: &'static str,
    },
    /// Only empty or wrong answers, or none in time.
    #[error("denied: {what} is needed; run the command again, or set {variable}")]
    Unanswered {
        /// "a reason" or "a ticket".
        what: &'static str,
        /// The variable that takes it.
        variable: &'static str,
    },
    /// No answer of the agent.
    #[error("denied: {error}{}", still_open(id.as_deref()))]
    Agent {
        /// What went wrong.
        error: LinkError,
        /// The request, if there is one already.
        id: Option<String>,
    },
    /// The agent cannot be reached, and this does not pass without it.
    #[error("denied: {error}; {}", text::shown(why))]
    WithoutAgent {
        /// What went wrong.
        error: LinkError,
        /// Why it does not pass.
        why: String,
    },
    /// The answer makes no sense.
    #[error("denied: Writ's agent answered with something that this version does not understand")]
    Nonsense,
    /// The grant no longer stands.
    #[error("the command was not started: {}", text::shown(message))]
    Ended {
        /// Why.
        message: String,
    },
    /// It cannot be asked about.
    #[error("denied: {0}")]
    Unaskable(String),
    /// The system gave no random number.
    #[error("denied: the system gave no random number for the request; try again")]
    NoRandom,
}

impl Refusal {
    /// Whether the person himself ended the wait.
    pub fn is_leaving(&self) -> bool {
        matches!(self, Self::Left { .. } | Self::LeftEarly)
    }

    /// What `error` means while `id` is asked about.
    pub fn from_link(error: LinkError, id: Option<&str>) -> Self {
        match error {
            LinkError::Left(Left) => match id {
                Some(id) => Self::Left { id: id.to_owned() },
                None => Self::LeftEarly,
            },
            LinkError::Call(CallError::Reply(ErrorReply::Refused { message })) => {
                Self::Denied { message, id: id.map(str::to_owned) }
            }
            error => Self::Agent { error, id: id.map(str::to_owned) },
        }
    }
}

fn still_open(id: Option<&str>) -> String {
    id.map_or_else(String::new, |id| {
        format!("; request {} stays open, run the same command again to come back", text::shown(id))
    })
}

/// A denial's message, and its request where the message does not name it.
fn with_id(message: &str, id: Option<&str>) -> String {
    let shown = text::shown(message);
    match id {
        Some(id) if !message.contains(id) => format!("{shown} ({})", text::shown(id)),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_names_its_request_once() {
        let denied =
            |message: &str| Refusal::Denied { message: message.into(), id: Some("7K3M-Q2".into()) };
        assert_eq!(
            denied("bob denied it: not now").to_string(),
            "denied: bob denied it: not now (7K3M-Q2)"
        );
        assert_eq!(denied("7K3M-Q2 has expired").to_string(), "denied: 7K3M-Q2 has expired");
    }

    #[test]
    fn leaving_says_how_to_come_back() {
        let left = Refusal::from_link(LinkError::Left(Left), Some("7K3M-Q2"));
        assert_eq!(
            left.to_string(),
            "request 7K3M-Q2 stays open; run the same command again to come back, or \"writ cancel 7K3M-Q2\""
        );
    }

    #[test]
    fn what_somebody_typed_cannot_act_on_the_terminal() {
        let denied = Refusal::Denied { message: "\u{1b}[2J\nno".into(), id: None };
        assert_eq!(denied.to_string(), "denied: \\e[2J\\nno");
    }
}
