//! People, as lists name them.

use writ_engine::policy::{Member, Selector};

use crate::findings::Findings;
use crate::problem::Problem;
use crate::value::{List, Value};

/// Users and groups: `members`, and `from` of `[break_glass]`.
pub(super) fn members(value: &Value<'_>, found: &mut Findings) -> List<Member> {
    value.list(found, |text| {
        not_all(text)?;
        text.parse().map_err(|why| Problem::Selector { why })
    })
}

/// Users, groups and teams: `from` of an `ask`; at least one.
pub(super) fn approvers(value: &Value<'_>, found: &mut Findings) -> List<Selector> {
    value.some(found, |text| {
        not_all(text)?;
        text.parse().map_err(|why| Problem::Selector { why })
    })
}

/// Teams that an approver is of, without their `@`.
pub(super) fn teams(value: &Value<'_>, found: &mut Findings) -> List<String> {
    value.list(found, |team| match format!("@{team}").parse() {
        Ok(Selector::Team(team)) => Ok(team),
        Ok(_) => Err(Problem::Everybody),
        Err(why) => Err(Problem::Selector { why }),
    })
}

fn not_all(text: &str) -> Result<(), Problem> {
    if text == "ALL" { Err(Problem::Everybody) } else { Ok(()) }
}
