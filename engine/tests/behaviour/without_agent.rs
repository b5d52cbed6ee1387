//! What was let pass while the agent was not there.

use writ_engine::effect::Durability;
use writ_engine::event::Event;
use writ_engine::facts::{Act, AttemptId, Person};
use writ_engine::record::{About, Force, LetPass, Made, Outcome, Source, What};
use writ_engine::time::WallTime;

use crate::host::*;

fn let_pass(person: Person, act: Act, attempt: &AttemptId, force: Force) -> Event {
    let passed = LetPass { at: WallTime(1_700_000_000_000), attempt: attempt.clone() };
    let about = About {
        attempt: Some(attempt.clone()),
        requester: person,
        act,
        reason: None,
        ticket: None,
        sha256: None,
        source: Source::of_role("operator"),
    };
    Event::LetPass { passed, about: Box::new(about), force }
}

fn made(host: &Host) -> Vec<Made> {
    let made = |what: &What| match what {
        What::DecisionMade(made) => Some(made.clone()),
        _ => None,
    };
    host.records.iter().filter_map(|record| made(&record.what)).collect()
}

#[test]
fn it_is_on_the_disk_with_its_time_and_leaves_nothing_to_use() {
    let mut host = Host::new();
    let attempt = host.new_attempt();
    host.tell(let_pass(alice(), restart(), &attempt, Force::Enforced)).unwrap();
    assert_eq!(host.durability, Durability::Synced);
    assert_eq!(host.story(), ["decision.made"]);
    let made = made(&host);
    assert_eq!((made[0].outcome, made[0].force), (Outcome::Allow, Force::Enforced));
    assert_eq!(made[0].without_agent.as_ref().unwrap().attempt, attempt);
    assert_eq!(made[0].about.as_ref().unwrap().attempt, None);
    // Whoever comes with the same name has nothing by it.
    let id = host.records.last().unwrap().id.unwrap();
    assert!(host.confirm(&attempt, id).is_err());
    let (_, next) = host.opened(&alice(), restart());
    assert_ne!(next, id);
}

#[test]
fn what_was_observed_is_told_from_what_a_rule_allowed() {
    let mut host = Host::new();
    let attempt = host.new_attempt();
    host.tell(let_pass(dave(), restart(), &attempt, Force::Observed)).unwrap();
    assert_eq!((made(&host)[0].outcome, made(&host)[0].force), (Outcome::Pass, Force::Observed));
}

#[test]
fn an_entry_that_is_told_twice_is_on_record_once_also_after_a_crash_and_a_snapshot() {
    let mut host = Host::new();
    let (one, other) = (host.new_attempt(), host.new_attempt());
    let tell = |attempt: &AttemptId| let_pass(alice(), restart(), attempt, Force::Enforced);
    host.tell(tell(&one)).unwrap();
    host.tell(tell(&one)).unwrap();
    assert_eq!(host.story(), ["decision.made"]);
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    host.tell(tell(&one)).unwrap();
    assert_eq!(made(&host).len(), 1);
    let snapshot = host.engine.snapshot().unwrap();
    host.engine = writ_engine::Engine::restore(&snapshot).unwrap();
    host.start("boot-1", settings()).unwrap();
    host.tell(tell(&one)).unwrap();
    host.tell(tell(&other)).unwrap();
    assert_eq!(made(&host).len(), 2);
}
