//! What passes while the agent cannot be asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use writ_engine::facts::{Act, Aim, Command, Evidence, Host, Person, RunAs, ServiceSession, Uid};
use writ_engine::policy::{
    Alone, Ask, Circumstances, Condition, Decision, Facts, FileSeen, Limits, Mode, Policy, Role,
    Rule, RunAsFilter, Settings, Times, Unmatched, Verdict, WithoutAgent,
};

use crate::commands::*;
use crate::limits::{AtNoon, at, until, when};

fn alice() -> Person {
    person("alice", &["ops"])
}

fn alone(rule: Rule) -> Rule {
    Rule { without_agent: WithoutAgent::Allow, ..rule }
}

fn of(policy: &Policy, command: &Command) -> Alone {
    policy.without_agent(&alice(), &Aim::Command(command.clone()))
}

fn passes(roles: Vec<Role>) -> bool {
    matches!(of(&policy(roles), &run("/bin/a", &[])), Alone::Allowed { .. })
}

fn look() -> Rule {
    alone(rule("look", &["/bin/a"], Decision::Allow))
}

fn mine(rules: Vec<Rule>) -> Role {
    role("mine", &["alice"], rules)
}

#[test]
fn a_rule_that_says_so_passes_and_no_other() {
    assert!(passes(vec![mine(vec![look()])]));
    assert!(!passes(vec![mine(vec![rule("look", &["/bin/a"], Decision::Allow)])]));
    assert!(!passes(vec![]));
    let policy = policy(vec![mine(vec![Rule { allow_writable: true, ..look() }])]);
    let Alone::Allowed { source, allow_writable } = of(&policy, &run("/bin/a", &[])) else {
        panic!("it passes");
    };
    assert_eq!((source.role.as_deref(), source.rule.as_deref()), (Some("mine"), Some("look")));
    assert!(allow_writable);
    assert_eq!(of(&policy, &run("/bin/a", &["x"])), Alone::Refused);
    let stranger = person("carol", &[]);
    let aim = Aim::Command(run("/bin/a", &[]));
    assert_eq!(policy.without_agent(&stranger, &aim), Alone::Refused);
}

#[test]
fn a_denial_of_any_role_wins_whatever_it_hangs_on() {
    let never = |rule: Rule| role("never", &["%ops"], vec![rule]);
    for denial in [
        rule("no", &["ALL"], Decision::Deny),
        when(Ok(false), Decision::Deny),
        at(until(None), Decision::Deny),
    ] {
        assert!(!passes(vec![mine(vec![look()]), never(denial)]));
    }
    // One that its role certainly never comes to is none.
    let both =
        vec![rule("yes", &["/bin/a"], Decision::Allow), rule("no", &["ALL"], Decision::Deny)];
    assert!(passes(vec![mine(vec![look()]), role("never", &["alice"], both)]));
    let before = vec![rule("no", &["ALL"], Decision::Deny), look()];
    assert!(!passes(vec![mine(before)]));
}

#[test]
fn what_comes_before_in_its_role_and_may_speak_keeps_a_rule_silent() {
    for first in [
        when(Ok(false), Decision::Allow),
        when(Ok(false), asking(1)),
        at(until(None), asking(1)),
        rule("ask", &["/bin/*"], asking(1)),
        rule("yes", &["/bin/*"], Decision::Allow),
    ] {
        assert!(!passes(vec![mine(vec![first, look()])]));
    }
    assert!(passes(vec![mine(vec![rule("other", &["/bin/b"], asking(1)), look()])]));
    let for_bob = RunAsFilter::Only { users: vec!["bob".into()], groups: vec![] };
    let other = Rule { run_as: for_bob, ..rule("no", &["ALL"], Decision::Deny) };
    assert!(passes(vec![mine(vec![other, look()])]));
}

