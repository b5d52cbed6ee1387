//! Records of our own ledger.

use writ_engine::facts::{Aim, Person};
use writ_engine::record::{About, By, Force, Made, Outcome, Record, What};

use super::act::{Act, Today};
use super::day::Days;

/// The act that a record tells of, if it is the first that does: a request, a decision
/// that policy made at once, a command under a window.
pub(crate) fn of(record: &Record, days: &mut Days) -> Option<Act> {
    let (requester, aim, today) = match &record.what {
        What::RequestOpened(opened) => (&opened.requester, &opened.act.aim, Today::Asked),
        What::DecisionMade(Made { by: By::Policy, about: Some(about), outcome, force, .. }) => {
            (&about.requester, &about.act.aim, today(*outcome, *force))
        }
        What::BreakGlassUsed(used) => (&used.about.requester, &used.about.act.aim, Today::Ran),
        What::CommandStarted { about: Some(about), .. } => {
            let About { requester, act, .. } = about.as_ref();
            (requester, &act.aim, Today::Ran)
        }
        _ => return None,
    };
    let Aim::Command(command) = aim else { return None };
    let Person { account, groups, .. } = requester;
    Some(Act {
        day: days.of_ms(record.at.wall.0),
        user: account.name.clone(),
        groups: Some(groups.clone()),
        command: command.clone(),
        today,
    })
}

fn today(outcome: Outcome, force: Force) -> Today {
    match (force, outcome) {
        (Force::Enforced, Outcome::Deny) => Today::Refused,
        (Force::Enforced, Outcome::WouldAsk) => Today::Asked,
        (Force::Enforced | Force::Observed, _) => Today::Ran,
    }
}
