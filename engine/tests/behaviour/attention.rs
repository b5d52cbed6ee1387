//! Who has looked at a request, who is told again, and what is refused without the hub.

use std::sync::Arc;

use writ_engine::Engine;
use writ_engine::effect::{Answer, Durability, Refusal};
use writ_engine::event::{Event, Word};
use writ_engine::facts::Person;
use writ_engine::id::RequestId;
use writ_engine::limits::{REMINDERS_MAX, SEEN_PER_REQUEST_MAX};
use writ_engine::policy::{Ask, Decision, Escalation, Settings, WithoutHub};
use writ_engine::time::Span;

use crate::host::*;

fn look(host: &mut Host, person: &Person, ids: &[RequestId]) {
    host.tell(Event::LookedAt { person: person.clone(), ids: ids.to_vec() }).unwrap();
}

fn seen(answer: Answer) -> Vec<String> {
    match answer {
        Answer::Waiting { seen, .. } => seen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_waits_is_told_who_has_looked_and_nothing_is_on_record() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), act(&["/bin/shell"]));
    assert_eq!(seen(host.answer(&attempt)), Vec::<String>::new());
    let records = host.records.len();
    assert!(host.engine.is_unseen(host.now, &bob(), id));
    look(&mut host, &bob(), &[id]);
    assert_eq!(seen(host.answer(&attempt)), ["bob"]);
    assert!(!host.engine.is_unseen(host.now, &bob(), id));
    look(&mut host, &bob(), &[id, id]);
    look(&mut host, &dave(), &[id]);
    assert_eq!(seen(host.answer(&attempt)), ["bob", "dave"]);
    assert_eq!(host.records.len(), records);
    let told: Vec<_> = host.engine.seen(id).map(|(by, at)| (by.name.as_str(), at)).collect();
    assert_eq!(told, [("bob", host.now), ("dave", host.now)]);
    // Who has answered is no longer one who has only looked.
    host.approve(&bob(), id).unwrap();
    assert_eq!(seen(host.answer(&attempt)), ["dave"]);
    host.approve(&dave(), id).unwrap();
    assert_eq!(host.engine.seen(id).count(), 0, "it is over");
}

#[test]
fn a_look_of_whoever_may_not_decide_is_not_seen() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    let erin = person("erin", 1004, None);
    let as_bob = person("bob", 1001, Some(("alice", 1000)));
    for nobody in [alice(), erin, root(), as_bob] {
        assert!(!host.engine.is_unseen(host.now, &nobody, id));
        look(&mut host, &nobody, &[id]);
    }
    assert_eq!(seen(host.answer(&attempt)), Vec::<String>::new());
    let own = Ask { self_approval: true, ..ask() };
    let mut settings = settings();
    settings.roles[0].rules[1].decision = Decision::Ask(Arc::new(own));
    let mut host = Host::with(settings);
    let (attempt, id) = host.opened(&alice(), restart());
    assert_eq!(host.engine.may_decide(host.now, &alice(), id), Ok(()));
    look(&mut host, &alice(), &[id]);
    assert_eq!(seen(host.answer(&attempt)), Vec::<String>::new(), "one's own look is no news");
    host.pass(Span::from_secs(300));
    look(&mut host, &bob(), &[id]);
    assert_eq!(host.engine.seen(id).count(), 0);
}

#[test]
fn so_many_are_kept_in_mind_and_no_more() {
    let mut settings = settings();
    settings.roles[0].rules[1].decision =
        Decision::Ask(Arc::new(Ask { from: vec!["%ops".parse().unwrap()], ..ask() }));
    let mut host = Host::with(settings);
    let (attempt, id) = host.opened(&alice(), restart());
    for uid in 2_000..2_100 {
        let mut person = person(&format!("u{uid}"), uid, None);
        person.groups.insert("ops".into());
        look(&mut host, &person, &[id]);
    }
    assert_eq!(seen(host.answer(&attempt)).len(), SEEN_PER_REQUEST_MAX);
    assert_eq!(host.engine.seen(id).count(), SEEN_PER_REQUEST_MAX);
}

#[test]
fn who_joins_is_told_who_has_looked_already() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    look(&mut host, &dave(), &[id]);
    let (_, answer) = host.ask(&alice(), restart());
    assert_eq!(seen(answer), ["dave"]);
}

fn reminding(every: u64, ask: Ask) -> Settings {
    let mut settings = settings();
    let remind = Some(Span::from_secs(every));
    settings.roles[0].rules[1].decision = Decision::Ask(Arc::new(Ask { remind, ..ask }));
    settings
}

