//! Why a policy says what it says of a command, in sentences.

use std::fmt::Write;

use writ_engine::facts::{Aim, Command, Person, RunAs};
use writ_engine::policy::{
    Alone, Ask, Asking, CommandPattern, Condition, Decision, Difference, Escalation, Explanation,
    Fate, Justification, Miss, Mode, Policy, Role, RoleStory, Rule, RuleStory, RunAsFilter, Seats,
    Selector, Standing, Times, Verdict, Why,
};
use writ_engine::time::WallTime;
use writ_protocol::answers;
use writ_protocol::explained::{
    Explained, ExplainedRole, ExplainedRule, RoleStanding, RuleFate, Says, Supposed,
};

use crate::supposed::Supposition;

/// How many rules are told of besides the one that decides: of thousands, nobody
/// reads on.
const RULES_MAX: usize = 500;

/// The longest word or pattern in a sentence, in characters; what is longer is cut,
/// which `…` says.
const QUOTED_CHARACTERS_MAX: usize = 200;

/// What the policy says of a command of this person in the circumstances that are
/// supposed, as if no window were open, and what each role and rule had to do with it.
#[must_use]
pub fn explain(
    policy: &Policy,
    person: &Person,
    command: &Command,
    supposed: &Supposed,
    now: WallTime,
) -> Explained {
    let told = policy.explain(person, command, Supposition::of(person, command, supposed, now));
    let settings = policy.settings();
    let mut explained = Explained {
        user: person.account.name.clone(),
        groups: person.groups.iter().cloned().collect(),
        host: settings.host.name.clone(),
        mode: match settings.mode {
            Mode::Enforce => answers::Mode::Enforce,
            Mode::Observe => answers::Mode::Observe,
        },
        decision: Says::Pass,
        role: None,
        rule: None,
        without_agent: false,
        why: None,
        asked: Vec::new(),
        needed: 0,
        all_of: Vec::new(),
        escalate: Vec::new(),
        deputies: Vec::new(),
        on_call: Vec::new(),
        self_approval: false,
        timeout_ms: 0,
        max_duration_ms: 0,
        wants_reason: false,
        ticket_pattern: None,
        roles: Vec::new(),
    };
    if person.is_root() {
        explained.why = Some("root itself always passes, with a record".to_owned());
        return explained;
    }
    decided(&mut explained, &told);
    if let Verdict::Ask(asking) | Verdict::Covered(asking) = &told.verdict {
        standing(&mut explained, policy, asking.ask, supposed.at_ms.map_or(now, WallTime));
    }
    let alone = policy.without_agent(person, &Aim::Command(command.clone()));
    explained.without_agent = matches!(alone, Alone::Allowed { .. });
    let mut room = RULES_MAX;
    let roles = told.roles.iter().map(|role| of_role(role, &told, command, &mut room));
    explained.roles = roles.collect();
    explained
}

fn decided(explained: &mut Explained, told: &Explanation<'_>) {
    let (says, source) = match &told.verdict {
        Verdict::Allow(source) => (Says::Allow, source.clone()),
        Verdict::Deny(why) => {
            if matches!(why, Why::Unmatched { .. }) {
                explained.why = Some(why.to_string());
            }
            (Says::Deny, why.source())
        }
        Verdict::Ask(asking) | Verdict::Covered(asking) => {
            asked(explained, asking.ask);
            if asking.source.role.is_none() {
                explained.why = Some("no role speaks of it, and unmatched = \"ask\"".to_owned());
            }
            (Says::Ask, Asking::clone(asking).source)
        }
        Verdict::Pass => {
            explained.why = Some(
                "no role speaks of it, and unmatched = \"pass\": sudoers alone decides".to_owned(),
            );
            (Says::Pass, writ_engine::record::Source::default())
        }
    };
    explained.decision = says;
    (explained.role, explained.rule) = (source.role, source.rule);
}

