//! Policies that change under the requests, and what they say, read naively.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use writ_engine::facts::{Command, Evidence, Host, OnEnd, Person};
use writ_engine::policy::{
    Approver, Ask, Away, CommandPattern, Decision, Escalation, Justification, Member, Mode, OnCall,
    Role, Rule, RunAsFilter, Seats, Selector, Settings, Unmatched, WindowTerms,
};
use writ_engine::record::Opened;
use writ_engine::time::{Span, WallTime};
use writ_signed::{ApproverKey, HostKey};

use crate::cast::same_human;
use crate::pins::{pin, speaks};
use crate::random::Random;

/// What a policy comes to, for the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Allow,
    Deny,
    Ask { needed: u32 },
    Pass,
}

pub(crate) fn some_policy(random: &mut Random, files: &BTreeMap<String, u32>) -> Settings {
    let ask = Ask {
        from: vec!["@oncall".parse().unwrap()],
        count: 1,
        all_of: vec![],
        escalate: vec![],
        remind: None,
        self_approval: false,
        timeout: Span::from_secs(random.between(5, 300)),
        max_duration: Span::from_secs(random.between(5, 600)),
        uses: writ_engine::limits::USES_MAX,
        justification: *random.pick(&[
            Justification::Off,
            Justification::Optional,
            Justification::Required,
        ]),
        ticket: None,
        reauth: false,
        without_hub: writ_engine::policy::WithoutHub::Local,
        signed: random.one_in(4),
    };
    let timeout = ask.timeout.0;
    let after = random.between(1, timeout - 1_000);
    let step =
        |after, from: &str| Escalation { after: Span(after), from: vec![from.parse().unwrap()] };
    let steps =
        [vec![], vec![step(after, "erin")], vec![step(after, "erin"), step(after + 900, "dave")]];
    let remind = random.one_in(2).then(|| Span(random.between(500, timeout)));
    let ask = Ask { escalate: random.pick(&steps).clone(), remind, ..ask };
    let self_approval = random.one_in(3);
    let asking = |count| Decision::Ask(Arc::new(Ask { count, self_approval, ..ask.clone() }));
    let two = u32::try_from(random.between(2, 3)).unwrap();
    // Several kinds of seats, which the same people may fill.
    let seats = |from: &str, count| Seats { from: vec![from.parse().unwrap()], count };
    let all_of = vec![seats("@oncall", two - 1), seats("@security", 1)];
    let from = ["@oncall", "@security"].map(|name| name.parse().unwrap()).to_vec();
    let kinds = Decision::Ask(Arc::new(Ask {
        from,
        count: two,
        all_of,
        escalate: vec![],
        remind: None,
        self_approval,
        ..ask.clone()
    }));
    let shell = if random.one_in(2) { kinds } else { asking(two) };
    let mut roles = vec![role(
        "operator",
        &["alice", "%ops"],
        vec![
            rule("look", "/bin/look **", Decision::Allow),
            rule("restart", "/bin/restart *", asking(1)),
            rule("shell", "/bin/shell **", shell.clone()),
            rule("edit", "sudoedit /etc/*", asking(1)),
        ],
    )];
    roles[0].window = some_terms(random, &["adm", "web"], asking(1));
    let rules = &mut roles[0].rules;
    if random.one_in(2) {
        pin(random, &mut rules[0], "/bin/look", files);
    }
    if random.one_in(12) {
        pin(random, &mut rules[2], "/bin/shell", files);
    }
    if random.one_in(3) {
        // The file that is known goes ahead; people are asked of any other.
        let mut known = rule("as known", "/bin/restart web", Decision::Allow);
        pin(random, &mut known, "/bin/restart", files);
        rules.insert(1, known);
    }
    let mut watcher = role("watcher", &["%ops"], vec![]);
    watcher.window = some_terms(random, &["adm"], shell);
    roles.push(watcher);
    if random.one_in(3) {
        roles.push(role(
            "strict",
            &["%ops"],
            vec![rule("no db", "/bin/restart db", Decision::Deny)],
        ));
    }
    if random.one_in(12) {
        let mut bad = rule("no bad one", "/bin/restart *", Decision::Deny);
        pin(random, &mut bad, "/bin/restart", files);
        roles.push(role("careful", &["%ops"], vec![bad]));
    }
    if random.one_in(6) {
        roles.remove(0);
    }
    let team = ["alice", "bob", "carol", "dave"];
    let gone = random.below(8);
    let away = some_away(random);
    let approvers: BTreeMap<String, Approver> = team
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != gone)
        .map(|(_, name)| {
            let mut teams = BTreeSet::from(["oncall".to_string()]);
            if ["bob", "carol"].contains(name) {
                teams.insert("security".to_string());
            }
            (
                name.to_string(),
                Approver {
                    name: name.to_string(),
                    unix_user: Some(name.to_string()),
                    teams,
                    away: away.get(*name).cloned(),
                    keys: vec![key_of(name)],
                },
            )
        })
        .collect();
    Settings {
        mode: if random.one_in(8) { Mode::Observe } else { Mode::Enforce },
        unmatched: *random.pick(&[
            Unmatched::Deny,
            Unmatched::Deny,
            Unmatched::Ask,
            Unmatched::Pass,
        ]),
        ask,
        unattended_wait: Span::from_secs(8),
        warn: vec![],
        roles,
        approvers,
        on_call: BTreeMap::from([("oncall".to_string(), OnCall::new("shifts", on_call))]),
        break_glass: vec![],
        host: Host { name: "web-1".into(), tags: BTreeSet::new() },
        digest: format!("{:064x}", random.number()),
    }
}

