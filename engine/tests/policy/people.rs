//! Who may be asked.

use std::collections::BTreeSet;

use writ_engine::facts::{Person, Uid};
use writ_engine::policy::{
    Approver, Away, NAME_BYTES_MAX, Occasion, OnCall, Policy, Seats, Selector, SelectorError,
};
use writ_engine::seating::Place;
use writ_engine::time::WallTime;

use crate::commands::{person, settings};

fn policy() -> Policy {
    let mut settings = settings(vec![]);
    let approvers = [
        ("bob", Some("robert"), "oncall"),
        ("dave", None, "oncall"),
        ("erin", Some("erin"), "managers"),
    ];
    for (name, user, team) in approvers {
        let approver = Approver {
            name: name.into(),
            unix_user: user.map(Into::into),
            teams: BTreeSet::from([team.to_string()]),
            away: None,
            keys: Vec::new(),
        };
        settings.approvers.insert(name.into(), approver);
    }
    Policy::compile(settings)
}

fn may(user: &str, groups: &[&str], from: &str) -> bool {
    let from: Vec<Selector> = from.split(' ').map(|name| name.parse().unwrap()).collect();
    policy().may_be_asked(&person(user, groups), &from, Occasion::at(WallTime(0)))
}

#[test]
fn a_name_is_an_approver_by_his_account_and_a_user_only_where_there_is_none() {
    assert!(may("robert", &[], "bob"));
    assert!(!may("bob", &[], "bob"), "the account bob is not the approver bob's");
    assert!(!may("dave", &[], "dave"), "dave has no account on this host");
    assert!(may("carol", &[], "carol"));
}

#[test]
fn a_team_is_its_approvers_and_a_group_is_of_the_host() {
    assert!(may("robert", &[], "@oncall"));
    assert!(!may("erin", &[], "@oncall"));
    assert!(!may("carol", &["oncall"], "@oncall"));
    assert!(may("carol", &["wheel"], "%wheel"));
    assert!(!may("wheel", &[], "%wheel"));
    assert!(may("erin", &[], "@oncall @managers"));
}

#[test]
fn a_team_that_is_not_there_is_nobody() {
    assert!(!may("robert", &["nobody"], "@nobody"));
}

#[test]
fn a_name_is_as_long_as_it_may_be_and_begins_with_no_sign_of_another_kind() {
    let longest = "a".repeat(NAME_BYTES_MAX);
    for text in [longest.clone(), format!("%{longest}"), format!("@{longest}")] {
        assert_eq!(text.parse::<Selector>().unwrap().to_string(), text);
    }
    let longer = format!("{longest}a");
    assert_eq!(longer.parse::<Selector>(), Err(SelectorError::TooLong(NAME_BYTES_MAX + 1)));
    for text in ["%@team", "@@team"] {
        let refused = text.parse::<Selector>();
        assert_eq!(refused, Err(SelectorError::Character(text.to_owned())));
    }
    assert_eq!("bob@example".parse(), Ok(Selector::Person("bob@example".into())));
}

/// bob, carol, dave and erin are of @oncall; each is away as it says: from, until, to.
fn with_away(away: &[(&str, u64, u64, &str)]) -> Policy {
    let mut settings = settings(vec![]);
    for name in ["bob", "carol", "dave", "erin"] {
        let said = away.iter().find(|(of, ..)| *of == name);
        let away = said.map(|(_, from, until, to)| Away {
            from: Some(WallTime(*from)),
            until: WallTime(*until),
            to: to.to_string(),
        });
        let teams = BTreeSet::from(["oncall".to_string()]);
        let approver = Approver {
            name: name.into(),
            unix_user: Some(name.into()),
            teams,
            keys: Vec::new(),
            away,
        };
        settings.approvers.insert(name.into(), approver);
    }
    Policy::compile(settings)
}

/// Somebody with a number of his own.
fn somebody(name: &str) -> Person {
    let uid = name.bytes().map(u32::from).sum();
    let mut person = person(name, &[]);
    person.account.uid = Uid(uid);
    Person { login: None, session_owner: None, ..person }
}

/// The places of somebody in a question that only bob is asked: `bob`, or `for bob`.
fn places_for_bob(policy: &Policy, name: &str, on: Occasion<'_>) -> Vec<String> {
    let seats = Seats { from: vec!["bob".parse().unwrap()], count: 1 };
    let told = |place: Place| if place.deputy { format!("for {}", place.of) } else { place.of };
    policy.places(&somebody(name), &[seats], on).into_iter().map(told).collect()
}

