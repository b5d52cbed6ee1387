//! `[[role.NAME.rule]]`.

use std::collections::{BTreeMap, BTreeSet};

use writ_engine::policy::{CommandPattern, Condition, RunAsFilter, Times, WithoutAgent};

use super::ask::AskKeys;
use super::role::accounts;
use super::{DECISIONS, DecisionKey};
use crate::findings::Findings;
use crate::name;
use crate::problem::Problem;
use crate::section::Section;
use crate::source::{Place, Placed};
use crate::value::Value;
use crate::zone::RoleZone;

/// Services through which single commands are run, which `commands` speaks of.
const COMMAND_SERVICES: [&str; 3] = ["sudo", "sudo-i", "doas"];

/// How many files a rule may be pinned to: a program in its releases on a fleet.
const PINS_MAX: usize = 64;

const WITHOUT_AGENT: [(&str, WithoutAgent); 2] =
    [("deny", WithoutAgent::Deny), ("allow", WithoutAgent::Allow)];

/// What a file says of a rule.
#[derive(Debug)]
pub(crate) struct RuleKeys {
    pub(crate) name: String,
    pub(crate) commands: Vec<Placed<CommandPattern>>,
    pub(crate) services: BTreeSet<String>,
    pub(crate) run_as: RunAsFilter,
    pub(crate) decision: Placed<DecisionKey>,
    /// Apart from the rest: most rules have none, and there may be ten thousand rules.
    pub(crate) ask: Option<Box<AskKeys>>,
    pub(crate) allow_writable: bool,
    pub(crate) without_agent: Option<Placed<WithoutAgent>>,
    pub(crate) when: Option<Condition>,
    pub(crate) times: Times,
    /// Digests, in lower case.
    pub(crate) sha256: Vec<String>,
}

impl RuleKeys {
    /// Whether it may be silent of an act that it has a pattern for.
    pub(crate) fn is_limited(&self) -> bool {
        self.when.is_some() || self.times != Times::default() || !self.sha256.is_empty()
    }
}

impl RuleKeys {
    /// Whether what it allows passes also while the agent cannot be asked.
    fn passes_without_agent(&self) -> Option<&Placed<WithoutAgent>> {
        self.without_agent.as_ref().filter(|word| word.value == WithoutAgent::Allow)
    }

    /// Only what the policy allows by itself can pass without the agent, and only where
    /// nothing is left that the agent would find out.
    fn check_without_agent(&self, found: &mut Findings) {
        let Some(word) = self.passes_without_agent() else { return };
        if self.decision.value != DecisionKey::Allow {
            found.note(&word.place, Problem::WithoutAgentUnallowed);
        }
        let limits = [
            ("when", self.when.is_some()),
            ("hours", self.times.hours.is_some()),
            ("not_after", self.times.before.is_some()),
            ("sha256", !self.sha256.is_empty()),
        ];
        for (key, _) in limits.iter().filter(|(_, said)| *said) {
            found.note(&word.place, Problem::WithoutAgentLimited { key });
        }
    }

    /// The same for the times of its role.
    pub(super) fn check_without_agent_in(&self, times: &Times, found: &mut Findings) {
        if let Some(word) = self.passes_without_agent().filter(|_| *times != Times::default()) {
            found.note(&word.place, Problem::WithoutAgentInTimes);
        }
    }
}

/// The rules that could be read, in their order.
pub(super) fn rules(
    value: &Value<'_>,
    role: &str,
    zone: &RoleZone<'_>,
    found: &mut Findings,
) -> Vec<RuleKeys> {
    let title = format!("[[role.{role}.rule]]");
    let mut rules = Vec::new();
    let mut names = BTreeMap::new();
    for (position, section) in value.tables(&title, found).into_iter().enumerate() {
        rules.extend(rule(position, section, zone, &mut names, found));
    }
    rules
}

