//! `writ run`: commands with what a window lends.

use std::collections::BTreeSet;

use writ_engine::Starter;
use writ_engine::effect::{Done, Durability, Refusal};
use writ_engine::event::Event;
use writ_engine::facts::{Account, Act, AttemptId, Door, Ending, Person, RunAs, Uid};
use writ_engine::id::RequestId;
use writ_engine::policy::{Decision, WindowTerms};
use writ_engine::record::What;
use writ_engine::time::Span;

use crate::host::*;

const MINUTE: Span = Span::from_secs(60);

/// A command of the person's own.
fn own(person: &Person) -> Act {
    let mut act = Act { door: Door::Writ, ..act(&["/usr/bin/capture", "-i", "eth0"]) };
    if let writ_engine::facts::Aim::Command(command) = &mut act.aim {
        let (user, uid) = (person.account.name.clone(), person.account.uid);
        command.run_as = RunAs { user, uid, group: None };
    }
    act
}

fn run_as(host: &mut Host, person: &Person, act: Act, role: &str) -> Result<AttemptId, Refusal> {
    let attempt = host.new_attempt();
    let (person, role) = (person.clone(), role.to_owned());
    let event = Event::RunAsked { attempt: attempt.clone(), person, act, role, leader: leader() };
    host.tell(event).map(|_| attempt)
}

fn run(host: &mut Host, person: &Person) -> Result<AttemptId, Refusal> {
    run_as(host, person, own(person), "operator")
}

fn running(host: &Host) -> usize {
    host.engine.running().count()
}

#[test]
fn a_command_runs_under_a_window_once_its_start_is_on_the_disk() {
    let mut host = Host::new();
    let id = host.opened_window(&alice(), Some(MINUTE));
    host.pass(Span(10_000));
    let attempt = host.new_attempt();
    let done = host.tell(Event::RunAsked {
        attempt: attempt.clone(),
        person: alice(),
        act: own(&alice()),
        role: "operator".into(),
        leader: leader(),
    });
    assert_eq!(done.unwrap(), Done::Runs { id, remaining: Span(50_000) });
    assert_eq!(host.durability, Durability::Synced);
    assert!(host.engine.window(id).unwrap().groups.contains_key("adm"));
    let last = host.records.last().unwrap();
    let What::CommandStarted { about: Some(about), .. } = &last.what else { panic!("{last:?}") };
    assert_eq!((about.act.door, about.source.role.as_deref()), (Door::Writ, Some("operator")));
    host.finish(&attempt, id).unwrap();
    assert_eq!(running(&host), 0);
    assert_eq!(host.story().last(), Some(&"command.finished"));
}

#[test]
fn without_a_window_of_that_role_nothing_runs() {
    let mut host = Host::new();
    let refused = run(&mut host, &alice()).unwrap_err().to_string();
    assert!(refused.contains("writ request operator"), "{refused}");
    host.opened_window(&alice(), Some(MINUTE));
    assert!(run_as(&mut host, &alice(), own(&alice()), "other").is_err());
    host.now.boot = host.now.boot.after(MINUTE);
    assert!(run(&mut host, &alice()).is_err(), "the window is over, on record or not");
    assert!(!host.story().contains(&"command.started"));
}

#[test]
fn a_window_is_for_the_very_person_who_asked_for_it() {
    let mut host = Host::new();
    host.opened_window(&alice(), Some(MINUTE));
    let through_bob =
        Person { login: Some(Account { uid: Uid(1001), name: "bob".into() }), ..alice() };
    assert!(run(&mut host, &through_bob).is_err());
    assert!(run(&mut host, &bob()).is_err());
    assert!(run(&mut host, &alice()).is_ok());
}

#[test]
fn nobody_runs_a_command_as_another_user() {
    let mut host = Host::new();
    host.opened_window(&alice(), Some(MINUTE));
    let as_root = Act { door: Door::Writ, ..act(&["/usr/bin/capture"]) };
    assert!(run_as(&mut host, &alice(), as_root, "operator").is_err());
    let through_sudo = Act { door: Door::Sudo, ..own(&alice()) };
    assert!(run_as(&mut host, &alice(), through_sudo, "operator").is_err());
}

