//! The grammar: which keys a file may have, each read into its type. What depends
//! on other tables and files is checked afterwards, in [`crate::compile`].

mod approver;
mod ask;
mod away;
mod host;
mod on_call;
mod people;
mod remote;
mod role;
mod rule;
mod times;

pub(crate) use approver::{ApproverKeys, approvers};
pub use ask::{ALL_OF_MAX, COUNT_MAX, ESCALATIONS_MAX};
pub(crate) use ask::{AllOfKeys, AskKeys, EscalationKeys, From, SeatsKeys};
pub(crate) use away::AwayKeys;
pub(crate) use host::{HostKeys, host};
pub(crate) use on_call::OnCallKeys;
pub(crate) use role::{RoleKeys, roles};
pub(crate) use rule::RuleKeys;

use writ_engine::time::Span;

use crate::duration;
use crate::findings::Findings;
use crate::problem::Problem;
use crate::source::Placed;
use crate::value::Value;

/// What a rule or a role says to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecisionKey {
    Allow,
    Ask,
    Deny,
}

const DECISIONS: [(&str, DecisionKey); 3] =
    [("allow", DecisionKey::Allow), ("ask", DecisionKey::Ask), ("deny", DecisionKey::Deny)];

/// So many durations at most; none at all is as good.
fn spans(value: &Value<'_>, most: usize, found: &mut Findings) -> Vec<Span> {
    let list = value.list(found, |text| {
        duration::parse(text).map_err(|why| Problem::Duration { text: text.to_owned(), why })
    });
    if list.items.len() > most {
        found.note(&list.place, Problem::LongList { most });
    }
    list.items.into_iter().map(|item| item.value).collect()
}

fn span(value: &Value<'_>, found: &mut Findings) -> Option<Placed<Span>> {
    value.text(found, |text| {
        duration::parse(text).map_err(|why| Problem::Duration { text: text.to_owned(), why })
    })
}