#[test]
fn what_has_an_end_or_a_condition_itself_does_not_pass() {
    for rule in [when(Ok(true), Decision::Allow), at(until(None), Decision::Allow)] {
        assert!(!passes(vec![mine(vec![alone(rule)])]));
    }
    let pinned = Limits { sha256: vec!["aa".into()], ..Limits::default() };
    assert!(!passes(vec![mine(vec![Rule { limits: Some(Box::new(pinned)), ..look() }])]));
    let times = until(Some(writ_engine::time::WallTime(u64::MAX)));
    assert!(!passes(vec![Role { times, ..mine(vec![look()]) }]));
}

#[test]
fn an_ask_elsewhere_takes_nothing_away_as_an_allow_wins() {
    let asks = role("asks", &["alice"], vec![rule("ask", &["ALL"], asking(2))]);
    assert!(passes(vec![mine(vec![look()]), asks]));
}

#[test]
fn roles_of_others_other_hosts_and_exceptions_count_as_ever() {
    assert!(!passes(vec![role("theirs", &["bob"], vec![look()])]));
    let elsewhere = vec![writ_engine::policy::HostPattern::Name("db-*".into())];
    assert!(!passes(vec![Role { hosts: elsewhere, ..mine(vec![look()]) }]));
    assert!(!passes(vec![Role { except: vec!["%ops".parse().unwrap()], ..mine(vec![look()]) }]));
}

#[test]
fn observing_blocks_nothing_and_passing_what_is_unmatched_is_not_said_for_it() {
    let with = |mode, unmatched| Policy::compile(Settings { mode, unmatched, ..settings(vec![]) });
    let command = run("/bin/a", &[]);
    assert_eq!(of(&with(Mode::Observe, Unmatched::Deny), &command), Alone::Observed);
    assert_eq!(of(&with(Mode::Enforce, Unmatched::Pass), &command), Alone::Refused);
}

#[test]
fn sessions_pass_by_rules_of_their_service_and_what_none_names_is_left_alone() {
    let session = |service: &str| {
        let run_as = RunAs { user: "postgres".into(), uid: Uid(110), group: None };
        Aim::Session(ServiceSession { service: service.into(), run_as, typed: vec![] })
    };
    let su = Rule { commands: vec![], services: BTreeSet::from(["su".into()]), ..look() };
    let policy = policy(vec![mine(vec![su])]);
    for service in ["su", "su-l"] {
        let said = policy.without_agent(&alice(), &session(service));
        assert!(matches!(said, Alone::Allowed { .. }), "{service}");
    }
    assert_eq!(policy.without_agent(&alice(), &session("sshd")), Alone::LeftAlone);
    assert_eq!(policy.without_agent(&person("bob", &[]), &session("su")), Alone::Refused);
}

