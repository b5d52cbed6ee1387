//! The edges of what counts: the last use, the last moment, the largest that is taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use writ_engine::effect::{Answer, Refusal};
use writ_engine::event::{Event, Wish};
use writ_engine::facts::{Act, Aim, AttemptId, Person};
use writ_engine::limits::{COMMAND_BYTES_MAX, CONFIRM_WAIT_MAX, USES_MAX};
use writ_engine::policy::{Ask, Decision, Escalation, Seats};
use writ_engine::question::Question;
use writ_engine::record::{EndReason, What};
use writ_engine::time::Span;
use writ_engine::{Record, ReplayError};

use crate::host::*;

const MINUTE: Span = Span::from_secs(60);

fn wish(lasts: Option<Span>, uses: Option<u32>) -> Wish {
    Wish { reason: Some("upgrade".into()), lasts, uses, ..Wish::default() }
}

/// A grant of alice's for so many runs, and its door.
fn granted(host: &mut Host, uses: u32) -> (AttemptId, writ_engine::id::RequestId) {
    let (attempt, answer) = host.ask_with(&alice(), restart(), wish(None, Some(uses)));
    let Answer::Waiting { id, .. } = answer else { panic!("{answer:?}") };
    host.approve(&bob(), id).unwrap();
    (attempt, id)
}

/// The same record once more, and one of another attempt.
fn starts(host: &Host) -> (Record, Record) {
    let started = host
        .records
        .iter()
        .rfind(|record| matches!(record.what, What::CommandStarted { .. }))
        .unwrap()
        .clone();
    let mut other = started.clone();
    if let What::CommandStarted { attempt, .. } = &mut other.what {
        *attempt = AttemptId::parse(&"f".repeat(32)).unwrap();
    }
    (started, other)
}

#[test]
fn no_ledger_makes_a_use_out_of_nothing() {
    let mut host = Host::new();
    let (attempt, id) = granted(&mut host, 2);
    host.confirm(&attempt, id).unwrap();
    let (same, other) = starts(&host);
    let out_of_place = |result| matches!(result, Err(ReplayError::OutOfPlace { .. }));
    let before = host.engine.snapshot().unwrap();
    assert!(out_of_place(host.engine.replay(&same)), "one attempt runs once");
    assert_eq!(host.engine.snapshot().unwrap(), before, "and nothing is changed by it");
    host.engine.replay(&other).unwrap();
    let mut third = other;
    if let What::CommandStarted { attempt, .. } = &mut third.what {
        *attempt = AttemptId::parse(&"e".repeat(32)).unwrap();
    }
    assert!(out_of_place(host.engine.replay(&third)), "two uses are two");
}

#[test]
fn no_ledger_lets_a_nameless_command_run_under_a_window() {
    let mut host = Host::new();
    let id = host.opened_window(&alice(), None);
    let (attempt, answer) = host.ask(&alice(), restart());
    assert!(matches!(answer, Answer::Allowed { .. }));
    host.confirm(&attempt, id).unwrap();
    let (same, other) = starts(&host);
    assert!(host.engine.replay(&same).is_err(), "one attempt runs once");
    let mut nameless = other.clone();
    if let What::CommandStarted { about, .. } = &mut nameless.what {
        assert!(about.take().is_some());
    }
    assert!(host.engine.replay(&nameless).is_err(), "nothing says what it is");
    host.engine.replay(&other).unwrap();
}

#[test]
fn a_restart_ends_what_is_used_up_and_nothing_else() {
    let mut host = Host::new();
    let (attempt, used) = granted(&mut host, 1);
    let ends = |host: &Host| {
        let end = |record: &&Record| matches!(record.what, What::GrantEnded { .. });
        host.records.iter().filter(end).count()
    };
    for _ in 0..2 {
        // Neither before its only use nor during it.
        host.lose_agent();
        host.start("boot-1", settings()).unwrap();
        assert_eq!(ends(&host), 0);
        if host.engine.counts().running == 0 {
            let (again, answer) = host.ask(&alice(), restart());
            assert!(matches!(answer, Answer::Allowed { id, .. } if id == used));
            host.confirm(&again, used).unwrap();
        }
    }
    let running = host.engine.running().next().unwrap().attempt.clone();
    assert_ne!(running, attempt);
    host.finish(&running, used).unwrap();
    let end = host.records.pop().unwrap();
    assert!(matches!(end.what, What::GrantEnded { reason: EndReason::Used, .. }));
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    assert_eq!(ends(&host), 1, "what a crash cut off is made good");
    assert_eq!(host.engine.counts(), writ_engine::Counts::default());
}

