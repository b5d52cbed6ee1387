//! Break-glass: who may, what is on record, and who may say that it was looked at.

use writ_engine::effect::{Answer, Durability, Refusal};
use writ_engine::event::Event;
use writ_engine::facts::{AttemptId, Person};
use writ_engine::id::RequestId;
use writ_engine::limits::REVIEWS_OPEN_MAX;
use writ_engine::record::{About, LetPass, Source, What};
use writ_engine::time::{Span, WallTime};

use crate::host::*;

fn break_glass(host: &mut Host, person: &Person, reason: &str) -> Result<Answer, Refusal> {
    let attempt = host.new_attempt();
    host.tell(Event::GlassBroken {
        attempt: attempt.clone(),
        person: person.clone(),
        act: restart(),
        reason: reason.into(),
    })?;
    Ok(host.answer(&attempt))
}

fn review(host: &mut Host, person: &Person, id: RequestId) -> Result<(), Refusal> {
    let comment = Some("seen".into());
    host.tell(Event::GlassReviewed { person: person.clone(), id, comment }).map(drop)
}

/// What a door let pass while the agent was not there.
fn reported(person: &Person, attempt: &AttemptId) -> Event {
    let passed = LetPass { at: WallTime(1_700_000_000_000), attempt: attempt.clone() };
    let about = About {
        attempt: Some(attempt.clone()),
        requester: person.clone(),
        act: restart(),
        reason: Some("no agent".into()),
        ticket: None,
        sha256: None,
        source: Source::default(),
    };
    Event::GlassReported { passed, about: Box::new(about) }
}

