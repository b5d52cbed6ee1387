//! Somebody is away, and somebody else answers in his place.

use std::collections::BTreeSet;
use std::sync::Arc;

use writ_engine::effect::{Answer, Done, Refusal};
use writ_engine::event::Word;
use writ_engine::facts::Person;
use writ_engine::policy::{Approver, Ask, Away, Decision, Seats, Settings};
use writ_engine::record::What;
use writ_engine::time::WallTime;

use crate::host::*;

/// While the host lives.
const FOR_EVER: WallTime = WallTime(u64::MAX);

fn carol() -> Person {
    person("carol", 1005, Some(("carol", 1005)))
}

/// bob is away and carol, who is of no team, may take his place.
fn settings_away(until: WallTime) -> Settings {
    let mut settings = settings();
    let away = |name: &str, to: Option<&str>, teams: &[&str]| Approver {
        name: name.into(),
        unix_user: Some(name.into()),
        teams: teams.iter().map(|team| team.to_string()).collect::<BTreeSet<_>>(),
        keys: Vec::new(),
        away: to.map(|to| Away { from: None, until, to: to.into() }),
    };
    for (name, to, teams) in [
        ("bob", Some("carol"), &["oncall"][..]),
        ("carol", None, &[]),
        ("alice", None, &["oncall"]),
    ] {
        settings.approvers.insert(name.into(), away(name, to, teams));
    }
    settings
}

fn in_place_of(host: &Host) -> Vec<Option<String>> {
    let made = host.records.iter().filter_map(|record| match &record.what {
        What::DecisionMade(made) => Some(made.in_place_of.clone()),
        _ => None,
    });
    made.collect()
}

#[test]
fn a_deputy_decides_in_the_place_of_who_is_away_and_it_is_on_record() {
    let mut host = Host::with(settings_away(FOR_EVER));
    let (attempt, id) = host.opened(&alice(), restart());
    assert!(host.engine.visible_to(host.now, &carol(), id));
    assert_eq!(host.engine.must_prove(host.now, &carol(), id, ""), Err(Refusal::WrongDigest(id)));
    host.approve(&carol(), id).unwrap();
    assert_eq!(in_place_of(&host), [Some("bob".to_string())]);
    let Answer::Allowed { message, .. } = host.answer(&attempt) else { panic!() };
    assert!(message.unwrap().contains("by carol (for bob)"));
    let listed = host.engine.get(id).unwrap();
    assert_eq!(listed.answers().next().unwrap().in_place_of, Some("bob"));
    host.confirm(&attempt, id).unwrap();
    // The record alone tells it.
    host.lose_agent();
    let listed = host.engine.get(id).unwrap();
    assert_eq!(listed.answers().next().unwrap().in_place_of, Some("bob"));
}

#[test]
fn a_deputy_says_no_in_his_place_too() {
    let mut host = Host::with(settings_away(FOR_EVER));
    let (attempt, id) = host.opened(&alice(), restart());
    host.decide(&carol(), id, Word::Deny).unwrap();
    assert_eq!(in_place_of(&host), [Some("bob".to_string())]);
    let Answer::Denied { message, .. } = host.answer(&attempt) else { panic!() };
    assert!(message.contains("carol (for bob) said no"), "{message}");
    let (_, id) = host.opened(&alice(), restart());
    host.decide(&bob(), id, Word::Deny).unwrap();
    assert_eq!(in_place_of(&host).last(), Some(&None), "he may though he is away");
}

#[test]
fn when_he_is_back_his_deputy_has_no_word_any_more() {
    let mut host = Host::new();
    let back = WallTime(host.now.wall.0 + 1_000);
    host = Host::with(settings_away(back));
    let (_, id) = host.opened(&alice(), restart());
    assert_eq!(host.engine.may_decide(host.now, &carol(), id), Ok(()));
    host.now.wall = back;
    assert!(!host.engine.visible_to(host.now, &carol(), id));
    assert!(matches!(host.approve(&carol(), id), Err(Refusal::NotYours(_))));
    host.approve(&bob(), id).unwrap();
}

#[test]
fn he_and_his_deputy_fill_one_seat_together() {
    for (first, second) in [(bob(), carol()), (carol(), bob())] {
        let mut host = Host::with(settings_away(FOR_EVER));
        let (_, id) = host.opened(&alice(), act(&["/bin/shell"]));
        host.approve(&first, id).unwrap();
        let refused = host.approve(&second, id).unwrap_err();
        assert!(matches!(refused, Refusal::Refused(_)), "{refused}");
        assert!(matches!(host.approve(&dave(), id), Ok(Done::Decided { granted: true, .. })));
    }
}

