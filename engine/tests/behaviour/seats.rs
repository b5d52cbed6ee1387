//! Several kinds of seats, each to be filled by another person.

use std::collections::BTreeSet;
use std::sync::Arc;

use writ_engine::effect::{Answer, Done, Refusal};
use writ_engine::event::{Event, Proof, Word};
use writ_engine::facts::Person;
use writ_engine::policy::{Approver, Ask, Decision, Seats, Settings};
use writ_engine::question::Question;
use writ_engine::record::What;

use crate::host::*;

fn seats(from: &[&str], count: u32) -> Seats {
    Seats { from: from.iter().map(|name| name.parse().unwrap()).collect(), count }
}

fn asking(all_of: Vec<Seats>) -> Decision {
    let mut from: Vec<_> = all_of.iter().flat_map(|seats| seats.from.clone()).collect();
    from.dedup();
    let count = all_of.iter().map(|seats| seats.count).sum();
    Decision::Ask(Arc::new(Ask { from, count, all_of, ..ask() }))
}

fn approver(name: &str, teams: &[&str]) -> (String, Approver) {
    let teams: BTreeSet<String> = teams.iter().map(|team| team.to_string()).collect();
    (
        name.into(),
        Approver {
            name: name.into(),
            unix_user: Some(name.into()),
            teams,
            keys: Vec::new(),
            away: None,
        },
    )
}

/// `restart` wants one of @oncall and one of @security; bob is of both.
fn both() -> Settings {
    let mut settings = settings();
    settings.roles[0].rules[1].decision =
        asking(vec![seats(&["@oncall"], 1), seats(&["@security"], 1)]);
    settings.approvers = [
        approver("bob", &["oncall", "security"]),
        approver("dave", &["oncall"]),
        approver("alice", &["oncall", "security"]),
        approver("erin", &["security"]),
    ]
    .into();
    settings
}

fn erin() -> Person {
    person("erin", 1004, Some(("erin", 1004)))
}

fn refused(told: Result<Done, Refusal>) -> String {
    told.unwrap_err().to_string()
}

#[test]
fn every_seat_must_be_filled_whoever_comes_first() {
    for (first, second) in [(bob(), dave()), (dave(), bob()), (erin(), bob()), (bob(), erin())] {
        let mut host = Host::with(both());
        let (attempt, id) = host.opened(&alice(), restart());
        let one = host.approve(&first, id).unwrap();
        assert_eq!(one, Done::Decided { granted: false, approvals: 1, needed: 2 });
        let two = host.approve(&second, id).unwrap();
        assert_eq!(two, Done::Decided { granted: true, approvals: 2, needed: 2 });
        host.confirm(&attempt, id).unwrap();
    }
}

#[test]
fn whose_seat_is_filled_is_told_who_is_still_wanted() {
    let mut settings = both();
    settings.approvers.insert("frank".into(), approver("frank", &["oncall"]).1);
    let mut host = Host::with(settings);
    let (attempt, id) = host.opened(&alice(), restart());
    host.approve(&dave(), id).unwrap();
    let Answer::Waiting { still_asked, .. } = host.answer(&attempt) else { panic!() };
    assert_eq!(still_asked, ["@security"]);
    let frank = person("frank", 1005, None);
    let records = host.records.len();
    assert!(refused(host.approve(&frank, id)).contains("it still needs one of @security"));
    assert_eq!(host.records.len(), records, "what does not count is not on record");
    host.decide(&frank, id, Word::Deny).unwrap();
    assert!(matches!(host.answer(&attempt), Answer::Denied { .. }), "a no counts all the same");
}