fn again(
    host: &mut Host,
    attempt: &AttemptId,
    person: &Person,
    act: Act,
) -> Result<Answer, Refusal> {
    let (attempt, person) = (attempt.clone(), person.clone());
    host.tell(Event::Asked { attempt: attempt.clone(), person, act, wish: wish(None, None) })?;
    Ok(host.answer(&attempt))
}

/// What runs or may start is told so again, until a moment, to its own door alone.
#[track_caller]
fn told_until(mut host: Host, attempt: &AttemptId, act: Act, last: Span) {
    let others = [(bob(), act.clone()), (alice(), self::act(&["/bin/look", "elsewhere"]))];
    for (person, act) in others {
        let refused = again(&mut host, attempt, &person, act).unwrap_err();
        assert!(refused.to_string().contains("has this name already"), "{refused}");
    }
    let now = host.now.boot;
    host.now.boot = now.after(Span(last.0 - 1));
    let told = again(&mut host, attempt, &alice(), act.clone());
    assert!(matches!(told, Ok(Answer::Allowed { .. })), "{told:?}");
    // The end is not on record yet.
    host.now.boot = now.after(last);
    let refused = again(&mut host, attempt, &alice(), act).unwrap_err();
    assert!(refused.to_string().contains("does not stand any more"), "{refused}");
}

#[test]
fn a_door_that_asks_again_is_told_what_still_stands() {
    let mut host = Host::new();
    let (attempt, answer) = host.ask_with(&alice(), restart(), wish(Some(MINUTE), Some(2)));
    let Answer::Waiting { id, .. } = answer else { panic!("{answer:?}") };
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    told_until(host, &attempt, restart(), MINUTE);

    let mut host = Host::new();
    let id = host.opened_window(&alice(), Some(MINUTE));
    let (attempt, _) = host.ask(&alice(), restart());
    host.confirm(&attempt, id).unwrap();
    told_until(host, &attempt, restart(), MINUTE);

    let mut host = Host::new();
    let (attempt, _) = host.ask(&alice(), act(&["/bin/look"]));
    told_until(host, &attempt, act(&["/bin/look"]), CONFIRM_WAIT_MAX);

    // What the policy let start goes on for as long as it runs.
    let mut host = Host::new();
    let (attempt, answer) = host.ask(&alice(), act(&["/bin/look"]));
    let Answer::Allowed { id, .. } = answer else { panic!("{answer:?}") };
    host.confirm(&attempt, id).unwrap();
    host.pass(Span::from_secs(3600));
    let told = again(&mut host, &attempt, &alice(), act(&["/bin/look"]));
    assert!(matches!(told, Ok(Answer::Allowed { .. })), "{told:?}");
}

#[test]
fn what_is_over_is_neither_used_nor_joined_though_its_end_is_not_on_record() {
    // A grant with uses left.
    let mut host = Host::new();
    let (_, answer) = host.ask_with(&alice(), restart(), wish(Some(MINUTE), Some(3)));
    let Answer::Waiting { id, .. } = answer else { panic!("{answer:?}") };
    host.approve(&bob(), id).unwrap();
    host.now.boot = host.now.boot.after(Span(MINUTE.0 - 1));
    let (_, answer) = host.ask(&alice(), restart());
    assert!(matches!(answer, Answer::Allowed { id: same, .. } if same == id), "{answer:?}");
    host.now.boot = host.now.boot.after(Span(1));
    let (_, other) = host.opened(&alice(), restart());
    assert_ne!(other, id);

    // A request.
    host.now.boot = host.now.boot.after(Span(299_999));
    assert_eq!(host.opened(&alice(), restart()).1, other);
    host.now.boot = host.now.boot.after(Span(1));
    assert_ne!(host.opened(&alice(), restart()).1, other);

    // A window.
    let mut host = Host::new();
    let id = host.opened_window(&alice(), Some(MINUTE));
    host.now.boot = host.now.boot.after(Span(MINUTE.0 - 1));
    let (_, answer) = host.ask(&alice(), window("operator"));
    assert!(matches!(answer, Answer::Allowed { id: same, .. } if same == id), "{answer:?}");
    host.now.boot = host.now.boot.after(Span(1));
    let (_, answer) = host.ask(&alice(), window("operator"));
    assert!(matches!(answer, Answer::Waiting { .. }), "{answer:?}");
}