fn asked(explained: &mut Explained, ask: &Ask) {
    explained.asked = ask.from.iter().map(ToString::to_string).collect();
    explained.needed = ask.count;
    explained.escalate = ask.escalate.iter().map(escalation).collect();
    explained.self_approval = ask.self_approval;
    explained.all_of = ask.all_of.iter().map(seats).collect();
    explained.timeout_ms = ask.timeout.0;
    explained.max_duration_ms = ask.max_duration.0;
    explained.wants_reason = ask.justification == Justification::Required;
    explained.ticket_pattern = ask.ticket.as_ref().map(|pattern| pattern.source().to_owned());
}

/// Who stands for whom at the instant that is supposed, and who is on call then.
fn standing(explained: &mut Explained, policy: &Policy, ask: &Ask, at: WallTime) {
    let later = ask.escalate.iter().flat_map(|step| &step.from);
    let everybody: Vec<Selector> = ask.from.iter().chain(later).cloned().collect();
    let deputies = policy.deputised(&everybody, at).into_iter();
    explained.deputies = deputies
        .map(|(of, by)| answers::Deputies {
            of: of.to_owned(),
            by: by.into_iter().map(str::to_owned).collect(),
        })
        .collect();
    let on_call = policy.on_call(&everybody, at).into_iter();
    explained.on_call = on_call
        .map(|(team, who)| answers::OnCall {
            team: team.to_owned(),
            who: who.into_iter().collect(),
        })
        .collect();
}

fn seats(seats: &Seats) -> answers::Seats {
    answers::Seats {
        from: seats.from.iter().map(ToString::to_string).collect(),
        count: seats.count,
    }
}

fn escalation(step: &Escalation) -> answers::Escalation {
    let from = step.from.iter().map(ToString::to_string).collect();
    answers::Escalation { after_ms: step.after.0, from }
}

fn of_role(
    story: &RoleStory<'_>,
    told: &Explanation<'_>,
    command: &Command,
    room: &mut usize,
) -> ExplainedRole {
    let (standing, rules) = match &story.standing {
        Standing::NotMember => (RoleStanding::NotMember, &[][..]),
        Standing::OtherHost => (RoleStanding::OtherHost, &[][..]),
        Standing::Excepted => (RoleStanding::Excepted, &[][..]),
        Standing::Has(rules) => (RoleStanding::Has, rules.as_slice()),
    };
    let (mut listed, mut more_rules) = (Vec::new(), 0_u32);
    for rule in rules {
        if *room == 0 && rule.fate != Fate::Decides {
            more_rules = more_rules.saturating_add(1);
        } else {
            *room = room.saturating_sub(1);
            listed.push(of_rule(story.role, rule, told, command));
        }
    }
    ExplainedRole { role: story.role.name.clone(), standing, rules: listed, more_rules }
}

fn of_rule(
    role: &Role,
    story: &RuleStory<'_>,
    told: &Explanation<'_>,
    command: &Command,
) -> ExplainedRule {
    let (fate, mut why) = match &story.fate {
        Fate::Decides => (RuleFate::Decides, "decides".to_owned()),
        Fate::Outranked => (RuleFate::Outranked, outranked(told)),
        Fate::Preceded { by } => {
            (RuleFate::Preceded, format!("the rule {:?} of this role matches before it", by.name))
        }
        Fate::OtherRunAs => (RuleFate::OtherRunAs, other_run_as(story.rule, &command.run_as)),
        Fate::OtherTime => (RuleFate::OtherTime, other_time(role, story.rule)),
        Fate::Unmet => (RuleFate::Unmet, unmet(story.rule)),
        Fate::OtherFile => {
            (RuleFate::Unmet, "matches, and is pinned to other files than this one".to_owned())
        }
        Fate::NoPattern { nearest } => (RuleFate::NoPattern, no_pattern(nearest.as_ref())),
    };
    if is_pinned(story) {
        why.push_str("; only where the file has a digest of its `sha256`, which is supposed here");
    }
    if let Some(doubt) = &story.doubt {
        let _ = write!(why, "; its condition cannot be evaluated: {doubt}");
    }
    let decision = match &story.rule.decision {
        Decision::Allow => Says::Allow,
        Decision::Deny => Says::Deny,
        Decision::Ask(_) => Says::Ask,
    };
    ExplainedRule { rule: story.rule.name.clone(), decision, fate, why }
}