#[test]
fn a_deputy_has_the_place_of_who_is_away_for_as_long_as_he_is() {
    let policy = with_away(&[("bob", 100, 200, "carol")]);
    for (now, carol) in
        [(99, vec![]), (100, vec!["for bob"]), (199, vec!["for bob"]), (200, vec![])]
    {
        let on = Occasion::at(WallTime(now));
        assert_eq!(places_for_bob(&policy, "carol", on), carol, "at {now}");
        assert_eq!(places_for_bob(&policy, "bob", on), ["bob"], "he may answer from afar");
        assert_eq!(places_for_bob(&policy, "dave", on), Vec::<String>::new());
    }
    // He is away when it is answered, whenever it was asked.
    let later = Occasion { asked: WallTime(50), ..Occasion::at(WallTime(150)) };
    assert_eq!(places_for_bob(&policy, "carol", later), ["for bob"]);
}

#[test]
fn a_deputy_who_is_away_himself_sends_his_own() {
    let policy = with_away(&[("bob", 0, 200, "carol"), ("carol", 100, 300, "dave")]);
    let at = |now| Occasion::at(WallTime(now));
    assert_eq!(places_for_bob(&policy, "dave", at(99)), Vec::<String>::new());
    assert_eq!(places_for_bob(&policy, "dave", at(100)), ["for bob"]);
    assert_eq!(places_for_bob(&policy, "carol", at(100)), ["for bob"], "though she is away");
    assert_eq!(places_for_bob(&policy, "dave", at(200)), Vec::<String>::new());
}

#[test]
fn a_circle_ends_where_it_began() {
    let circle = [("bob", 0, 9, "carol"), ("carol", 0, 9, "dave"), ("dave", 0, 9, "bob")];
    let policy = with_away(&circle);
    let at = Occasion::at(WallTime(1));
    assert_eq!(places_for_bob(&policy, "bob", at), ["bob"]);
    assert_eq!(places_for_bob(&policy, "dave", at), ["for bob"]);
    // One that does not come back to where it began.
    let policy =
        with_away(&[("bob", 0, 9, "carol"), ("carol", 0, 9, "dave"), ("dave", 0, 9, "carol")]);
    assert_eq!(places_for_bob(&policy, "carol", at), ["for bob"]);
    assert_eq!(places_for_bob(&policy, "erin", at), Vec::<String>::new());
}

#[test]
fn nobody_takes_the_place_of_who_asks_or_is_sent_by_him() {
    let policy = with_away(&[("bob", 0, 9, "carol"), ("carol", 0, 9, "dave")]);
    let (bob, carol) = (somebody("bob"), somebody("carol"));
    let at = Occasion::at(WallTime(1));
    assert_eq!(places_for_bob(&policy, "carol", at.of(&bob)), Vec::<String>::new());
    assert_eq!(places_for_bob(&policy, "dave", at.of(&bob)), Vec::<String>::new());
    assert_eq!(places_for_bob(&policy, "dave", at.of(&carol)), Vec::<String>::new());
    assert_eq!(places_for_bob(&policy, "carol", at.of(&somebody("erin"))), ["for bob"]);
    // Who came to another account from his own is he.
    let mut web = somebody("www");
    web.login = Some(bob.account.clone());
    assert_eq!(places_for_bob(&policy, "carol", at.of(&web)), Vec::<String>::new());
    // The owner of the session has no name here, and may be bob.
    let mut web = somebody("www");
    web.session_owner = Some(Uid(4_000));
    assert_eq!(places_for_bob(&policy, "carol", at.of(&web)), Vec::<String>::new());
    web.session_owner = Some(web.account.uid);
    assert_eq!(places_for_bob(&policy, "carol", at.of(&web)), ["for bob"]);
}

#[test]
fn a_team_is_who_was_on_call_when_it_was_asked_and_all_of_it_where_nobody_was() {
    let mut settings = with_away(&[("dave", 0, 500, "erin")]).settings().clone();
    let on_call = OnCall::new("shifts", |wall| {
        let name = match wall.0 {
            0..=99 => return BTreeSet::new(),
            100..=199 => "bob",
            _ => "dave",
        };
        BTreeSet::from([name.to_string()])
    });
    settings.on_call.insert("oncall".into(), on_call);
    let policy = Policy::compile(settings);
    let asked = |name: &str, from: &str, asked, now| {
        let on = Occasion { requester: None, asked: WallTime(asked), now: WallTime(now) };
        policy.may_be_asked(&person(name, &[]), &[from.parse().unwrap()], on)
    };
    let team = |at, now| {
        let all = ["bob", "carol", "dave", "erin"];
        all.into_iter().filter(|name| asked(name, "@oncall", at, now)).collect::<Vec<_>>()
    };
    assert_eq!(team(99, 99), ["bob", "carol", "dave", "erin"]);
    assert_eq!(team(100, 100), ["bob"]);
    assert_eq!(team(199, 200), ["bob"], "a shift takes its questions with it");
    assert_eq!(team(200, 200), ["dave", "erin"], "erin in the place of dave, who is away");
    assert_eq!(team(200, 500), ["dave"]);
    assert!(asked("carol", "carol", 100, 100), "who is named is asked, on call or not");
}