/// One rule of a generated policy: what it says, what it hangs on, whether it may pass.
type Sketch = (&'static str, Decision, u8, bool);

fn some_rules() -> impl Strategy<Value = Vec<Sketch>> {
    let commands = select(vec!["/bin/a", "/bin/b", "/bin/*", "/bin/a *", "/bin/a **", "ALL"]);
    let decision = prop_oneof![
        3 => Just(Decision::Allow),
        1 => Just(Decision::Deny),
        1 => (1_u32..3).prop_map(asking),
    ];
    prop::collection::vec((commands, decision, 0_u8..8, any::<bool>()), 0..4)
}

fn some_roles() -> impl Strategy<Value = Vec<(Vec<&'static str>, bool, Vec<Sketch>)>> {
    let members = prop::collection::vec(select(vec!["alice", "bob", "%ops", "%dev"]), 1..3);
    let has_hours = prop::bool::weighted(0.15);
    prop::collection::vec((members, has_hours, some_rules()), 0..5)
}

/// What turns out, of all that a decision can hang on.
#[derive(Debug, Clone)]
struct Turns {
    condition: Result<bool, String>,
    open: bool,
    pin: Option<&'static str>,
    covers: bool,
}

fn some_turns() -> impl Strategy<Value = Turns> {
    let condition = prop_oneof![Just(Ok(true)), Just(Ok(false)), Just(Err("fog".to_owned()))];
    let pin = select(vec![None, Some("aa"), Some("bb")]);
    (condition, any::<bool>(), pin, any::<bool>())
        .prop_map(|(condition, open, pin, covers)| Turns { condition, open, pin, covers })
}

fn hours(turns: &Turns) -> Times {
    until(turns.open.then_some(writ_engine::time::WallTime(u64::MAX)))
}

fn limits(kind: u8, turns: &Turns) -> Option<Box<Limits>> {
    let said = turns.condition.clone();
    let when = || Some(Condition::new("a condition", move |_| said.clone()));
    let limits = match kind {
        0 => Limits { when: when(), in_doubt: Some(Arc::new(ask(1))), ..Limits::default() },
        1 => Limits { when: when(), ..Limits::default() },
        2 => Limits { times: hours(turns), ..Limits::default() },
        3 => Limits { sha256: vec!["aa".into()], ..Limits::default() },
        _ => return None,
    };
    Some(Box::new(limits))
}

fn built(roles: &[(Vec<&'static str>, bool, Vec<Sketch>)], turns: &Turns) -> Policy {
    let roles = roles.iter().enumerate().map(|(place, (members, has_hours, rules))| {
        let rules = rules.iter().enumerate().map(|(nth, (command, decision, kind, alone))| Rule {
            limits: limits(*kind, turns),
            without_agent: if *alone { WithoutAgent::Allow } else { WithoutAgent::Deny },
            ..rule(&format!("r{nth}"), &[command], decision.clone())
        });
        let times = if *has_hours { hours(turns) } else { Times::default() };
        Role { times, ..role(&format!("role{place}"), members, rules.collect()) }
    });
    policy(roles.collect())
}

/// All of that as the engine is told it.
struct Turned<'a>(AtNoon, &'a Turns, Evidence);

impl Circumstances for Turned<'_> {
    fn covers(&self, _: &str, _: &Ask) -> bool {
        self.1.covers
    }

    fn facts<'a>(&'a self, host: &'a Host) -> Option<Facts<'a>> {
        self.0.facts(host)
    }

    fn file(&self) -> FileSeen<'_> {
        FileSeen::As(&self.2)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn nothing_passes_that_would_not_be_allowed_whatever_is_found_out(
        roles in some_roles(),
        path in select(vec!["/bin/a", "/bin/b", "/sbin/a"]),
        arguments in prop::collection::vec(select(vec!["x", ".."]), 0..2),
        turns in some_turns(),
    ) {
        let command = run(path, &arguments);
        let policy = built(&roles, &turns);
        if let Alone::Allowed { source, .. } = of(&policy, &command) {
            let file = Evidence { sha256: turns.pin.map(str::to_owned), writable: None };
            let turned = Turned(AtNoon::of(&command), &turns, file);
            let verdict = policy.decide(&alice(), &command, turned);
            prop_assert!(matches!(verdict, Verdict::Allow(_)), "{verdict:?}");
            // And the rule that is named is one that says so.
            let role = policy.settings().roles.iter().find(|role| Some(&role.name) == source.role.as_ref());
            let rule = role.unwrap().rules.iter().find(|rule| Some(&rule.name) == source.rule.as_ref());
            prop_assert_eq!(rule.unwrap().without_agent, WithoutAgent::Allow);
        }
    }
}

/// So that the law above does not hold of nothing.
#[test]
fn some_acts_of_generated_policies_pass() {
    let turns = Turns { condition: Ok(true), open: true, pin: None, covers: false };
    let sketch = |kind| vec![(vec!["alice"], false, vec![("ALL", Decision::Allow, kind, true)])];
    let command = run("/bin/a", &[]);
    assert!(matches!(of(&built(&sketch(7), &turns), &command), Alone::Allowed { .. }));
    assert_eq!(of(&built(&sketch(0), &turns), &command), Alone::Refused);
}

#[test]
fn a_window_waits_for_the_agent() {
    let act: Act = serde_json::from_str(
        r#"{"door":"writ","aim":{"window":{"role":"mine","on_end":"warn","end_on_logout":false}},"presence":"interactive"}"#,
    )
    .unwrap();
    assert_eq!(policy(vec![mine(vec![look()])]).without_agent(&alice(), &act.aim), Alone::Refused);
}
