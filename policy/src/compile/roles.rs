//! Roles with their rules.

use std::collections::BTreeMap;

use writ_engine::policy::{Decision, Role, Rule};
use writ_engine::time::Span;

use super::asking::Layers;
use super::people::People;
use super::window;
use crate::findings::Findings;
use crate::keys::{AskKeys, DecisionKey, RoleKeys, RuleKeys};
use crate::problem::Problem;
use crate::source::Place;

pub(super) fn compile(
    said: Vec<RoleKeys>,
    host: &Layers<'_>,
    people: &People<'_>,
    found: &mut Findings,
) -> Vec<Role> {
    let mut roles = Vec::with_capacity(said.len());
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    for keys in said {
        let name = keys.name.value.clone();
        if let Some(first) = names.get(&name).cloned() {
            found.note(&keys.name.place, Problem::NamedTwice { what: "a role", name, first });
            continue;
        }
        names.insert(name, keys.name.place.clone());
        check_ask(keys.ask.as_ref(), keys.max_duration, people, found);
        roles.push(role(keys, host, people, found));
    }
    roles.sort_by(|one, other| one.name.cmp(&other.name));
    roles
}

fn role(keys: RoleKeys, host: &Layers<'_>, people: &People<'_>, found: &mut Findings) -> Role {
    let layers = host.with(keys.ask.as_ref());
    let longest = keys.max_duration;
    let window = window::compile(&keys, &layers, people, found);
    let rules = keys.rules.into_iter().map(|rule| {
        check_ask(rule.ask.as_ref(), longest, people, found);
        let decision = decision(&rule, &layers, longest, people, found);
        let RuleKeys { name, commands, services, run_as, allow_writable, .. } = rule;
        let commands = commands.into_iter().map(|command| command.value).collect();
        Rule { name, commands, services, run_as, decision, allow_writable }
    });
    Role {
        rules: rules.collect(),
        window,
        name: keys.name.value,
        description: keys.description,
        members: keys.members.into_iter().map(|member| member.value).collect(),
        hosts: keys.hosts,
    }
}

fn decision(
    rule: &RuleKeys,
    layers: &Layers<'_>,
    longest: Option<Span>,
    people: &People<'_>,
    found: &mut Findings,
) -> Decision {
    match rule.decision.value {
        DecisionKey::Allow => Decision::Allow,
        DecisionKey::Deny => Decision::Deny,
        DecisionKey::Ask => {
            let layers = layers.with(rule.ask.as_ref());
            layers.check_reach(&rule.decision.place, people, found);
            Decision::Ask(Box::new(layers.ask(longest)))
        }
    }
}

/// What can be said of the `ask` of a role or a rule by itself.
fn check_ask(
    ask: Option<&AskKeys>,
    longest: Option<Span>,
    people: &People<'_>,
    found: &mut Findings,
) {
    let Some(ask) = ask else {
        return;
    };
    people.check_teams(ask, found);
    if let (Some(own), Some(longest)) = (&ask.max_duration, longest)
        && own.value > longest
    {
        found.note(&own.place, Problem::LongerThanRole);
    }
}
