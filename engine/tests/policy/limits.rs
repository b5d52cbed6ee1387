//! Conditions and hours of rules.

use std::sync::Arc;

use writ_engine::facts::{Act, Aim, Command, Door, Host, Person, Presence, ServiceSession};
use writ_engine::policy::{
    Ask, CONDITIONS_PER_DECISION_MAX, Circumstances, Condition, Decision, Facts, Hours, Limits,
    Rule, Stands, Times, Verdict, Why,
};
use writ_engine::record::Source;
use writ_engine::time::{Span, WallTime};

use crate::commands::{ask, asking, person, policy, role, rule, run};

fn alice() -> Person {
    person("alice", &[])
}

const NOON: WallTime = WallTime(12 * 3_600_000);

/// alice at a terminal, at noon.
pub(crate) struct AtNoon(Person, Act);

impl AtNoon {
    pub(crate) fn of(command: &Command) -> Self {
        let act = Act {
            door: Door::Sudo,
            aim: Aim::Command(command.clone()),
            tty: Some("/dev/pts/3".into()),
            source_ip: None,
            presence: Presence::Interactive,
        };
        Self(alice(), act)
    }
}

impl Circumstances for AtNoon {
    fn covers(&self, _: &str, _: &Ask) -> bool {
        false
    }

    fn facts<'a>(&'a self, host: &'a Host) -> Option<Facts<'a>> {
        let (reason, ticket) = (None, None);
        Some(Facts { person: &self.0, act: &self.1, reason, ticket, host, wall: NOON })
    }
}

pub(crate) fn when(said: Result<bool, &'static str>, decision: Decision) -> Rule {
    let when = Condition::new("a condition", move |facts| {
        assert!(facts.act.tty.is_some());
        said.map_err(str::to_owned)
    });
    let in_doubt = Some(Arc::new(ask(2)));
    let limits = Limits { when: Some(when), in_doubt, ..Limits::default() };
    Rule { limits: Some(Box::new(limits)), ..rule("limited", &["/bin/a"], decision) }
}

pub(crate) fn until(end: Option<WallTime>) -> Times {
    Times { hours: Some(Hours::new("some hours", move |_| end)), before: None }
}

pub(crate) fn at(times: Times, decision: Decision) -> Rule {
    let limits = Limits { times, ..Limits::default() };
    Rule { limits: Some(Box::new(limits)), ..rule("limited", &["/bin/a"], decision) }
}

fn others() -> Rule {
    rule("others", &["ALL"], asking(1))
}