/// alice's use.
fn broken(host: &mut Host) -> RequestId {
    match break_glass(host, &alice(), "disk full") {
        Ok(Answer::Allowed { id, message: Some(_), .. }) => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_is_named_goes_ahead_and_it_is_on_the_disk_and_announced_before() {
    let mut host = Host::new();
    let attempt = host.new_attempt();
    let (person, reason) = (alice(), "disk full".into());
    host.tell(Event::GlassBroken { attempt: attempt.clone(), person, act: restart(), reason })
        .unwrap();
    assert_eq!(host.durability, Durability::Synced);
    let Answer::Allowed { id, .. } = host.answer(&attempt) else { panic!("it is not allowed") };
    assert_eq!(host.notices, [id]);
    host.confirm(&attempt, id).unwrap();
    host.finish(&attempt, id).unwrap();
    assert_eq!(host.story(), ["break_glass.used", "command.started", "command.finished"]);
    assert!(host.confirm(&attempt, id).is_err(), "it is for one run");
    assert_eq!(host.engine.open_reviews().into_iter().collect::<Vec<_>>(), [id]);
}

#[test]
fn who_is_not_named_or_gives_no_reason_does_not() {
    let mut host = Host::new();
    assert!(matches!(break_glass(&mut host, &dave(), "x"), Err(Refusal::NotYours(_))));
    assert!(matches!(break_glass(&mut host, &alice(), " \n"), Err(Refusal::Refused(_))));
    let long = "x".repeat(1_000_000);
    assert!(matches!(break_glass(&mut host, &alice(), &long), Err(Refusal::TooMany(_))));
    assert_eq!(host.story(), [""; 0]);
    let mut breaker = dave();
    breaker.groups.insert("breakers".into());
    assert!(break_glass(&mut host, &breaker, "x").is_ok());
}

#[test]
fn it_is_good_for_a_minute_and_for_that_attempt_alone() {
    let mut host = Host::new();
    let id = broken(&mut host);
    let other = host.new_attempt();
    assert!(host.confirm(&other, id).is_err());
    let mut host = Host::new();
    let attempt = host.new_attempt();
    let (person, reason) = (alice(), "x".into());
    host.tell(Event::GlassBroken { attempt: attempt.clone(), person, act: restart(), reason })
        .unwrap();
    let Answer::Allowed { id, .. } = host.answer(&attempt) else { panic!("it is not allowed") };
    host.now.boot = host.now.boot.after(Span::from_secs(600));
    host.tell(Event::Tick).unwrap();
    assert!(host.confirm(&attempt, id).is_err());
    assert!(host.engine.open_reviews().contains(&id), "it still waits for a review");
}

#[test]
fn nobody_reviews_his_own_whichever_account_he_has() {
    let mut host = Host::new();
    let id = broken(&mut host);
    assert!(matches!(review(&mut host, &alice(), id), Err(Refusal::NotYours(_))));
    let mut as_root = root();
    as_root.login = Some(alice().account);
    assert!(matches!(review(&mut host, &as_root, id), Err(Refusal::NotYours(_))));
    assert!(matches!(
        review(&mut host, &person("carol", 1002, None), id),
        Err(Refusal::NotYours(_))
    ));
    assert!(host.engine.open_reviews().contains(&id));
    review(&mut host, &root(), id).unwrap();
    assert!(host.engine.open_reviews().is_empty());
    assert!(matches!(review(&mut host, &root(), id), Err(Refusal::Refused(_))));
}

#[test]
fn what_waits_for_a_review_outlives_the_agent_and_a_boot() {
    let mut host = Host::new();
    let id = broken(&mut host);
    host.lose_agent();
    host.start("boot-2", settings()).unwrap();
    assert!(host.engine.open_reviews().contains(&id));
    let snapshot = host.engine.snapshot().unwrap();
    let restored = writ_engine::Engine::restore(&snapshot).unwrap();
    assert!(restored.open_reviews().contains(&id));
    review(&mut host, &root(), id).unwrap();
}

#[test]
fn what_a_door_let_pass_without_the_agent_is_on_record_and_waits_too() {
    let mut host = Host::new();
    let attempt = host.new_attempt();
    host.tell(reported(&dave(), &attempt)).unwrap();
    assert_eq!(host.durability, Durability::Synced);
    assert_eq!(host.story(), ["break_glass.used"]);
    let What::BreakGlassUsed(used) = &host.records.last().unwrap().what else { panic!() };
    assert_eq!(used.without_agent.as_ref().unwrap().at, WallTime(1_700_000_000_000));
    assert_eq!(used.about.attempt, None, "no run of the agent's is awaited");
    let id = host.notices[0];
    assert!(matches!(review(&mut host, &dave(), id), Err(Refusal::NotYours(_))));
    let (_, next) = host.opened(&alice(), restart());
    assert_ne!(next, id);
    assert!(host.confirm(&attempt, id).is_err(), "it leaves nothing to use");
    host.lose_agent();
    assert!(host.engine.open_reviews().contains(&id));
    host.start("boot-1", settings()).unwrap();
    review(&mut host, &root(), id).unwrap();
}

#[test]
fn what_is_told_twice_of_it_is_on_record_once_also_after_a_crash_and_a_snapshot() {
    let mut host = Host::new();
    let (one, other) = (host.new_attempt(), host.new_attempt());
    host.tell(reported(&dave(), &one)).unwrap();
    host.tell(reported(&dave(), &one)).unwrap();
    assert_eq!(host.notices.len(), 1);
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    host.tell(reported(&dave(), &one)).unwrap();
    assert_eq!(host.engine.open_reviews().len(), 1);
    let snapshot = host.engine.snapshot().unwrap();
    host.engine = writ_engine::Engine::restore(&snapshot).unwrap();
    host.start("boot-1", settings()).unwrap();
    host.tell(reported(&dave(), &one)).unwrap();
    // Reviewed meanwhile or not: it does not come back.
    let id = host.notices[0];
    review(&mut host, &root(), id).unwrap();
    host.tell(reported(&dave(), &one)).unwrap();
    assert!(host.engine.open_reviews().is_empty());
    host.tell(reported(&dave(), &other)).unwrap();
    assert_eq!(host.engine.open_reviews().len(), 1);
}

#[test]
fn a_door_that_lost_the_answer_gets_it_again_and_nothing_is_on_record_twice() {
    let mut host = Host::new();
    let attempt = host.new_attempt();
    let event = || Event::GlassBroken {
        attempt: attempt.clone(),
        person: alice(),
        act: restart(),
        reason: "x".into(),
    };
    host.tell(event()).unwrap();
    let first = host.answer(&attempt);
    host.tell(event()).unwrap();
    let Answer::Allowed { id, .. } = first else { panic!("{first:?}") };
    assert!(matches!(host.answer(&attempt), Answer::Allowed { id: again, .. } if again == id));
    assert_eq!(host.story(), ["break_glass.used"]);
}

#[test]
fn as_many_as_may_wait_keep_the_agent_from_more_and_lose_nothing_of_what_has_happened() {
    let mut host = Host::new();
    for _ in 0..REVIEWS_OPEN_MAX {
        let attempt = host.new_attempt();
        host.tell(reported(&dave(), &attempt)).unwrap();
    }
    assert!(matches!(break_glass(&mut host, &alice(), "x"), Err(Refusal::TooMany(_))));
    // It has happened: it is on record and told, however many wait.
    let attempt = host.new_attempt();
    host.tell(reported(&dave(), &attempt)).unwrap();
    assert_eq!(host.notices.len(), REVIEWS_OPEN_MAX + 1);
    assert_eq!(host.engine.open_reviews().len(), REVIEWS_OPEN_MAX + 1);
    let snapshot = host.engine.snapshot().unwrap();
    let restored = writ_engine::Engine::restore(&snapshot).unwrap();
    assert_eq!(restored.open_reviews(), host.engine.open_reviews());
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    assert_eq!(host.engine.open_reviews().len(), REVIEWS_OPEN_MAX + 1);
    // The agent lets nothing more through until there are fewer than may wait.
    let (first, second) = (host.notices[0], host.notices[1]);
    review(&mut host, &root(), first).unwrap();
    assert!(matches!(break_glass(&mut host, &alice(), "x"), Err(Refusal::TooMany(_))));
    review(&mut host, &root(), second).unwrap();
    assert!(break_glass(&mut host, &alice(), "x").is_ok());
}