#[test]
fn a_deputy_who_is_asked_himself_fills_his_own_seat_and_makes_way() {
    let mut settings = settings_away(FOR_EVER);
    settings.approvers.get_mut("carol").unwrap().teams.insert("security".into());
    let seats = |from: &str| Seats { from: vec![from.parse().unwrap()], count: 1 };
    let all_of = vec![seats("@oncall"), seats("@security")];
    let from = ["@oncall", "@security"].map(|name| name.parse().unwrap()).to_vec();
    let ask = Ask { from, count: 2, all_of, ..ask() };
    settings.roles[0].rules[1].decision = Decision::Ask(Arc::new(ask));
    let mut host = Host::with(settings);
    let (_, id) = host.opened(&alice(), restart());
    host.approve(&carol(), id).unwrap();
    assert_eq!(in_place_of(&host), [None], "for herself, where that counts");
    // One person fills one seat, whosever place he might take.
    let again = host.approve(&carol(), id).unwrap_err();
    assert!(again.to_string().contains("has answered"), "{again}");
    assert!(matches!(host.approve(&bob(), id), Ok(Done::Decided { granted: true, .. })));
}

#[test]
fn nobody_decides_on_his_request_in_his_place_and_he_in_nobodys() {
    // bob asks; carol is asked only as his deputy.
    let mut settings = settings_away(FOR_EVER);
    settings.roles[0].members.push("bob".parse().unwrap());
    settings.roles[0].members.push("carol".parse().unwrap());
    let mut host = Host::with(settings.clone());
    let (_, id) = host.opened(&bob(), restart());
    assert!(matches!(host.approve(&carol(), id), Err(Refusal::NotYours(_))));
    assert!(!host.engine.visible_to(host.now, &carol(), id));
    host.approve(&dave(), id).unwrap();
    // From another account of his.
    let web = person("carol", 1005, Some(("bob", 1001)));
    let (_, id) = host.opened(&web, restart());
    assert!(matches!(host.approve(&carol(), id), Err(Refusal::NotYours(_))));
    assert!(matches!(host.approve(&bob(), id), Err(Refusal::NotYours(_))));
    // carol asks; she is bob's deputy.
    let (_, id) = host.opened(&carol(), act(&["/bin/restart", "db"]));
    assert!(matches!(host.approve(&carol(), id), Err(Refusal::NotYours(_))));
    // Where one may approve one's own, it is in one's own place.
    let own = Ask { self_approval: true, ..ask() };
    settings.roles[0].rules[1].decision = Decision::Ask(Arc::new(own));
    let mut host = Host::with(settings);
    let (_, id) = host.opened(&carol(), restart());
    assert!(matches!(host.approve(&carol(), id), Err(Refusal::NotYours(_))));
    let (_, id) = host.opened(&bob(), restart());
    host.approve(&bob(), id).unwrap();
    assert_eq!(in_place_of(&host), [None]);
}

#[test]
fn a_window_that_a_deputy_allowed_covers_what_he_could_have_allowed_then() {
    let host = Host::new();
    let back = WallTime(host.now.wall.0 + 1_000);
    let mut host = Host::with(settings_away(back));
    let (_, id) = host.opened(&alice(), window("operator"));
    host.approve(&carol(), id).unwrap();
    host.now.wall = back;
    let (_, answer) = host.ask(&alice(), restart());
    assert!(matches!(answer, Answer::Allowed { .. }), "{answer:?}");
    let (_, answer) = host.ask(&alice(), act(&["/bin/shell"]));
    assert!(matches!(answer, Answer::Waiting { .. }), "two are wanted for that: {answer:?}");
}

#[test]
fn a_deputy_reviews_no_emergency_of_who_sent_him() {
    use writ_engine::event::Event;
    let mut settings = settings_away(FOR_EVER);
    settings.break_glass.push("bob".parse().unwrap());
    let mut host = Host::with(settings);
    for (who, may) in [(bob(), false), (alice(), true)] {
        let attempt = host.new_attempt();
        let (act, reason) = (restart(), "disk full".to_string());
        host.tell(Event::GlassBroken { attempt, person: who, act, reason }).unwrap();
        let id = *host.engine.open_reviews().last().unwrap();
        let review = Event::GlassReviewed { person: carol(), id, comment: None };
        assert_eq!(host.tell(review).is_ok(), may);
        if !may {
            host.tell(Event::GlassReviewed { person: dave(), id, comment: None }).unwrap();
        }
    }
}
