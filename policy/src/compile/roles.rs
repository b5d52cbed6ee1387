//! Roles with their rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use writ_engine::policy::{Ask, Decision, Limits, Role, Rule, WithoutAgent};
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
    let mut asks = Asks::default();
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    for keys in said {
        let name = keys.name.value.clone();
        if let Some(first) = names.get(&name).cloned() {
            found.note(&keys.name.place, Problem::NamedTwice { what: "a role", name, first });
            continue;
        }
        names.insert(name, keys.name.place.clone());
        check_ask(keys.ask.as_ref(), keys.max_duration, people, found);
        roles.push(role(keys, host, people, &mut asks, found));
    }
    roles.sort_by(|one, other| one.name.cmp(&other.name));
    roles
}

fn role(
    keys: RoleKeys,
    host: &Layers<'_>,
    people: &People<'_>,
    asks: &mut Asks,
    found: &mut Findings,
) -> Role {
    let layers = host.with(keys.ask.as_ref());
    let longest = keys.max_duration;
    let window = window::compile(&keys, &layers, people, found);
    // Not collected, which would keep the room that what the file says took.
    let mut rules = Vec::with_capacity(keys.rules.len());
    rules.extend(keys.rules.into_iter().map(|rule| {
        check_ask(rule.ask.as_deref(), longest, people, found);
        let decision = decision(&rule, &layers, longest, people, asks, found);
        let limits = limits(&rule, &layers, longest, asks);
        let RuleKeys { name, commands, services, run_as, allow_writable, without_agent, .. } = rule;
        let without_agent = without_agent.map_or(WithoutAgent::Deny, |word| word.value);
        let mut patterns = Vec::with_capacity(commands.len());
        patterns.extend(commands.into_iter().map(|command| command.value));
        let commands = patterns;
        Rule { name, commands, services, run_as, decision, allow_writable, without_agent, limits }
    }));
    Role {
        rules,
        window,
        name: keys.name.value,
        description: keys.description,
        members: keys.members.into_iter().map(|member| member.value).collect(),
        except: keys.except,
        hosts: keys.hosts,
        except_hosts: keys.except_hosts,
        times: keys.times,
    }
}

fn decision(
    rule: &RuleKeys,
    layers: &Layers<'_>,
    longest: Option<Span>,
    people: &People<'_>,
    asks: &mut Asks,
    found: &mut Findings,
) -> Decision {
    match rule.decision.value {
        DecisionKey::Allow => Decision::Allow,
        DecisionKey::Deny => Decision::Deny,
        DecisionKey::Ask => {
            let layers = layers.with(rule.ask.as_deref());
            layers.check_reach(&rule.decision.place, people, found);
            Decision::Ask(asks.share(layers.ask(longest)))
        }
    }
}

/// What a rule is limited to, if to anything. Where nobody can say whether the condition
/// of a rule that allows holds, people are asked as the role or the host asks.
fn limits(
    rule: &RuleKeys,
    layers: &Layers<'_>,
    longest: Option<Span>,
    asks: &mut Asks,
) -> Option<Box<Limits>> {
    let (when, times) = (rule.when.clone(), rule.times.clone());
    if !rule.is_limited() {
        return None;
    }
    let may_be_in_doubt = when.is_some() && rule.decision.value == DecisionKey::Allow;
    let in_doubt = may_be_in_doubt.then(|| asks.share(layers.ask(longest)));
    let sha256 = rule.sha256.clone();
    Some(Box::new(Limits { when, in_doubt, times, sha256 }))
}

/// How rules ask: mostly in few ways, which are kept once.
#[derive(Default)]
struct Asks(Vec<Arc<Ask>>);

impl Asks {
    /// How many of the last ways a new one is compared with.
    const COMPARED_MAX: usize = 64;

    fn share(&mut self, ask: Ask) -> Arc<Ask> {
        let last = self.0.iter().rev().take(Self::COMPARED_MAX);
        if let Some(same) = last.into_iter().find(|known| ***known == ask) {
            return Arc::clone(same);
        }
        let ask = Arc::new(ask);
        self.0.push(Arc::clone(&ask));
        ask
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