#[test]
fn one_human_through_two_accounts_fills_one_seat() {
    let mut host = Host::with(both());
    let (_, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    for again in [person("erin", 1004, Some(("bob", 1001))), bob()] {
        assert!(refused(host.approve(&again, id)).contains("has answered"));
    }
    let as_alice = person("erin", 1004, Some(("alice", 1000)));
    assert!(refused(host.approve(&as_alice, id)).contains("nobody decides on his own"));
    assert!(matches!(host.approve(&dave(), id), Ok(Done::Decided { granted: true, .. })));
}

#[test]
fn the_question_has_the_seats_and_its_digest_binds_them() {
    let mut host = Host::with(both());
    let (_, id) = host.opened(&alice(), restart());
    let (text, digest) = host.engine.question(id).unwrap();
    let question = Question::parse(text).unwrap();
    assert_eq!(question.all_of, [seats(&["@oncall"], 1), seats(&["@security"], 1)]);
    assert_eq!((question.needed, question.asked), (2, vec!["@oncall".into(), "@security".into()]));
    assert_eq!(digest, writ_engine::question::digest(text));
}

#[test]
fn who_is_seated_outlives_the_agent() {
    let mut host = Host::with(both());
    let (_, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    host.lose_agent();
    host.start("boot-1", both()).unwrap();
    let told = host.approve(&dave(), id).unwrap();
    assert_eq!(told, Done::Decided { granted: true, approvals: 2, needed: 2 });
    let seated: Vec<_> = host
        .records
        .iter()
        .filter_map(|record| match &record.what {
            What::DecisionMade(made) => Some(
                made.places
                    .iter()
                    .map(|place| (place.of.as_str(), place.seats.clone()))
                    .collect::<Vec<_>>(),
            ),
            _ => None,
        })
        .collect();
    assert_eq!(seated, [vec![("bob", vec![0, 1])], vec![("dave", vec![0])]]);
}

/// A window that bob and dave opened by a plain `count = 2`.
fn window_of_two(settings: Settings) -> (Host, writ_engine::id::RequestId) {
    let mut settings = settings;
    settings.roles[0].window = Some(terms(Decision::Ask(Arc::new(Ask { count: 2, ..ask() }))));
    let mut host = Host::with(settings);
    let (_, id) = host.opened(&alice(), window("operator"));
    host.approve(&bob(), id).unwrap();
    host.approve(&dave(), id).unwrap();
    (host, id)
}

#[test]
fn a_window_covers_what_its_approvers_could_fill_every_seat_of() {
    let (mut host, id) = window_of_two(both());
    let (_, answer) = host.ask(&alice(), restart());
    assert!(matches!(answer, Answer::Allowed { id: covered, .. } if covered == id), "{answer:?}");
    let mut two_of_security = both();
    two_of_security.roles[0].rules[1].decision =
        asking(vec![seats(&["@security"], 1), seats(&["bob"], 1)]);
    let (mut host, _) = window_of_two(two_of_security);
    let (_, answer) = host.ask(&alice(), restart());
    assert!(matches!(answer, Answer::Waiting { .. }), "{answer:?}");
}

#[test]
fn nobody_proves_who_he_is_for_a_seat_that_is_filled() {
    let mut settings = both();
    if let Decision::Ask(ask) = &settings.roles[0].rules[1].decision {
        let ask = Ask { reauth: true, ..(**ask).clone() };
        settings.roles[0].rules[1].decision = Decision::Ask(Arc::new(ask));
    }
    settings.approvers.insert("frank".into(), approver("frank", &["oncall"]).1);
    let mut host = Host::with(settings);
    let (_, id) = host.opened(&alice(), restart());
    let digest = host.engine.question(id).unwrap().1.to_owned();
    host.decide_as(&dave(), id, Word::Approve, Proof::Given).unwrap();
    let frank = person("frank", 1005, None);
    assert!(host.engine.must_prove(host.now, &frank, id, &digest).is_err());
    assert_eq!(host.engine.must_prove(host.now, &erin(), id, &digest), Ok(true));
    let unproved = Event::Decided {
        person: erin(),
        id,
        digest,
        word: Word::Approve,
        comment: None,
        lasts: None,
        uses: None,
        proof: Proof::None,
    };
    assert_eq!(host.tell(unproved), Err(Refusal::ProofNeeded(id)));
}
