//! `roles.d/*.toml`.

use std::collections::BTreeSet;

use writ_engine::facts::OnEnd;
use writ_engine::policy::{HostPattern, Member, Times};
use writ_engine::time::Span;

use super::ask::AskKeys;
use super::rule::{RuleKeys, rules};
use super::{DECISIONS, DecisionKey, people, span};
use crate::action::is_action;
use crate::capability::Capability;
use crate::findings::Findings;
use crate::problem::Problem;
use crate::section::Section;
use crate::source::Placed;
use crate::value::Value;
use crate::zone::{self, HostZone};
use crate::{host, name};

/// The longest description of a role, in characters.
const DESCRIPTION_CHARS_MAX: usize = 1000;

const ENDS: [(&str, OnEnd); 2] = [("terminate", OnEnd::Terminate), ("warn", OnEnd::Warn)];

/// What a file says of a role.
#[derive(Debug)]
pub(crate) struct RoleKeys {
    pub(crate) name: Placed<String>,
    pub(crate) description: Option<String>,
    pub(crate) members: Vec<Placed<Member>>,
    pub(crate) except: Vec<Member>,
    pub(crate) hosts: Vec<HostPattern>,
    pub(crate) except_hosts: Vec<HostPattern>,
    pub(crate) groups: BTreeSet<String>,
    pub(crate) actions: BTreeSet<String>,
    pub(crate) capabilities: BTreeSet<Capability>,
    pub(crate) max_duration: Option<Span>,
    pub(crate) decision: Option<Placed<DecisionKey>>,
    pub(crate) ask: Option<AskKeys>,
    pub(crate) on_end: OnEnd,
    pub(crate) end_on_logout: bool,
    pub(crate) times: Times,
    pub(crate) rules: Vec<RuleKeys>,
}

pub(crate) fn roles(mut file: Section<'_>, found: &mut Findings) -> Vec<RoleKeys> {
    let all = file.take("role").and_then(|value| value.table("[role]".into(), found));
    file.finish(found);
    let all = all.map(|all| all.named_tables(found)).unwrap_or_default();
    let host_zone = zone::of_host();
    all.into_iter().map(|(name, section)| role(name, section, &host_zone, found)).collect()
}

fn role(
    name: Placed<String>,
    mut section: Section<'_>,
    host_zone: &HostZone,
    found: &mut Findings,
) -> RoleKeys {
    if let Err(why) = name::check_handle(&name.value) {
        found.note(&name.place, Problem::Name { text: name.value.clone(), why });
    }
    let groups = section.take("groups");
    let actions = section.take("actions");
    let capabilities = section.take("capabilities");
    let decision = section.take("decision");
    let on_end = section.take("on_end");
    let allow_dangerous =
        section.take("allow_dangerous").and_then(|value| value.truth(found)) == Some(true);
    let end_on_logout =
        section.take("end_on_logout").and_then(|value| value.truth(found)) == Some(true);
    let members = section
        .require("members", "members = [\"alice\", \"%developers\"]")
        .map(|value| people::members(&value, found));
    if members.as_ref().is_some_and(|members| members.whole && members.items.is_empty()) {
        found.note(&name.place, Problem::NoMembers { role: name.value.clone() });
    }
    let except = section.take("except").map(|value| people::members(&value, found));
    let idle = groups.is_none() && actions.is_none() && capabilities.is_none();
    let zone = section.take_zone(host_zone, found);
    let rules = section.take("rule").map(|value| rules(&value, &name.value, &zone, found));
    if idle && rules.is_none() {
        found.note(&name.place, Problem::IdleRole { role: name.value.clone() });
    }
    let role = RoleKeys {
        description: section.take("description").and_then(|value| description(&value, found)),
        members: members.into_iter().flat_map(|list| list.items).collect(),
        except: values(except.into_iter().flat_map(|list| list.items)),
        hosts: section.take("hosts").map(|value| hosts(&value, found)).unwrap_or_default(),
        except_hosts: section
            .take("except_hosts")
            .map(|value| hosts(&value, found))
            .unwrap_or_default(),
        groups: groups.map(|value| accounts(&value, found)).unwrap_or_default(),
        actions: actions.map(|value| lent_actions(&value, found)).unwrap_or_default(),
        capabilities: capabilities
            .map(|value| lent_capabilities(&value, allow_dangerous, found))
            .unwrap_or_default(),
        max_duration: section
            .take("max_duration")
            .and_then(|value| span(&value, found))
            .map(|longest| longest.value),
        decision: decision.and_then(|value| value.word(&DECISIONS, found)),
        ask: section.take_ask(found),
        on_end: on_end
            .and_then(|value| value.word(&ENDS, found))
            .map_or(OnEnd::Terminate, |word| word.value),
        end_on_logout,
        times: section.take_times(&zone, found),
        rules: rules.unwrap_or_default(),
        name,
    };
    for rule in &role.rules {
        rule.check_without_agent_in(&role.times, found);
    }
    section.finish(found);
    role
}

fn description(value: &Value<'_>, found: &mut Findings) -> Option<String> {
    let text = value.text(found, |text| {
        if text.chars().count() > DESCRIPTION_CHARS_MAX {
            return Err(Problem::LongDescription { most: DESCRIPTION_CHARS_MAX });
        }
        Ok(text.to_owned())
    });
    text.map(|text| text.value)
}

fn hosts(value: &Value<'_>, found: &mut Findings) -> Vec<HostPattern> {
    let hosts = value.some(found, |text| {
        host::pattern(text).map_err(|why| Problem::Name { text: text.to_owned(), why })
    });
    values(hosts.items)
}

fn lent_actions(value: &Value<'_>, found: &mut Findings) -> BTreeSet<String> {
    let actions = value.list(found, |name| match is_action(name) {
        true => Ok(name.to_owned()),
        false => Err(Problem::NoAction(name.to_owned())),
    });
    values(actions.items)
}

fn lent_capabilities(
    value: &Value<'_>,
    allow_dangerous: bool,
    found: &mut Findings,
) -> BTreeSet<Capability> {
    let capabilities = value.list(found, |name| {
        let capability =
            Capability::named(name).ok_or_else(|| Problem::UnknownCapability(name.to_owned()))?;
        match capability.root_power() {
            Some(power) if !allow_dangerous => Err(Problem::RootlyCapability { capability, power }),
            _ => Ok(capability),
        }
    });
    values(capabilities.items)
}

/// Names of users or groups of the system.
pub(super) fn accounts(value: &Value<'_>, found: &mut Findings) -> BTreeSet<String> {
    let names = value.some(found, |text| {
        name::check_account(text).map_err(|why| Problem::Name { text: text.to_owned(), why })?;
        Ok(text.to_owned())
    });
    values(names.items)
}

fn values<T, C: FromIterator<T>>(items: impl IntoIterator<Item = Placed<T>>) -> C {
    items.into_iter().map(|item| item.value).collect()
}
