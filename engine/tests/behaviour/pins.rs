//! What a pinned rule allows is bound to the file until it starts.

use std::sync::Arc;

use writ_engine::effect::{Answer, Done, Refusal};
use writ_engine::event::{Event, Wish};
use writ_engine::facts::{Act, Evidence};
use writ_engine::id::RequestId;
use writ_engine::policy::{Decision, Limits, Mode, Policy, Settings};
use writ_engine::record::{Outcome, What};

use crate::host::*;

fn good() -> String {
    "ab".repeat(32)
}

/// The rule that this one of the four is, pinned to the file that is there.
fn pinned(rule: usize) -> Settings {
    let mut settings = settings();
    let limits = Limits { sha256: vec![good()], ..Limits::default() };
    settings.roles[0].rules[rule].limits = Some(Box::new(limits));
    settings
}

fn look() -> Act {
    act(&["/bin/look", "here"])
}

fn is_allowed(answer: &Answer) -> Option<RequestId> {
    match answer {
        Answer::Allowed { id, .. } => Some(*id),
        _ => None,
    }
}

fn replace(host: &mut Host) {
    host.evidence = Evidence { sha256: Some("cd".repeat(32)), writable: None };
}

#[test]
fn what_a_pin_allows_starts_only_as_the_file_that_was_looked_at() {
    let mut host = Host::with(pinned(0));
    let (attempt, answer) = host.ask(&alice(), look());
    let id = is_allowed(&answer).unwrap();
    assert_eq!(host.engine.bound_file(id, &attempt), Some("/bin/look"));
    for sha256 in [None, Some("cd".repeat(32))] {
        let (attempt, leader) = (attempt.clone(), leader());
        let refused = host.tell(Event::Confirmed { attempt, id, sha256, leader });
        let Err(Refusal::Refused(why)) = refused else { panic!("{refused:?}") };
        assert!(why.contains("/bin/look is not what it was"), "{why}");
    }
    assert!(!host.story().contains(&"command.started"));
    host.confirm(&attempt, id).unwrap();
    assert!(host.story().contains(&"command.started"));
}

#[test]
fn a_start_that_is_asked_for_again_is_of_the_same_file() {
    for under_a_window in [false, true] {
        let mut host = Host::with(pinned(usize::from(under_a_window)));
        if under_a_window {
            host.opened_window(&alice(), None);
        }
        let act = if under_a_window { restart() } else { look() };
        let (attempt, answer) = host.ask(&alice(), act.clone());
        let id = is_allowed(&answer).unwrap();
        host.confirm(&attempt, id).unwrap();
        // The reply was lost on the way.
        let path = act.aim.command().map(|command| command.path.as_str());
        assert_eq!(host.engine.bound_file(id, &attempt), path);
        host.confirm(&attempt, id).unwrap();
        replace(&mut host);
        assert!(matches!(host.confirm(&attempt, id), Err(Refusal::Refused(_))));
        let starts = host.story().iter().filter(|name| **name == "command.started").count();
        assert_eq!(starts, 1);
    }
}

#[test]
fn the_start_of_what_a_pin_allows_does_not_go_on_record_with_the_decision() {
    let mut host = Host::with(pinned(0));
    let (attempt, done) = host.ask_to_start(&alice(), look());
    assert_eq!(done, Ok(Done::Done));
    assert!(is_allowed(&host.answer(&attempt)).is_some());
    assert!(!host.story().contains(&"command.started"));
}

#[test]
fn a_restarted_agent_still_knows_which_file_it_allowed() {
    let mut host = Host::with(pinned(0));
    let (attempt, answer) = host.ask(&alice(), look());
    let id = is_allowed(&answer).unwrap();
    host.lose_agent();
    host.start("boot-1", pinned(0)).unwrap();
    replace(&mut host);
    assert!(matches!(host.confirm(&attempt, id), Err(Refusal::Refused(_))));
}