fn rule(
    position: usize,
    mut section: Section<'_>,
    zone: &RoleZone<'_>,
    names: &mut BTreeMap<String, Place>,
    found: &mut Findings,
) -> Option<RuleKeys> {
    let name = match section.take("name") {
        None => Some(format!("#{}", position + 1)),
        Some(value) => given_name(&value, names, found),
    };
    let services = section.take("services");
    let commands = match &services {
        Some(_) => section.take("commands").map(|commands| {
            found.note(commands.place(), Problem::CommandsAndServices);
            Vec::new()
        }),
        None => section
            .require("commands", "commands = [\"/usr/bin/systemctl status *\"]")
            .map(|value| commands_of(&value, found)),
    };
    let is_whole = services.is_some() || commands.is_some();
    let services = services.map(|value| services_of(&value, found)).unwrap_or_default();
    let run_as = run_as(&mut section, found);
    let decision = section.require("decision", "decision = \"ask\"");
    let decision = decision.and_then(|value| value.word(&DECISIONS, found));
    let ask = section.take_ask(found);
    let allow_writable =
        section.take("allow_writable").and_then(|value| value.truth(found)) == Some(true);
    let without_agent = section.take("without_agent");
    let without_agent = without_agent.and_then(|value| value.word(&WITHOUT_AGENT, found));
    let when = section.take_when(zone, found);
    let times = section.take_times(zone, found);
    let sha256 = section.take("sha256").map(|value| pins_of(&value, commands.as_deref(), found));
    let sha256 = sha256.unwrap_or_default();
    section.finish(found);

    let decision = decision?;
    if let Some(place) = ask.as_ref().and_then(|ask| ask.place.as_ref())
        && decision.value != DecisionKey::Ask
    {
        found.note(place, Problem::AskUnasked);
    }
    let commands = commands.unwrap_or_default();
    let name = name.filter(|_| is_whole)?;
    let ask = ask.map(Box::new);
    let rule = RuleKeys {
        name,
        commands,
        services,
        run_as,
        decision,
        ask,
        allow_writable,
        without_agent,
        when,
        times,
        sha256,
    };
    rule.check_without_agent(found);
    Some(rule)
}

fn given_name(
    value: &Value<'_>,
    names: &mut BTreeMap<String, Place>,
    found: &mut Findings,
) -> Option<String> {
    let name = value.text(found, |name| {
        name::check_title(name).map_err(|why| Problem::Name { text: name.to_owned(), why })?;
        Ok(name.to_owned())
    })?;
    if let Some(first) = names.get(&name.value) {
        let problem =
            Problem::NamedTwice { what: "a rule", name: name.value.clone(), first: first.clone() };
        found.note(&name.place, problem);
    } else {
        names.insert(name.value.clone(), name.place);
    }
    Some(name.value)
}

fn commands_of(value: &Value<'_>, found: &mut Findings) -> Vec<Placed<CommandPattern>> {
    let commands = value.some(found, |text| {
        text.parse::<CommandPattern>()
            .map_err(|why| Problem::Command { text: text.to_owned(), why })
    });
    commands.items
}

/// The files that a rule is pinned to. Its patterns must each name their one program: a pin
/// speaks of a file, and only files that a policy names are digested for it.
fn pins_of(
    value: &Value<'_>,
    commands: Option<&[Placed<CommandPattern>]>,
    found: &mut Findings,
) -> Vec<String> {
    let pins = value.one_or_more(found, |text| {
        let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digest = is_digest.then(|| text.to_ascii_lowercase());
        digest.ok_or_else(|| Problem::Digest { text: text.to_owned() })
    });
    if pins.items.len() > PINS_MAX {
        found.note(&pins.place, Problem::LongList { most: PINS_MAX });
    }
    match commands {
        // What is no pattern at all was noted.
        Some(commands) => {
            for command in commands.iter().filter(|command| command.value.program().is_none()) {
                let pattern = command.value.source().to_owned();
                found.note(&command.place, Problem::PinOfMany { pattern });
            }
        }
        None => found.note(&pins.place, Problem::PinOfService),
    }
    pins.items.into_iter().map(|pin| pin.value).collect()
}

/// Services of PAM: names of files in `/etc/pam.d` (pam.d(5)).
fn services_of(value: &Value<'_>, found: &mut Findings) -> BTreeSet<String> {
    let services = value.some(found, |service| {
        name::check_service(service)
            .map_err(|why| Problem::Name { text: service.to_owned(), why })?;
        if COMMAND_SERVICES.contains(&service) {
            return Err(Problem::CommandService { service: service.to_owned() });
        }
        Ok(service.to_owned())
    });
    services.items.into_iter().map(|service| service.value).collect()
}

fn run_as(section: &mut Section<'_>, found: &mut Findings) -> RunAsFilter {
    let users = section.take("run_as");
    let groups = section.take("run_as_groups");
    if let (None, Some(groups)) = (&users, &groups) {
        found.note(groups.place(), Problem::GroupsWithoutUsers);
    }
    let groups = groups.map(|value| accounts(&value, found)).unwrap_or_default();
    let Some(users) = users else {
        return RunAsFilter::Any;
    };
    let users = users.some(found, |user| {
        name::check_run_as(user).map_err(|why| Problem::Name { text: user.to_owned(), why })?;
        Ok(user.to_owned())
    });
    let users: BTreeSet<String> = users.items.into_iter().map(|user| user.value).collect();
    RunAsFilter::Only { users: users.into_iter().collect(), groups: groups.into_iter().collect() }
}