/// Who is on call at an instant of the wall clock: one of them after the other, and now
/// and then nobody.
fn on_call(wall: WallTime) -> BTreeSet<String> {
    let shifts: [&[&str]; 6] =
        [&["bob"], &["carol", "dave"], &[], &["dave", "bob"], &["alice"], &["bob", "carol"]];
    let shift = usize::try_from(wall.0 / 2_000_000 % 6).unwrap();
    shifts[shift].iter().map(|name| name.to_string()).collect()
}

/// Some are away for a while, and others may take their places: in a chain, and now and
/// then in a circle, as no files can say it.
fn some_away(random: &mut Random) -> BTreeMap<&'static str, Away> {
    let pairs = [("bob", "carol"), ("carol", "dave"), ("dave", "alice"), ("alice", "bob")];
    let mut away = BTreeMap::new();
    for (name, to) in pairs {
        if random.one_in(2) {
            let noon = 1_800_000_000_000;
            let from = WallTime(noon + random.between(0, 20_000_000) - 10_000_000);
            let until = WallTime(from.0 + random.between(1, 20_000_000));
            let from = (!random.one_in(4)).then_some(from);
            away.insert(name, Away { from, until, to: to.into() });
        }
    }
    away
}

fn some_terms(random: &mut Random, groups: &[&str], asks: Decision) -> Option<WindowTerms> {
    let decision = random.pick(&[asks.clone(), asks, Decision::Allow, Decision::Deny]).clone();
    let lent = groups.iter().filter(|_| !random.one_in(8)).map(|group| group.to_string());
    let groups: BTreeSet<String> = lent.collect();
    let terms = WindowTerms {
        decision,
        groups,
        actions: BTreeSet::new(),
        capabilities: BTreeSet::new(),
        root_equivalent: BTreeSet::new(),
        max_duration: Span::from_secs(random.between(5, 600)),
        on_end: OnEnd::Terminate,
        end_on_logout: random.one_in(2),
    };
    (!random.one_in(8)).then_some(terms)
}

fn role(name: &str, members: &[&str], rules: Vec<Rule>) -> Role {
    let members: Vec<Member> = members.iter().map(|member| member.parse().unwrap()).collect();
    Role {
        name: name.into(),
        description: None,
        members,
        except: vec![],
        hosts: vec![],
        except_hosts: vec![],
        times: writ_engine::policy::Times::default(),
        rules,
        window: None,
    }
}

fn rule(name: &str, command: &str, decision: Decision) -> Rule {
    Rule {
        services: BTreeSet::new(),
        name: name.into(),
        commands: vec![CommandPattern::parse(command).unwrap()],
        run_as: RunAsFilter::Any,
        decision,
        allow_writable: false,
        without_agent: writ_engine::policy::WithoutAgent::Deny,
        limits: None,
    }
}

