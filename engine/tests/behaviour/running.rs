//! Commands start and end.

use writ_engine::effect::{Answer, Done, Durability, Refusal};
use writ_engine::event::{Event, Wish};
use writ_engine::facts::{Aim, AttemptId, Leader};
use writ_engine::record::{EndReason, What};
use writ_engine::time::Span;

use crate::host::*;

fn last_end(host: &Host) -> Option<EndReason> {
    host.records.iter().rev().find_map(|record| match record.what {
        What::GrantEnded { reason, .. } => Some(reason),
        _ => None,
    })
}

#[test]
fn the_whole_story_of_an_approved_command_is_on_record() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    assert_eq!(host.durability, Durability::Synced);
    host.finish(&attempt, id).unwrap();
    assert_eq!(
        host.story(),
        [
            "request.opened",
            "decision.made",
            "grant.started",
            "command.started",
            "command.finished",
            "grant.ended"
        ]
    );
    assert_eq!(last_end(&host), Some(EndReason::Used));
    assert_eq!(host.engine.counts(), writ_engine::Counts::default());
}

#[test]
fn the_start_of_what_policy_lets_goes_on_record_with_the_decision() {
    let mut host = Host::new();
    let (attempt, done) = host.ask_to_start(&alice(), act(&["/bin/look"]));
    assert_eq!(done, Ok(Done::Started));
    let Answer::Allowed { id, .. } = host.answer(&attempt) else { panic!() };
    assert_eq!(host.story(), ["decision.made", "command.started"]);
    // Asked for again after a lost reply: no second start.
    host.confirm(&attempt, id).unwrap();
    host.finish(&attempt, id).unwrap();
    assert_eq!(host.story(), ["decision.made", "command.started", "command.finished"]);
}

#[test]
fn what_people_are_asked_about_or_nobody_allows_does_not_start_with_the_question() {
    let mut host = Host::new();
    let (_, done) = host.ask_to_start(&alice(), restart());
    assert_eq!(done, Ok(Done::Done));
    let (attempt, done) = host.ask_to_start(&alice(), act(&["/bin/nothing-speaks-of-it"]));
    assert_eq!(done, Ok(Done::Done));
    assert!(matches!(host.answer(&attempt), Answer::Denied { .. }));
    assert!(!host.story().contains(&"command.started"));
}

#[test]
fn a_repeated_confirmation_is_one_use_and_one_record() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    host.confirm(&attempt, id).unwrap();
    assert_eq!(host.story().iter().filter(|name| **name == "command.started").count(), 1);
}

#[test]
fn a_repeated_confirmation_is_for_the_process_that_was_first() {
    let mut host = Host::new();
    let (asked, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    let (automatic, answer) = host.ask(&alice(), act(&["/bin/look"]));
    let Answer::Allowed { id: of_policy, .. } = answer else { panic!() };
    for (attempt, id) in [(asked, id), (automatic, of_policy)] {
        host.confirm(&attempt, id).unwrap();
        let sha256 = host.evidence.sha256.clone();
        // The number is the same: it was given out again.
        let leader = Leader { started_ticks: 90_001, ..leader() };
        let refused = host.tell(Event::Confirmed { attempt: attempt.clone(), id, sha256, leader });
        assert!(matches!(refused, Err(Refusal::Refused(_))), "{refused:?}");
        host.confirm(&attempt, id).unwrap();
    }
}

#[test]
fn a_repeated_confirmation_is_refused_when_the_file_has_changed() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    host.evidence.sha256 = Some("cd".repeat(32));
    assert!(matches!(host.confirm(&attempt, id), Err(Refusal::Refused(_))));
}

#[test]
fn nothing_starts_at_or_after_the_end_of_its_grant_even_before_the_tick() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.now.boot = host.now.boot.after(Span::from_secs(3600));
    assert!(matches!(host.confirm(&attempt, id), Err(Refusal::Refused(_))));
}

#[test]
fn nothing_starts_whose_file_has_changed() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    assert_eq!(host.engine.bound_file(id, &attempt).unwrap(), "/bin/restart");
    for sha256 in [None, Some("cd".repeat(32))] {
        let (attempt, leader) = (attempt.clone(), leader());
        let refused = host.tell(Event::Confirmed { attempt, id, sha256, leader });
        assert!(matches!(refused, Err(Refusal::Refused(_))));
    }
    host.confirm(&attempt, id).unwrap();
}

#[test]
fn nothing_starts_that_was_not_asked_for_under_that_id() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    let stranger = host.new_attempt();
    assert!(host.confirm(&attempt, id).is_err());
    host.approve(&bob(), id).unwrap();
    assert!(host.confirm(&stranger, id).is_err());
}