#[test]
fn another_file_than_the_pinned_one_is_not_allowed() {
    let mut host = Host::with(pinned(0));
    replace(&mut host);
    let (_, answer) = host.ask(&alice(), look());
    assert!(matches!(answer, Answer::Denied { .. }), "{answer:?}");
    host.evidence = Evidence { sha256: None, writable: None };
    let (_, answer) = host.ask(&alice(), look());
    assert!(matches!(answer, Answer::Denied { .. }), "{answer:?}");
    host.evidence = Evidence { sha256: Some(good()), writable: Some("/bin".into()) };
    let (_, answer) = host.ask(&alice(), look());
    assert!(matches!(answer, Answer::Denied { .. }), "{answer:?}");
}

#[test]
fn what_no_pinned_rule_speaks_of_is_bound_to_no_file() {
    let mut host = Host::with(pinned(1));
    let (attempt, answer) = host.ask(&alice(), look());
    let id = is_allowed(&answer).unwrap();
    assert_eq!(host.engine.bound_file(id, &attempt), None);
    replace(&mut host);
    host.confirm(&attempt, id).unwrap();
}

#[test]
fn observing_binds_nothing_to_a_file() {
    let mut host = Host::with(Settings { mode: Mode::Observe, ..pinned(0) });
    let (attempt, answer) = host.ask(&alice(), look());
    let id = is_allowed(&answer).unwrap();
    replace(&mut host);
    host.confirm(&attempt, id).unwrap();
}

#[test]
fn root_passes_whatever_a_rule_is_pinned_to() {
    let mut host = Host::with(pinned(3));
    host.evidence = Evidence { sha256: None, writable: None };
    let (_, answer) = host.ask(&root(), act(&["/bin/never"]));
    assert!(is_allowed(&answer).is_some(), "{answer:?}");
}

#[test]
fn under_a_window_a_pinned_rule_is_looked_at_again_before_the_start() {
    let mut host = Host::with(pinned(1));
    host.opened_window(&alice(), None);
    let (attempt, answer) = host.ask(&alice(), restart());
    let id = is_allowed(&answer).unwrap();
    assert_eq!(host.engine.bound_file(id, &attempt), Some("/bin/restart"));
    let kept = host.evidence.clone();
    replace(&mut host);
    assert!(matches!(host.confirm(&attempt, id), Err(Refusal::Refused(_))));
    host.evidence = kept;
    host.confirm(&attempt, id).unwrap();
}

#[test]
fn a_new_policy_ends_what_it_denies_of_that_file_and_nothing_of_another() {
    for (sha256, ends) in [(good(), true), ("cd".repeat(32), false)] {
        let mut host = Host::new();
        let (_, id) = host.opened(&alice(), restart());
        host.approve(&bob(), id).unwrap();
        let mut settings = settings();
        let limits = Limits { sha256: vec![sha256], ..Limits::default() };
        let mut denied = settings.roles[0].rules[1].clone();
        denied.name = "not this one".into();
        denied.decision = Decision::Deny;
        denied.limits = Some(Box::new(limits));
        settings.roles[0].rules.insert(0, denied);
        host.tell(Event::PolicyLoaded(Arc::new(Policy::compile(settings)))).unwrap();
        assert_eq!(host.story().contains(&"grant.ended"), ends);
    }
}

#[test]
fn a_grant_of_a_pinned_rule_can_be_asked_to_stand_longer() {
    let mut host = Host::with(pinned(1));
    let (_, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    let answer = host.extend(&alice(), id, writ_engine::time::Span::from_secs(60)).unwrap();
    assert!(matches!(answer, Answer::Waiting { .. }), "{answer:?}");
}

#[test]
fn who_asks_in_advance_for_what_a_pin_allows_is_told_so() {
    let mut host = Host::with(pinned(0));
    let ahead = Act { door: writ_engine::facts::Door::Writ, ..look() };
    let (_, answer) = host.ask_with(&alice(), ahead, Wish::default());
    assert!(is_allowed(&answer).is_some(), "{answer:?}");
    let made = host.records.iter().find_map(|record| match &record.what {
        What::DecisionMade(made) => Some(made),
        _ => None,
    });
    assert_eq!(made.unwrap().outcome, Outcome::Allow);
}
