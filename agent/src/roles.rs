//! The call that tells a person what he may ask for.

use std::collections::BTreeSet;
use std::rc::Rc;

use writ_engine::facts::Person;
use writ_engine::policy::{Ask, Decision, Escalation, Policy, Role, Seats, Selector, WindowTerms};
use writ_engine::time::WallTime;
use writ_engine::{Engine, OpenRole};
use writ_protocol::ErrorReply;
use writ_protocol::answers::{self, WindowDecision};
use writ_protocol::calls;

use crate::agent::Agent;
use crate::clock;
use crate::connection::Caller;
use crate::deciding::person;

/// The roles that the caller has on this host, and what a window of each lends.
///
/// # Errors
/// When the name service does not say who he is.
pub(crate) async fn list(
    agent: &Rc<Agent>,
    caller: &Caller,
    _roles: calls::Roles,
) -> Result<answers::Roles, ErrorReply> {
    let person = person(agent, caller).await?;
    let policy = agent.core.policy();
    let roles = agent.core.look(|engine| all(engine, &policy, &person));
    Ok(answers::Roles { roles })
}

fn all(engine: &Engine, policy: &Policy, person: &Person) -> Vec<answers::Role> {
    let now = clock::now();
    let roles = policy.roles_of(person).into_iter();
    let open = |role: &Role| engine.open_role(now, person, &role.name);
    roles.map(|role| one(policy, role, open(role), now.wall)).collect()
}

fn one(policy: &Policy, role: &Role, open: Option<OpenRole>, now: WallTime) -> answers::Role {
    let terms = role.window.as_ref();
    let names = |pick: fn(&WindowTerms) -> &BTreeSet<String>| {
        terms.map(|terms| pick(terms).iter().cloned().collect()).unwrap_or_default()
    };
    let ask = terms.and_then(|terms| match &terms.decision {
        Decision::Ask(ask) => Some(ask),
        Decision::Allow | Decision::Deny => None,
    });
    answers::Role {
        window: answers::Window {
            role: role.name.clone(),
            groups: names(|terms| &terms.groups),
            actions: names(|terms| &terms.actions),
            capabilities: names(|terms| &terms.capabilities),
            root_equivalent: names(|terms| &terms.root_equivalent),
        },
        description: role.description.clone(),
        decision: match terms.map(|terms| &terms.decision) {
            Some(Decision::Allow) => WindowDecision::Allow,
            Some(Decision::Ask(_)) => WindowDecision::Ask,
            Some(Decision::Deny) | None => WindowDecision::Deny,
        },
        asked: ask
            .map(|ask| ask.from.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        needed: ask.map_or(0, |ask| ask.count),
        all_of: ask.map(|ask| ask.all_of.iter().map(seats).collect()).unwrap_or_default(),
        escalate: ask.map(|ask| ask.escalate.iter().map(step).collect()).unwrap_or_default(),
        self_approval: ask.is_some_and(|ask| ask.self_approval),
        deputies: ask
            .map(|ask| policy.deputised(&everybody(ask), now))
            .unwrap_or_default()
            .into_iter()
            .map(|(of, by)| answers::Deputies {
                of: of.to_owned(),
                by: by.into_iter().map(str::to_owned).collect(),
            })
            .collect(),
        on_call: ask
            .map(|ask| policy.on_call(&everybody(ask), now).into_iter().map(on_call).collect())
            .unwrap_or_default(),
        max_duration_ms: terms.map_or(0, |terms| terms.max_duration.0),
        open: open.map(|open| open.id.to_string()),
        remaining_ms: open.map_or(0, |open| open.remaining.0),
    }
}

/// Whoever may decide, sooner or later.
fn everybody(ask: &Ask) -> Vec<Selector> {
    let later = ask.escalate.iter().flat_map(|step| &step.from);
    ask.from.iter().chain(later).cloned().collect()
}

fn on_call((team, who): (&str, BTreeSet<String>)) -> answers::OnCall {
    answers::OnCall { team: team.to_owned(), who: who.into_iter().collect() }
}

fn step(step: &Escalation) -> answers::Escalation {
    let from = step.from.iter().map(ToString::to_string).collect();
    answers::Escalation { after_ms: step.after.0, from }
}

fn seats(seats: &Seats) -> answers::Seats {
    let from = seats.from.iter().map(ToString::to_string).collect();
    answers::Seats { from, count: seats.count }
}