#[test]
fn those_who_have_not_answered_are_told_again_and_again() {
    let mut host = Host::with(reminding(60, ask()));
    let (_, id) = host.opened(&alice(), restart());
    assert_eq!(host.engine.next_deadline(), Some(host.now.boot.after(Span::from_secs(60))));
    host.pass(Span::from_secs(59));
    assert_eq!(host.reminded, []);
    let records = host.records.len();
    host.pass(Span::from_secs(1));
    assert_eq!(host.reminded, [id]);
    host.pass(Span::from_secs(1));
    assert_eq!(host.reminded, [id], "once each time");
    // Two that were missed are one.
    host.pass(Span::from_secs(130));
    assert_eq!(host.reminded, [id, id]);
    assert_eq!(host.engine.next_deadline(), Some(host.now.boot.after(Span::from_secs(49))));
    assert_eq!(host.records.len(), records);
    host.pass(Span::from_secs(49));
    assert_eq!(host.reminded.len(), 3);
    // The next would come when silence is a no.
    host.pass(Span::from_secs(60));
    assert_eq!((host.reminded.len(), host.engine.next_deadline()), (3, None));
}

#[test]
fn nobody_is_told_again_of_what_is_decided() {
    let mut host = Host::with(reminding(60, ask()));
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    host.finish(&attempt, id).unwrap();
    assert_eq!(host.engine.next_deadline(), None);
    let (_, id) = host.opened(&alice(), restart());
    host.decide(&bob(), id, Word::Deny).unwrap();
    assert_eq!(host.engine.next_deadline(), None);
    let (_, id) = host.opened(&alice(), restart());
    host.tell(Event::Cancelled { person: alice(), id }).unwrap();
    assert_eq!((host.engine.next_deadline(), host.reminded.len()), (None, 0));
}

#[test]
fn there_are_so_many_reminders_and_no_more() {
    let mut host = Host::with(reminding(1, ask()));
    host.opened(&alice(), restart());
    for _ in 0..200 {
        host.pass(Span::from_secs(1));
    }
    assert_eq!(u64::try_from(host.reminded.len()).unwrap(), REMINDERS_MAX);
    assert_eq!(host.engine.next_deadline(), Some(host.now.boot.after(Span::from_secs(100))));
}

#[test]
fn reminders_go_on_after_a_restart_and_with_an_escalation() {
    let later = Escalation { after: Span::from_secs(90), from: vec!["erin".parse().unwrap()] };
    let ask = Ask { escalate: vec![later], ..ask() };
    let settings = reminding(60, ask);
    let mut host = Host::with(settings.clone());
    let (_, id) = host.opened(&alice(), restart());
    host.pass(Span::from_secs(50));
    let snapshot = host.engine.snapshot().unwrap();
    let restored = Engine::restore(&snapshot).unwrap();
    assert_eq!(restored.next_deadline(), Some(host.now.boot.after(Span::from_secs(10))));
    host.lose_agent();
    host.start("boot-1", settings).unwrap();
    host.pass(Span::from_secs(10));
    host.pass(Span::from_secs(30));
    assert_eq!(
        (host.reminded.clone(), host.story().last()),
        (vec![id], Some(&"request.escalated"))
    );
    host.pass(Span::from_secs(30));
    assert_eq!(host.reminded, [id, id]);
}

#[test]
fn without_the_hub_people_on_the_host_still_decide_unless_the_rule_says_no() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    host.tell(Event::HubUnreachable { id }).unwrap();
    assert!(matches!(host.answer(&attempt), Answer::Waiting { .. }));
    host.approve(&bob(), id).unwrap();

    let mut settings = settings();
    let ask = Ask { without_hub: WithoutHub::Deny, ..ask() };
    settings.roles[0].rules[1].decision = Decision::Ask(Arc::new(ask));
    let mut host = Host::with(settings);
    let (attempt, id) = host.opened(&alice(), restart());
    host.tell(Event::HubUnreachable { id }).unwrap();
    assert_eq!(host.story(), ["request.opened", "request.denied"]);
    assert_eq!(host.durability, Durability::Synced);
    let Answer::Denied { message, .. } = host.answer(&attempt) else { panic!() };
    assert!(message.contains("the hub cannot be reached"), "{message}");
    assert_eq!(host.approve(&bob(), id), Err(Refusal::NotFound(id)));
    // It comes late, or twice.
    host.tell(Event::HubUnreachable { id }).unwrap();
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.tell(Event::HubUnreachable { id }).unwrap();
    host.confirm(&attempt, id).unwrap();
}
