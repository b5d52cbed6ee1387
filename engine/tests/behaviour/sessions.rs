//! What still runs when its grant ends.

use writ_engine::effect::Remains;
use writ_engine::event::Event;
use writ_engine::facts::{AttemptId, OnEnd};
use writ_engine::id::RequestId;
use writ_engine::record::{SessionEnd, SessionEnding};
use writ_engine::time::Span;

use crate::host::*;

fn running(host: &mut Host) -> (AttemptId, RequestId) {
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    (attempt, id)
}

fn told(host: &Host) -> Vec<(RequestId, Vec<AttemptId>)> {
    let runs = |remains: &Remains| remains.runs.iter().map(|run| run.attempt.clone()).collect();
    host.ended.iter().map(|remains| (remains.id, runs(remains))).collect()
}

fn end(attempt: Option<AttemptId>) -> SessionEnd {
    let (account, how) = (alice().account, SessionEnding::Stopped);
    SessionEnd { attempt, account, how, processes: vec![], more: 0 }
}

#[test]
fn what_runs_on_a_grant_is_to_end_with_it_however_that_ends() {
    let revoked = |id| Event::Revoked { person: bob(), id, comment: None };
    let given_back = |id| Event::GivenBack { person: alice(), id };
    for end in [revoked, given_back, |_| Event::Tick] {
        let mut host = Host::new();
        let (attempt, id) = running(&mut host);
        host.now.boot = host.now.boot.after(Span::from_secs(3599));
        host.tell(Event::Tick).unwrap();
        assert_eq!(told(&host), []);
        host.now.boot = host.now.boot.after(Span::from_secs(1));
        host.tell(end(id)).unwrap();
        assert_eq!(told(&host), [(id, vec![attempt.clone()])]);
        let run = &host.ended[0].runs[0];
        assert_eq!(run.leader, host.engine.session(&attempt).unwrap().leader);
        assert_eq!(host.ended[0].on_end, OnEnd::Terminate);
        assert_eq!(host.engine.session(&attempt).unwrap().until, None);
    }
}

#[test]
fn a_grant_whose_last_use_has_ended_leaves_nothing_to_end() {
    let mut host = Host::new();
    let (attempt, id) = running(&mut host);
    host.finish(&attempt, id).unwrap();
    host.pass(Span::from_secs(3600));
    assert_eq!(told(&host), []);
}

#[test]
fn what_the_policy_allows_by_itself_is_no_session() {
    let mut host = Host::new();
    let (attempt, answer) = host.ask(&alice(), act(&["/bin/look"]));
    let writ_engine::effect::Answer::Allowed { id, .. } = answer else { panic!() };
    host.confirm(&attempt, id).unwrap();
    assert_eq!(host.engine.session(&attempt), None);
    assert_eq!(host.engine.running().count(), 1);
}

#[test]
fn an_agent_that_comes_back_is_told_again_what_is_to_end() {
    let mut host = Host::new();
    let (attempt, id) = running(&mut host);
    host.pass(Span::from_secs(3600));
    host.lose_agent();
    host.ended.clear();
    host.start("boot-1", settings()).unwrap();
    assert_eq!(told(&host), [(id, vec![attempt])]);
    host.lose_agent();
    host.ended.clear();
    host.start("boot-2", settings()).unwrap();
    assert_eq!(told(&host), []);
}

#[test]
fn a_group_that_was_lent_in_this_boot_is_looked_for_after_a_restart() {
    let mut host = Host::new();
    let id = host.opened_window(&alice(), Some(Span::from_secs(60)));
    host.pass(Span::from_secs(60));
    assert_eq!(host.ended.pop().unwrap().groups.into_values().collect::<Vec<_>>(), [4]);
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    let found = host.ended.pop().unwrap();
    assert_eq!((found.id, found.person.account, found.runs), (id, alice().account, vec![]));
    assert_eq!(found.groups.into_values().collect::<Vec<_>>(), [4]);
    host.lose_agent();
    host.start("boot-2", settings()).unwrap();
    assert_eq!(host.ended, []);
}

#[test]
fn a_stop_is_on_record_before_the_end_of_the_command_and_not_after() {
    let mut host = Host::new();
    let (attempt, id) = running(&mut host);
    host.tell(Event::Revoked { person: bob(), id, comment: None }).unwrap();
    host.tell(Event::SessionEnded { id, end: end(Some(attempt.clone())) }).unwrap();
    host.finish(&attempt, id).unwrap();
    host.tell(Event::SessionEnded { id, end: end(Some(attempt)) }).unwrap();
    let story = host.story();
    let told = story.iter().rev().take(3).rev().copied().collect::<Vec<_>>();
    assert_eq!(told, ["grant.ended", "session.ended", "command.finished"]);
    host.lose_agent();
}

#[test]
fn a_grant_that_stands_longer_puts_its_backstops_off_where_something_runs() {
    let mut host = Host::new();
    let id = host.opened_window(&alice(), Some(Span::from_secs(60)));
    let longer = host.extend(&alice(), id, Span::from_secs(60)).unwrap();
    let writ_engine::effect::Answer::Waiting { id: request, .. } = longer else { panic!() };
    host.approve(&bob(), request).unwrap();
    assert_eq!(host.prolonged, []);
    let (attempt, _) = host.ask(&alice(), restart());
    host.confirm(&attempt, id).unwrap();
    let longer = host.extend(&alice(), id, Span::from_secs(60)).unwrap();
    let writ_engine::effect::Answer::Waiting { id: request, .. } = longer else { panic!() };
    host.approve(&bob(), request).unwrap();
    assert_eq!(host.prolonged, [id]);
}