/// Whether a rule speaks, and only of a file that it is pinned to.
fn is_pinned(story: &RuleStory<'_>) -> bool {
    let pins = story.rule.limits.as_ref().is_some_and(|limits| !limits.sha256.is_empty());
    pins && matches!(story.fate, Fate::Decides | Fate::Outranked)
}

fn outranked(told: &Explanation<'_>) -> String {
    let decides = told.roles.iter().find_map(|role| match &role.standing {
        Standing::Has(rules) => {
            let rule = rules.iter().find(|rule| rule.fate == Fate::Decides)?;
            Some((&rule.rule.name, &role.role.name))
        }
        Standing::NotMember | Standing::OtherHost | Standing::Excepted => None,
    });
    decides.map_or_else(
        || "matches too".to_owned(),
        |(rule, role)| {
            format!("matches too, and the rule {rule:?} of the role {role:?} goes before it")
        },
    )
}

fn other_run_as(rule: &Rule, run_as: &RunAs) -> String {
    let group = |group: &Option<String>| match group {
        Some(group) => format!(" and the group {group}"),
        None => String::new(),
    };
    let asked = format!("{}{}", run_as.user, group(&run_as.group));
    match &rule.run_as {
        RunAsFilter::Any => format!("is not for {asked}"),
        RunAsFilter::Only { users, groups } => {
            let list = |names: &[String]| names.join(", ");
            let groups = match groups.len() {
                0 => String::new(),
                _ => format!(" with the groups {}", list(groups)),
            };
            format!("is for commands that run as {}{groups}, not as {asked}", list(users))
        }
    }
}

fn other_time(role: &Role, rule: &Rule) -> String {
    match &rule.limits {
        Some(limits) if limits.times != Times::default() && role.times == Times::default() => {
            format!("matches, and it is not its time: {}", limits.times)
        }
        Some(limits) if limits.times != Times::default() => {
            format!(
                "matches, and it is not its time ({}), or not that of its role ({})",
                limits.times, role.times
            )
        }
        _ => format!("matches, and it is not the time of its role: {}", role.times),
    }
}

fn unmet(rule: &Rule) -> String {
    let when = rule.limits.as_ref().and_then(|limits| limits.when.as_ref());
    let source = when.map_or("", Condition::source);
    format!("matches, and its condition does not hold: {}", quoted(source))
}

fn no_pattern(nearest: Option<&(&CommandPattern, Miss)>) -> String {
    let Some((pattern, miss)) = nearest else { return "has no pattern for commands".to_owned() };
    let differs = match &miss.difference {
        Difference::Kind => "which is for another kind of action (a command, or sudoedit)".into(),
        Difference::Program { .. } => "which is of another program".into(),
        Difference::Word { number, wanted, given, climbs: true } => format!(
            "whose word {number}, {}, takes none with a `..` component: {}",
            quoted(wanted),
            quoted(given)
        ),
        Difference::Word { number, wanted, given, climbs: false } => {
            format!("whose word {number} is {}, not {}", quoted(wanted), quoted(given))
        }
        Difference::Count { wanted, at_least, given } => {
            let least = if *at_least { "at least " } else { "" };
            format!("which has {least}{wanted} words after the program, not {given}")
        }
    };
    format!("no pattern matches; the nearest is `{}`, {differs}", quoted(pattern.source()))
}

fn quoted(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTED_CHARACTERS_MAX).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    quoted
}