#[test]
fn a_role_that_lends_nothing_runs_nothing() {
    let mut nothing = terms(Decision::Allow);
    nothing.groups = BTreeSet::new();
    let mut host = Host::with(with_window(Some(nothing)));
    host.ask(&alice(), window("operator"));
    let refused = run(&mut host, &alice()).unwrap_err().to_string();
    assert!(refused.contains("lends neither"), "{refused}");
    let capabilities = BTreeSet::from(["CAP_NET_RAW".to_owned()]);
    let raw = WindowTerms { capabilities, groups: BTreeSet::new(), ..terms(Decision::Allow) };
    let mut host = Host::with(with_window(Some(raw)));
    host.ask(&alice(), window("operator"));
    assert!(run(&mut host, &alice()).is_ok());
}

#[test]
fn the_end_of_a_window_stops_what_runs_and_leaves_sudo_to_itself() {
    let mut host = Host::new();
    let id = host.opened_window(&alice(), Some(MINUTE));
    let attempt = run(&mut host, &alice()).unwrap();
    let (of_sudo, _) = host.ask(&alice(), restart());
    host.confirm(&of_sudo, id).unwrap();
    host.pass(MINUTE);
    assert_eq!(host.stopped, std::slice::from_ref(&attempt));
    // It is on record as running until PID 1 says that it has ended.
    assert_eq!(running(&host), 2);
    host.tell(Event::Finished { attempt, id, ending: Ending::Signal(15), runtime: None }).unwrap();
    assert_eq!(running(&host), 1);
}

#[test]
fn a_window_that_is_given_back_or_revoked_stops_what_runs() {
    for by in ["requester", "approver"] {
        let mut host = Host::new();
        let id: RequestId = host.opened_window(&alice(), Some(MINUTE));
        let attempt = run(&mut host, &alice()).unwrap();
        let ended = match by {
            "requester" => host.tell(Event::GivenBack { person: alice(), id }),
            _ => host.tell(Event::Revoked { person: bob(), id, comment: None }),
        };
        ended.unwrap();
        assert_eq!(host.stopped, [attempt], "{by}");
    }
}

#[test]
fn a_restarted_agent_knows_what_runs_and_stops_again_what_was_to_end() {
    let mut host = Host::new();
    let id = host.opened_window(&alice(), Some(MINUTE));
    let attempt = run(&mut host, &alice()).unwrap();
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    let runs: Vec<_> = host.engine.running().collect();
    let known = (runs[0].attempt, runs[0].id, runs[0].starter);
    assert_eq!(known, (&attempt, id, Starter::FirstProcess));
    assert_eq!(runs[0].account, Some(Uid(1000)));
    assert!(host.stopped.is_empty());
    host.pass(MINUTE);
    host.stopped.clear();
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    assert_eq!(host.stopped, [attempt], "the first agent may have died before it did");
}

#[test]
fn what_was_asked_for_in_advance_is_still_run_by_sudo() {
    let mut host = Host::new();
    let (asked, id) = host.opened(&alice(), Act { door: Door::Writ, ..restart() });
    host.tell(Event::Left { attempt: asked }).unwrap();
    host.approve(&bob(), id).unwrap();
    let (attempt, _) = host.ask(&alice(), restart());
    host.confirm(&attempt, id).unwrap();
    assert_eq!(host.engine.running().next().unwrap().starter, Starter::Door);
    host.tell(Event::Revoked { person: bob(), id, comment: None }).unwrap();
    assert!(host.stopped.is_empty());
}

#[test]
fn a_new_boot_ends_what_ran() {
    let mut host = Host::new();
    host.opened_window(&alice(), Some(MINUTE));
    run(&mut host, &alice()).unwrap();
    host.lose_agent();
    host.start("boot-2", settings()).unwrap();
    assert_eq!(running(&host), 0);
    assert!(host.story().contains(&"command.finished"));
}