/// What comes of a rule that is before another which asks one person.
fn says(limited: Rule) -> String {
    let policy = policy(vec![role("one", &["alice"], vec![limited, others()])]);
    let command = run("/bin/a", &[]);
    match policy.decide(&alice(), &command, AtNoon::of(&command)) {
        Verdict::Allow(_) => "allow".into(),
        Verdict::Deny(Why::Rule { .. }) => "deny".into(),
        Verdict::Deny(why) => why.to_string(),
        Verdict::Ask(asking) => {
            format!("ask {}, {:?}", asking.ask.count, asking.source.doubt)
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn a_rule_speaks_only_when_its_condition_holds() {
    assert_eq!(says(when(Ok(true), Decision::Allow)), "allow");
    assert_eq!(says(when(Ok(true), Decision::Deny)), "deny");
    assert_eq!(says(when(Ok(false), Decision::Allow)), "ask 1, None");
    assert_eq!(says(when(Ok(false), Decision::Deny)), "ask 1, None");
}

#[test]
fn in_doubt_what_allows_asks_and_what_denies_denies() {
    assert_eq!(says(when(Err("fog"), Decision::Allow)), "ask 2, Some(\"fog\")");
    assert_eq!(says(when(Err("fog"), asking(3))), "ask 3, Some(\"fog\")");
    assert_eq!(
        says(when(Err("fog"), Decision::Deny)),
        "the rule \"limited\" of the role \"one\" denies this, because its condition cannot be evaluated: fog"
    );
}

#[test]
fn where_nothing_is_known_every_condition_is_in_doubt() {
    let policy =
        policy(vec![role("one", &["alice"], vec![when(Ok(true), Decision::Allow), others()])]);
    let verdict = policy.decide(&alice(), &run("/bin/a", &[]), |_: &str, _: &Ask| false);
    assert!(matches!(verdict, Verdict::Ask(asking) if asking.ask.count == 2));
}

#[test]
fn one_decision_evaluates_so_many_conditions_and_no_more() {
    let many = usize::try_from(CONDITIONS_PER_DECISION_MAX).unwrap();
    let mut rules = vec![when(Ok(false), Decision::Deny); many];
    rules.push(when(Ok(false), Decision::Deny));
    let policy = policy(vec![role("one", &["alice"], rules)]);
    let command = run("/bin/a", &[]);
    let verdict = policy.decide(&alice(), &command, AtNoon::of(&command));
    assert!(matches!(verdict, Verdict::Deny(Why::InDoubt { .. })), "{verdict:?}");
}

#[test]
fn a_rule_speaks_only_in_its_hours_and_until_its_last_day() {
    let open = until(Some(WallTime(NOON.0 + 1)));
    assert_eq!(says(at(open.clone(), Decision::Allow)), "allow");
    assert_eq!(says(at(until(None), Decision::Allow)), "ask 1, None");
    let over = Times { before: Some(NOON), ..open.clone() };
    assert_eq!(says(at(over, Decision::Allow)), "ask 1, None");
    let last = Times { before: Some(WallTime(NOON.0 + 1)), ..open };
    assert_eq!(says(at(last, Decision::Deny)), "deny");
}

#[test]
fn a_role_out_of_its_hours_has_no_rules_and_no_window() {
    let mut closed = role("one", &["alice"], vec![rule("all", &["ALL"], Decision::Allow)]);
    closed.times = until(None);
    let policy = policy(vec![closed]);
    let command = run("/bin/a", &[]);
    let verdict = policy.decide(&alice(), &command, AtNoon::of(&command));
    assert!(matches!(verdict, Verdict::Deny(Why::Unmatched { .. })), "{verdict:?}");
    let window = format!("{:?}", policy.window_at(&alice(), "one", NOON));
    assert!(window.contains("Closed"), "{window}");
}

#[test]
fn what_stands_ends_with_the_first_of_all_ends() {
    let mut of_role =
        role("one", &["alice"], vec![at(until(Some(WallTime(NOON.0 + 5_000))), asking(1))]);
    of_role.times.before = Some(WallTime(NOON.0 + 3_000));
    let policy = policy(vec![of_role]);
    let source = Source { rule: Some("limited".into()), ..Source::of_role("one") };
    let stands = policy.stands(&source, NOON);
    assert_eq!(stands, Stands::Until(WallTime(NOON.0 + 3_000)));
    assert_eq!(stands.within(NOON, Span::from_secs(60)), Span::from_secs(3));
    assert_eq!(stands.within(NOON, Span::from_secs(1)), Span::from_secs(1));
    assert_eq!(policy.stands(&source, WallTime(NOON.0 + 3_000)), Stands::Not);
    assert_eq!(policy.stands(&Source::default(), NOON), Stands::Always);
}

#[test]
fn a_session_hangs_on_conditions_and_hours_as_a_command_does() {
    let says = |limited: Rule| {
        let of_su = |rule: Rule| Rule { commands: vec![], services: ["su".into()].into(), ..rule };
        let all = vec![of_su(limited), of_su(others())];
        let policy = policy(vec![role("one", &["alice"], all)]);
        let run_as = run("/bin/a", &[]).run_as;
        let session = ServiceSession { service: "su".into(), run_as, typed: vec![] };
        let mut circumstances = AtNoon::of(&run("/bin/a", &[]));
        circumstances.1.aim = Aim::Session(session.clone());
        match policy.decide_session(&alice(), &session, circumstances) {
            Verdict::Allow(_) => "allow".to_owned(),
            Verdict::Deny(why) => format!("{:?}", why.source().doubt),
            Verdict::Ask(asking) => format!("ask {}", asking.ask.count),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(says(when(Ok(true), Decision::Allow)), "allow");
    assert_eq!(says(when(Ok(false), Decision::Allow)), "ask 1");
    assert_eq!(says(when(Err("fog"), Decision::Allow)), "ask 2");
    assert_eq!(says(when(Err("fog"), Decision::Deny)), "Some(\"fog\")");
    assert_eq!(says(at(until(None), Decision::Allow)), "ask 1");
}