fn is_member(role: &Role, person: &Person) -> bool {
    role.members.iter().any(|member| match member {
        Member::User(name) => *name == person.account.name,
        Member::Group(name) => person.groups.contains(name),
    })
}

/// The terms of a window of a role that a person has, unless it is not given.
pub(crate) fn terms<'a>(
    settings: &'a Settings,
    person: &Person,
    role: &str,
) -> Option<&'a WindowTerms> {
    let role = settings.roles.iter().find(|known| known.name == role)?;
    let terms = role.window.as_ref().filter(|_| is_member(role, person))?;
    (terms.decision != Decision::Deny).then_some(terms)
}

/// The seats that a role's own rule wants filled for a command: what a window of that
/// role stands for.
pub(crate) fn wanted_by(
    settings: &Settings,
    role: &str,
    command: &Command,
    file: &Evidence,
) -> Option<Vec<Seats>> {
    let role = settings.roles.iter().find(|known| known.name == role)?;
    let matching = |rule: &&Rule| speaks(rule, command, file);
    match &role.rules.iter().find(matching)?.decision {
        Decision::Ask(ask) if ask.all_of.is_empty() => {
            Some(vec![Seats { from: ask.from.clone(), count: ask.count }])
        }
        Decision::Ask(ask) => Some(ask.all_of.clone()),
        Decision::Allow | Decision::Deny => None,
    }
}

/// Whether that rule lets people approve what they ask for themselves.
pub(crate) fn wanted_own(
    settings: &Settings,
    role: &str,
    command: &Command,
    file: &Evidence,
) -> bool {
    let role = settings.roles.iter().find(|known| known.name == role).unwrap();
    let matching = |rule: &&Rule| speaks(rule, command, file);
    match role.rules.iter().find(matching).map(|rule| &rule.decision) {
        Some(Decision::Ask(ask)) => ask.self_approval,
        _ => false,
    }
}

/// One rule after the other, with none of the engine's index.
pub(crate) fn says(
    settings: &Settings,
    person: &Person,
    command: &Command,
    file: &Evidence,
) -> Says {
    if person.account.uid.0 == 0 {
        return Says::Pass;
    }
    let mut spoken = Vec::new();
    for role in &settings.roles {
        let matching = |rule: &&Rule| speaks(rule, command, file);
        if let Some(rule) = role.rules.iter().find(matching).filter(|_| is_member(role, person)) {
            spoken.push(&rule.decision);
        }
    }
    let asks = spoken.iter().filter_map(|decision| match decision {
        Decision::Ask(ask) => Some(ask.count),
        Decision::Allow | Decision::Deny => None,
    });
    if spoken.contains(&&Decision::Deny) {
        Says::Deny
    } else if spoken.contains(&&Decision::Allow) {
        Says::Allow
    } else if let Some(needed) = asks.min() {
        Says::Ask { needed }
    } else {
        match settings.unmatched {
            Unmatched::Deny => Says::Deny,
            Unmatched::Ask => Says::Ask { needed: settings.ask.count },
            Unmatched::Pass => Says::Pass,
        }
    }
}

/// Whether somebody is of the team that every request here is for.
pub(crate) fn is_on_call(settings: &Settings, person: &Person) -> bool {
    settings.approvers.contains_key(&person.account.name)
}

/// A place that somebody may take, and the kinds of seats that it fills.
pub(crate) type Seat = (String, BTreeSet<u32>);

/// The places that a person may take in an answer to what is asked: told here once more,
/// and otherwise than in the engine.
pub(crate) fn places_of(
    settings: &Settings,
    person: &Person,
    opened: &Opened,
    escalated: usize,
    (asked, now): (WallTime, WallTime),
) -> Vec<Seat> {
    let plain = || {
        let mut from: Vec<Selector> =
            opened.asked.iter().map(|name| name.parse().unwrap()).collect();
        from.extend(opened.escalate[..escalated].iter().flat_map(|step| step.from.clone()));
        vec![Seats { from, count: opened.needed }]
    };
    let all = if opened.all_of.is_empty() { plain() } else { opened.all_of.clone() };
    places_in(settings, person, &opened.requester, &all, (asked, now))
}

