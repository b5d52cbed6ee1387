//! Hours and conditions of rules, and what is granted by them.

use std::sync::Arc;

use writ_engine::effect::{Answer, Refusal};
use writ_engine::event::Wish;
use writ_engine::policy::{Ask, Condition, Decision, Hours, Limits, Settings, Times};
use writ_engine::record::What;
use writ_engine::time::{Span, WallTime};

use crate::host::*;

const MINUTE: Span = Span::from_secs(60);

fn until(end: WallTime) -> Times {
    let open_until = move |now| (now < end).then_some(end);
    Times { hours: Some(Hours::new("until then", open_until)), before: None }
}

/// The hours of the rule that asks about restarts end a minute after the start.
fn closing(host: &Host) -> Settings {
    let times = until(WallTime(host.now.wall.0 + MINUTE.0));
    let mut settings = settings();
    settings.roles[0].rules[1].limits = Some(Box::new(Limits { times, ..Limits::default() }));
    settings
}

fn in_hours() -> Host {
    let settings = closing(&Host::new());
    Host::with(settings)
}

/// On both clocks.
fn later(host: &mut Host, span: Span) {
    host.now.wall = WallTime(host.now.wall.0 + span.0);
    host.pass(span);
}

#[test]
fn a_grant_and_the_wait_for_it_end_with_the_hours() {
    let mut host = in_hours();
    let (attempt, id) = host.opened(&alice(), restart());
    assert!(
        matches!(host.answer(&attempt), Answer::Waiting { remaining, .. } if remaining == MINUTE)
    );
    later(&mut host, Span::from_secs(20));
    host.approve(&bob(), id).unwrap();
    let left = Span::from_secs(40);
    assert!(
        matches!(host.answer(&attempt), Answer::Allowed { remaining: Some(time), .. } if time == left)
    );
    later(&mut host, left);
    assert!(matches!(host.confirm(&attempt, id), Err(Refusal::Refused(_))));
    let (_, answer) = host.ask(&alice(), restart());
    assert!(matches!(answer, Answer::Denied { .. }), "{answer:?}");
}

#[test]
fn nobody_approves_after_the_hours_though_the_wall_clock_was_set() {
    let mut host = in_hours();
    let (_, id) = host.opened(&alice(), restart());
    host.now.wall = WallTime(host.now.wall.0 + MINUTE.0);
    let refusal = host.approve(&bob(), id).unwrap_err();
    assert!(refusal.to_string().contains("hours"), "{refusal}");
    assert_eq!(host.story(), ["request.opened"]);
}

#[test]
fn setting_the_wall_clock_back_makes_no_grant_longer() {
    let mut host = in_hours();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.pass(MINUTE);
    host.now.wall = WallTime(host.now.wall.0 - MINUTE.0);
    assert!(matches!(host.confirm(&attempt, id), Err(Refusal::Refused(_))));
}

#[test]
fn a_window_ends_with_the_hours_of_its_role() {
    let mut settings = settings();
    settings.roles[0].times = until(WallTime(Host::new().now.wall.0 + MINUTE.0));
    let mut host = Host::with(settings);
    let id = host.opened_window(&alice(), Some(Span::from_secs(600)));
    let (attempt, answer) = host.ask(&alice(), restart());
    assert!(matches!(answer, Answer::Allowed { .. }), "{answer:?}");
    later(&mut host, MINUTE);
    assert!(matches!(host.confirm(&attempt, id), Err(Refusal::Refused(_))));
    let (_, answer) = host.ask(&alice(), window("operator"));
    assert!(matches!(answer, Answer::Denied { message, .. } if message.contains("until then")));
}

#[test]
fn what_asks_in_doubt_says_so_in_its_record_and_question() {
    let mut settings = settings();
    let when = Some(Condition::new("x", |_| Err("`x` is not known".into())));
    let limits = Limits { when, in_doubt: Some(Arc::new(ask())), ..Limits::default() };
    settings.roles[0].rules[0].limits = Some(Box::new(limits));
    let mut host = Host::with(settings);
    let (_, id) = host.opened(&alice(), act(&["/bin/look"]));
    let doubt = Some("`x` is not known");
    let opened = host.records.iter().find_map(|record| match &record.what {
        What::RequestOpened(opened) => Some(opened),
        _ => None,
    });
    let opened = opened.expect("it was asked");
    assert_eq!(opened.source.doubt.as_deref(), doubt);
    assert!(opened.question.contains("`x` is not known"), "{}", opened.question);
    host.approve(&bob(), id).unwrap();
}

#[test]
fn a_grant_is_for_no_more_runs_than_its_rule_says() {
    let mut settings = settings();
    let few = Ask { uses: 2, ..ask() };
    settings.roles[0].rules[1].decision = Decision::Ask(Arc::new(few));
    let mut host = Host::with(settings);
    for (wished, given) in [(None, 1), (Some(1), 1), (Some(2), 2), (Some(7), 2)] {
        let wish = Wish { uses: wished, reason: Some("x".into()), ..Wish::default() };
        let act = act(&["/bin/restart", &format!("{wished:?}")]);
        let (_, answer) = host.ask_with(&alice(), act, wish);
        let Answer::Waiting { id, .. } = answer else { panic!("{answer:?}") };
        host.approve(&bob(), id).unwrap();
        let started = host.records.iter().find_map(|record| match record.what {
            What::GrantStarted { uses, .. } if record.id == Some(id) => Some(uses),
            _ => None,
        });
        assert_eq!(started, Some(given), "{wished:?}");
    }
}