#[test]
fn a_use_that_is_kept_for_a_door_is_not_given_to_another() {
    let mut host = Host::new();
    let (_, id) = granted(&mut host, 1);
    let (_, other) = host.opened(&alice(), restart());
    assert_ne!(other, id);
}

#[test]
fn spans_and_uses_are_taken_up_to_their_bounds() {
    let asked = |lasts, uses| {
        let mut host = Host::new();
        let (attempt, person) = (host.new_attempt(), alice());
        let wish = wish(lasts, uses);
        host.tell(Event::Asked { attempt, person, act: restart(), wish })
    };
    assert!(matches!(asked(Some(Span(999)), None), Err(Refusal::Refused(_))));
    assert!(asked(Some(Span(1000)), None).is_ok());
    assert!(matches!(asked(None, Some(0)), Err(Refusal::Refused(_))));
    assert!(asked(None, Some(USES_MAX)).is_ok());
    assert!(matches!(asked(None, Some(USES_MAX + 1)), Err(Refusal::TooMany(_))));
}

#[test]
fn a_command_is_as_long_as_its_record_may_be() {
    let ask = |text: String| {
        let mut host = Host::new();
        let (attempt, person) = (host.new_attempt(), alice());
        let act = act(&["/bin/look", &text]);
        host.tell(Event::Asked { attempt, person, act, wish: wish(None, None) }).map(drop)
    };
    // What is escaped takes six bytes for each of its own.
    let escaped = |count| "\u{1}".repeat(count);
    assert!(matches!(ask(escaped(COMMAND_BYTES_MAX / 6 + 1)), Err(Refusal::TooMany(_))));
    assert_eq!(ask(escaped(COMMAND_BYTES_MAX / 6 - 100)), Ok(()));
    assert_eq!(ask("x".repeat(COMMAND_BYTES_MAX - 400)), Ok(()));
    assert!(matches!(ask("x".repeat(COMMAND_BYTES_MAX)), Err(Refusal::TooMany(_))));
}