pub(crate) fn places_in(
    settings: &Settings,
    person: &Person,
    requester: &Person,
    all: &[Seats],
    (asked, now): (WallTime, WallTime),
) -> Vec<Seat> {
    let on_call = on_call(asked);
    let kinds_of = |named: &dyn Fn(&Selector) -> bool| -> BTreeSet<u32> {
        let kinds = (0..).zip(all).filter(|(_, seats)| seats.from.iter().any(named));
        kinds.map(|(kind, _)| kind).collect()
    };
    let of_approver = |him: &Approver| {
        kinds_of(&|selector| match selector {
            Selector::Team(team) => {
                let called = on_call.is_empty() || on_call.contains(&him.name);
                him.teams.contains(team) && (team != "oncall" || called)
            }
            Selector::Person(name) => *name == him.name,
            Selector::Group(_) => panic!("nobody asks groups here"),
        })
    };
    let mut places = Vec::new();
    let name = &person.account.name;
    match settings.approvers.get(name) {
        Some(him) => {
            places.push((him.name.clone(), of_approver(him)));
            for owner in settings.approvers.values() {
                if !same_human(person, requester)
                    && sends_for(settings, owner, name, requester, now)
                {
                    places.push((owner.name.clone(), of_approver(owner)));
                }
            }
        }
        None => {
            let own = kinds_of(&|selector| matches!(selector, Selector::Person(of) if of == name));
            places.push((format!("#{}", person.account.uid.0), own));
        }
    }
    places.retain(|(_, kinds)| !kinds.is_empty());
    places
}

/// Whether an approver is away and has somebody take his place, if only by others who are
/// away too. Who asks has nobody do so.
fn sends_for(
    settings: &Settings,
    owner: &Approver,
    deputy: &str,
    requester: &Person,
    now: WallTime,
) -> bool {
    let mut known = vec![&requester.account.name];
    known.extend(requester.login.as_ref().map(|login| &login.name));
    let owner_of_session = requester.session_owner.is_some_and(|owner| {
        let login = requester.login.as_ref().map(|login| login.uid);
        owner != requester.account.uid && Some(owner) != login
    });
    let (mut at, mut steps) = (owner, 0);
    while let Some(away) = &at.away {
        let gone = away.from.is_none_or(|from| from <= now) && now < away.until;
        if !gone || owner_of_session || known.contains(&&at.name) || steps > 4 {
            return false;
        }
        if away.to == deputy {
            return deputy != owner.name;
        }
        let Some(next) = settings.approvers.get(&away.to) else { return false };
        (at, steps) = (next, steps + 1);
        if at.name == owner.name {
            return false;
        }
    }
    false
}

/// The most people that any assignment seats, by trying them all.
pub(crate) fn most_seated(
    people: &[Vec<Seat>],
    taken: &mut BTreeSet<String>,
    left: &mut Vec<u32>,
) -> usize {
    let Some((first, rest)) = people.split_first() else { return 0 };
    let mut best = most_seated(rest, taken, left);
    for (place, kinds) in first {
        if taken.insert(place.clone()) {
            for kind in kinds {
                let kind = *kind as usize;
                if left[kind] > 0 {
                    left[kind] -= 1;
                    best = best.max(1 + most_seated(rest, taken, left));
                    left[kind] += 1;
                }
            }
            taken.remove(place);
        }
    }
    best
}

/// How many seats there are of each kind.
pub(crate) fn seats_in(opened: &Opened) -> Vec<u32> {
    match opened.all_of.as_slice() {
        [] => vec![opened.needed],
        all => all.iter().map(|seats| seats.count).collect(),
    }
}

/// The key of this host.
pub(crate) fn host_key() -> HostKey {
    HostKey::from_seed(&[1; 32])
}

/// The key of an approver, whose secret is drawn from his name.
pub(crate) fn secret_of(name: &str) -> HostKey {
    HostKey::from_seed(&[name.as_bytes()[0]; 32])
}

pub(crate) fn key_of(name: &str) -> ApproverKey {
    ApproverKey::Ssh { key: secret_of(name).public().clone(), verify_required: false }
}