#[test]
fn an_automatic_permission_is_for_one_attempt_and_one_minute() {
    let mut host = Host::new();
    let (attempt, answer) = host.ask(&alice(), act(&["/bin/look"]));
    let Answer::Allowed { id, .. } = answer else { panic!() };
    let stranger = host.new_attempt();
    assert!(host.confirm(&stranger, id).is_err());
    host.now.boot = host.now.boot.after(Span::from_secs(60));
    assert!(host.confirm(&attempt, id).is_err());
    host.pass(Span(0));
    assert_eq!(last_end(&host), Some(EndReason::Expired));
}

#[test]
fn an_automatic_command_is_decided_started_and_finished_under_one_id() {
    let mut host = Host::new();
    let (attempt, answer) = host.ask(&alice(), act(&["/bin/look"]));
    let Answer::Allowed { id, .. } = answer else { panic!() };
    host.confirm(&attempt, id).unwrap();
    assert_eq!(host.durability, Durability::Written);
    assert_eq!(host.engine.subject(id).unwrap().requester, &alice());
    host.pass(Span::from_secs(86_400));
    host.finish(&attempt, id).unwrap();
    assert_eq!(host.story(), ["decision.made", "command.started", "command.finished"]);
    assert!(host.records.iter().skip(2).all(|record| record.id == Some(id)));
}

#[test]
fn a_use_that_was_not_confirmed_is_given_back_when_its_door_leaves() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    assert!(
        matches!(host.ask(&alice(), restart()).1, Answer::Waiting { id: other, .. } if other != id)
    );
    host.tell(Event::Left { attempt: attempt.clone() }).unwrap();
    assert!(host.confirm(&attempt, id).is_err());
    assert!(
        matches!(host.ask(&alice(), restart()).1, Answer::Allowed { id: same, .. } if same == id)
    );
}

#[test]
fn a_grant_of_several_uses_ends_with_the_last_of_them() {
    let mut host = Host::new();
    let wish = Wish { reason: Some("upgrade".into()), uses: Some(2), ..Wish::default() };
    let (first, answer) = host.ask_with(&alice(), restart(), wish);
    let Answer::Waiting { id, .. } = answer else { panic!() };
    host.approve(&bob(), id).unwrap();
    let (second, _) = host.ask(&alice(), restart());
    host.confirm(&first, id).unwrap();
    host.confirm(&second, id).unwrap();
    host.finish(&first, id).unwrap();
    assert!(host.engine.get(id).is_some());
    host.finish(&second, id).unwrap();
    assert_eq!(last_end(&host), Some(EndReason::Used));
}

#[test]
fn a_command_whose_door_is_lost_goes_on_record_as_ended_somehow() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    host.tell(Event::Left { attempt: attempt.clone() }).unwrap();
    assert!(host.story().contains(&"command.finished"));
    assert_eq!(host.finish(&attempt, id), Err(Refusal::NotFound(id)));
}

#[test]
fn a_command_outlives_its_grant_on_record() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    host.pass(Span::from_secs(3600));
    assert_eq!(last_end(&host), Some(EndReason::Expired));
    assert_eq!(host.engine.counts().running, 1);
    // Its last word was yes before the end; said again now, it would start after it.
    assert!(host.confirm(&attempt, id).is_err());
    host.finish(&attempt, id).unwrap();
    assert_eq!(host.engine.counts().running, 0);
}

#[test]
fn what_a_command_starts_is_on_record_as_long_as_it_runs_and_changes_nothing() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    let Aim::Command(command) = act(&["/bin/look", "--closely"]).aim else { panic!() };
    let started = |attempt: &AttemptId, id| {
        let (attempt, command) = (attempt.clone(), command.clone());
        Event::Subcommand { attempt, id, command, missed: 3 }
    };
    // Asked about is not running, and neither is approved.
    assert!(matches!(host.tell(started(&attempt, id)), Err(Refusal::NotFound(_))));
    host.approve(&bob(), id).unwrap();
    assert!(matches!(host.tell(started(&attempt, id)), Err(Refusal::NotFound(_))));
    host.confirm(&attempt, id).unwrap();
    let before = host.engine.snapshot().unwrap();
    host.tell(started(&attempt, id)).unwrap();
    assert_eq!(host.story().last(), Some(&"subcommand.started"));
    assert_eq!(host.engine.snapshot().unwrap(), before);
    // Of another's run, or under another ID, it is nobody's.
    let other = host.new_attempt();
    assert!(matches!(host.tell(started(&other, id)), Err(Refusal::NotFound(_))));
    let wrong = "7K3M-Q2".parse().unwrap();
    assert!(matches!(host.tell(started(&attempt, wrong)), Err(Refusal::NotFound(_))));
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    host.tell(started(&attempt, id)).unwrap();
    host.finish(&attempt, id).unwrap();
    assert!(matches!(host.tell(started(&attempt, id)), Err(Refusal::NotFound(_))));
}