#[test]
fn what_the_policy_opens_by_itself_is_asked_of_nobody_in_any_way() {
    let mut settings = with_window(Some(terms(Decision::Allow)));
    let later = Escalation { after: MINUTE, from: vec!["dave".parse().unwrap()] };
    settings.ask = Ask {
        all_of: vec![Seats { from: vec!["bob".parse().unwrap()], count: 1 }],
        escalate: vec![later],
        remind: Some(MINUTE),
        self_approval: true,
        reauth: true,
        max_duration: Span(1_000),
        ..ask()
    };
    let mut host = Host::with(settings);
    let (_, answer) = host.ask(&alice(), window("operator"));
    let Answer::Allowed { id, remaining, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(remaining, Some(Span::from_secs(3600)), "the terms of the role count");
    let question = Question::parse(host.engine.question(id).unwrap().0).unwrap();
    assert_eq!((question.needed, question.asked.len(), question.all_of.len()), (0, 0, 0));
    assert!(question.escalate.is_empty() && !question.self_approval && !question.reauth);
    assert_eq!(host.engine.next_deadline(), Some(host.now.boot.after(Span::from_secs(3600))));
    let lending: BTreeMap<_, _> = host
        .engine
        .lending()
        .map(|(id, until, person, window)| {
            (id, (until, person.account.name.clone(), window.groups.len()))
        })
        .collect();
    let until = host.now.boot.after(Span::from_secs(3600));
    assert_eq!(lending, BTreeMap::from([(id, (until, "alice".to_string(), 1))]));
}

#[test]
fn a_window_without_groups_lends_none() {
    let mut bare = terms(Decision::Allow);
    bare.groups.clear();
    let mut host = Host::with(with_window(Some(bare)));
    let (_, answer) = host.ask(&alice(), window("operator"));
    assert!(matches!(answer, Answer::Allowed { .. }), "{answer:?}");
    assert_eq!(host.engine.lending().count(), 0);
}

#[test]
fn only_what_stands_and_is_ones_own_is_made_to_stand_longer() {
    let mut host = Host::new();
    let (_, open) = host.opened(&alice(), act(&["/bin/restart", "db"]));
    let refused = host.extend(&alice(), open, MINUTE).unwrap_err();
    assert!(refused.to_string().contains("is not granted yet"), "{refused}");
    assert!(matches!(host.extend(&dave(), open, MINUTE), Err(Refusal::NotFound(_))));

    let (_, id) = granted(&mut host, 2);
    // Who is asked sees it, and it is not his; who is not, sees nothing.
    assert!(matches!(host.extend(&bob(), id, MINUTE), Err(Refusal::NotYours(_))));
    let stranger = person("erin", 1004, None);
    assert!(matches!(host.extend(&stranger, id, MINUTE), Err(Refusal::NotFound(_))));
    // An account that alice came to from her own is another.
    let elsewhere = person("dave", 1003, Some(("alice", 1000)));
    assert!(matches!(host.extend(&elsewhere, id, MINUTE), Err(Refusal::NotYours(_))));
    let Answer::Waiting { id: question, .. } = host.extend(&alice(), id, MINUTE).unwrap() else {
        panic!()
    };
    let listed = host.engine.get(question).unwrap();
    assert_eq!((listed.opened.uses, listed.opened.extends), (0, Some(id)), "uses are as they are");
    host.now.boot = host.now.boot.after(Span(3_599_999));
    assert!(host.extend(&alice(), id, MINUTE).is_ok());
    host.now.boot = host.now.boot.after(Span(1));
    let refused = host.extend(&alice(), id, MINUTE).unwrap_err();
    assert!(refused.to_string().contains("does not stand any more"), "{refused}");
}

#[test]
fn the_policy_makes_its_own_windows_stand_longer_at_once_and_at_the_disk() {
    let mut host = Host::with(with_window(Some(terms(Decision::Allow))));
    let (_, answer) = host.ask(&alice(), window("operator"));
    let Answer::Allowed { id, .. } = answer else { panic!("{answer:?}") };
    let answer = host.extend(&alice(), id, MINUTE).unwrap();
    let longer = Span::from_secs(3660);
    assert!(
        matches!(answer, Answer::Allowed { id: same, remaining: Some(left), .. } if same == id && left == longer),
        "{answer:?}"
    );
    assert_eq!(host.durability, writ_engine::effect::Durability::Synced);
    assert_eq!(host.story().last(), Some(&"grant.extended"));
    assert_eq!(host.prolonged, [], "nothing runs on it");
    host.pass(Span::from_secs(3659));
    assert_eq!(host.engine.lending().count(), 1);
    host.pass(Span::from_secs(1));
    assert_eq!(host.engine.lending().count(), 0);
    // No more at a time than the role is given for.
    let (_, answer) = host.ask(&alice(), window("operator"));
    let Answer::Allowed { id, .. } = answer else { panic!("{answer:?}") };
    assert!(host.extend(&alice(), id, Span::from_secs(3600)).is_ok());
    assert!(matches!(host.extend(&alice(), id, Span(3_600_001)), Err(Refusal::Refused(_))));
}

#[test]
fn a_start_makes_good_what_was_cut_off_and_asks_on_what_was_not() {
    let mut settings = settings();
    settings.roles[0].rules[1].decision = Decision::Ask(Arc::new(Ask { count: 2, ..ask() }));
    let mut host = Host::with(settings.clone());
    let (_, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.lose_agent();
    host.start("boot-1", settings.clone()).unwrap();
    assert_eq!(host.engine.counts().open, 1, "one of two is no quorum");
    host.decide(&dave(), id, writ_engine::event::Word::Deny).unwrap();
    assert_eq!(host.records.pop().unwrap().what.name(), "request.denied");
    host.lose_agent();
    host.start("boot-1", settings).unwrap();
    assert_eq!(host.records.last().unwrap().what.name(), "request.denied");
    assert_eq!(host.engine.counts().open, 0);
}

#[test]
fn a_command_is_bound_to_its_act() {
    let mut host = Host::new();
    let (attempt, id) = granted(&mut host, 1);
    host.confirm(&attempt, id).unwrap();
    let mut elsewhere = restart();
    if let Aim::Command(command) = &mut elsewhere.aim {
        command.cwd = "/tmp".into();
    }
    assert!(again(&mut host, &attempt, &alice(), elsewhere).is_err());
}
