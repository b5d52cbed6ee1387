//! Requests and grants end.

use std::sync::Arc;

use writ_engine::effect::{Answer, Refusal};
use writ_engine::event::{Event, Wish};
use writ_engine::policy::{Decision, Member, Mode, Policy, Settings};
use writ_engine::record::{EndReason, ExpiryReason, What};
use writ_engine::time::Span;

use crate::host::*;

fn last(host: &Host) -> &What {
    &host.records.last().unwrap().what
}

#[test]
fn silence_is_a_no() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    assert_eq!(host.engine.next_deadline(), Some(host.now.boot.after(Span::from_secs(300))));
    host.pass(Span::from_secs(300));
    assert_eq!(last(&host), &What::RequestExpired { reason: ExpiryReason::Silence });
    let Answer::Expired { message, .. } = host.answer(&attempt) else { panic!() };
    assert!(
        message.contains(&format!("{id} has expired: @oncall did not answer within 5 minutes"))
    );
    assert_eq!(host.engine.next_deadline(), None);
}

#[test]
fn a_wall_clock_that_is_set_moves_no_deadline() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    host.now.wall.0 += 86_400_000;
    host.pass(Span(1));
    assert!(host.engine.get(id).is_some());
}

#[test]
fn who_is_asked_and_root_may_revoke_and_nobody_else() {
    for person in [bob(), root()] {
        let mut host = Host::new();
        let (attempt, id) = host.opened(&alice(), restart());
        host.approve(&dave(), id).unwrap();
        let erin = crate::host::person("erin", 1004, None);
        assert_eq!(
            host.tell(Event::Revoked { person: erin, id, comment: None }),
            Err(Refusal::NotFound(id))
        );
        host.tell(Event::Revoked { person, id, comment: Some("not now".into()) }).unwrap();
        assert!(matches!(last(&host), What::GrantEnded { reason: EndReason::Revoked, .. }));
        assert!(host.confirm(&attempt, id).is_err());
    }
}

#[test]
fn a_door_whose_grant_was_revoked_asks_anew_under_its_name() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.tell(Event::Revoked { person: bob(), id, comment: None }).unwrap();
    let wish = Wish { reason: Some("upgrade".into()), ..Wish::default() };
    let again = Event::Asked { attempt: attempt.clone(), person: alice(), act: restart(), wish };
    host.tell(again).unwrap();
    assert!(matches!(host.answer(&attempt), Answer::Waiting { id: other, .. } if other != id));
}

#[test]
fn only_the_requester_takes_a_request_back_or_gives_a_grant_back() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    assert!(matches!(host.tell(Event::Cancelled { person: bob(), id }), Err(Refusal::NotYours(_))));
    assert!(matches!(
        host.tell(Event::GivenBack { person: alice(), id }),
        Err(Refusal::Refused(_))
    ));
    host.tell(Event::Cancelled { person: alice(), id }).unwrap();
    assert!(matches!(host.answer(&attempt), Answer::Denied { .. }));
    let (_, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    assert!(matches!(host.tell(Event::GivenBack { person: bob(), id }), Err(Refusal::NotYours(_))));
    assert!(matches!(
        host.tell(Event::Cancelled { person: alice(), id }),
        Err(Refusal::Refused(_))
    ));
    host.tell(Event::GivenBack { person: alice(), id }).unwrap();
    assert!(matches!(last(&host), What::GrantEnded { reason: EndReason::GivenBack, .. }));
}

fn load(host: &mut Host, settings: Settings) {
    host.tell(Event::PolicyLoaded(Arc::new(Policy::compile(settings)))).unwrap();
}

#[test]
fn what_a_new_policy_no_longer_has_ends_with_the_old() {
    let mut denies = settings();
    denies.roles[0].rules[1].decision = Decision::Deny;
    let mut without_role = settings();
    without_role.roles.clear();
    let mut without_alice = settings();
    without_alice.roles[0].members = vec![Member::User("carol".into())];
    for policy in [denies, without_role, without_alice] {
        let mut host = Host::new();
        let (allowed, granted) = host.opened(&alice(), restart());
        host.approve(&bob(), granted).unwrap();
        let (waiting, _) = host.opened(&alice(), restart());
        load(&mut host, policy);
        assert!(matches!(host.answer(&waiting), Answer::Denied { .. }));
        assert!(host.confirm(&allowed, granted).is_err());
        assert_eq!(host.engine.counts(), writ_engine::Counts::default());
    }
}

#[test]
fn a_policy_that_only_observes_ends_nothing() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    load(&mut host, Settings { mode: Mode::Observe, roles: vec![], ..settings() });
    assert!(host.engine.get(id).is_some());
}

#[test]
fn who_left_the_team_is_asked_no_more_and_who_came_is() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    let mut changed = settings();
    changed.approvers.remove("bob");
    load(&mut host, changed);
    assert!(matches!(host.approve(&bob(), id), Err(Refusal::NotYours(_))));
    host.approve(&dave(), id).unwrap();
}

#[test]
fn nothing_that_was_open_outlives_the_loss_of_a_part_of_the_ledger() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    let (waiting, _) = host.opened(&alice(), restart());
    let acknowledged =
        |person| Event::Acknowledged { person, comment: "seen".into(), what: "line 7".into() };
    assert!(matches!(host.tell(acknowledged(bob())), Err(Refusal::NotYours(_))));
    host.tell(acknowledged(root())).unwrap();
    assert!(host.confirm(&attempt, id).is_err());
    assert!(matches!(host.answer(&waiting), Answer::Denied { .. }));
    assert_eq!(host.engine.counts(), writ_engine::Counts::default());
}

#[test]
fn of_many_that_end_at_once_those_that_something_runs_on_end_first() {
    const MANY: u32 = 1_100;
    let mut settings = settings();
    let members = (0..MANY).map(|number| format!("w{number}").parse().unwrap());
    settings.roles[0].members = members.collect();
    let mut host = Host::with(settings);
    let mut ids = vec![];
    for number in 0..MANY {
        let someone = person(&format!("w{number}"), 5_000 + number, None);
        let (attempt, id) = host.opened(&someone, restart());
        host.approve(&bob(), id).unwrap();
        ids.push((attempt, id));
    }
    // The one that would come last by its ID.
    let (attempt, id) = ids.iter().max_by_key(|(_, id)| *id).unwrap();
    host.confirm(attempt, *id).unwrap();
    let before = host.records.len();
    host.pass(Span::from_secs(2 * 3_600));
    let ended: Vec<_> = host.records[before..]
        .iter()
        .filter(|record| matches!(record.what, What::GrantEnded { .. }))
        .map(|record| record.id.unwrap())
        .collect();
    assert!(ended.len() < usize::try_from(MANY).unwrap(), "they end in one step");
    assert_eq!(ended.first(), Some(id));
    assert_eq!(host.ended.len(), 1);
}
