//! People decide.

use writ_engine::effect::{Answer, Done, Durability, Refusal};
use writ_engine::event::{Event, Proof, Word};
use writ_engine::facts::{Person, Uid};
use writ_engine::policy::Decision;
use writ_engine::record::What;
use writ_engine::time::Span;

use crate::host::*;

#[test]
fn an_approval_is_on_the_disk_before_the_door_hears_of_it() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    let done = host.approve(&bob(), id).unwrap();
    assert_eq!(done, Done::Decided { granted: true, approvals: 1, needed: 1 });
    assert_eq!(host.durability, Durability::Synced);
    assert_eq!(host.story(), ["request.opened", "decision.made", "grant.started"]);
    assert!(matches!(host.answer(&attempt), Answer::Allowed { .. }));
}

#[test]
fn a_requester_cannot_approve_even_as_another_user() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    let by_login = person("bob", 1001, Some(("alice", 1000)));
    let by_session = Person { session_owner: Some(Uid(1000)), ..person("bob", 1001, None) };
    for disguise in [alice(), by_login, by_session] {
        assert!(matches!(host.approve(&disguise, id), Err(Refusal::NotYours(_))), "{disguise:?}");
    }
    assert_eq!(host.story(), ["request.opened"]);
}

#[test]
fn who_must_prove_who_he_is_is_heard_only_then_and_a_no_needs_no_proof() {
    let mut settings = settings();
    for rule in &mut settings.roles[0].rules {
        if let Decision::Ask(ask) = &mut rule.decision {
            std::sync::Arc::make_mut(ask).reauth = true;
        }
    }
    let mut host = Host::with(settings);
    let (_, id) = host.opened(&alice(), restart());
    let digest = host.engine.question(id).map(|(_, digest)| digest.to_owned()).unwrap();
    assert_eq!(host.engine.must_prove(host.now, &bob(), id, &digest), Ok(true));
    assert!(host.engine.must_prove(host.now, &alice(), id, &digest).is_err());
    assert_eq!(host.engine.must_prove(host.now, &bob(), id, ""), Err(Refusal::WrongDigest(id)));
    assert_eq!(host.approve(&bob(), id), Err(Refusal::ProofNeeded(id)));
    assert_eq!(host.story(), ["request.opened"]);
    let (text, _) = host.engine.question(id).unwrap();
    assert!(text.contains("\"reauth\":true"), "it is part of what is decided on: {text}");
    host.decide_as(&bob(), id, Word::Approve, Proof::Given).unwrap();
    let (_, other) = host.opened(&alice(), restart());
    host.decide(&bob(), other, Word::Deny).unwrap();
    let proved = host.records.iter().filter_map(|record| match &record.what {
        What::DecisionMade(made) => Some(made.proved),
        _ => None,
    });
    assert_eq!(proved.collect::<Vec<_>>(), [true, false], "the record says who has proved it");
}

#[test]
fn who_came_in_as_another_cannot_be_approved_by_that_other() {
    let mut host = Host::new();
    let alice_by_bob = person("alice", 1000, Some(("bob", 1001)));
    let (_, id) = host.opened(&alice_by_bob, restart());
    assert!(matches!(host.approve(&bob(), id), Err(Refusal::NotYours(_))));
    host.approve(&dave(), id).unwrap();
}

#[test]
fn who_is_not_asked_cannot_decide() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    let erin = person("erin", 1004, Some(("erin", 1004)));
    assert!(matches!(host.approve(&erin, id), Err(Refusal::NotYours(_))));
    assert!(!host.engine.visible_to(host.now, &erin, id));
    assert!(
        host.engine.visible_to(host.now, &bob(), id)
            && host.engine.visible_to(host.now, &root(), id)
    );
}

#[test]
fn a_quorum_is_of_different_people() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), act(&["/bin/shell"]));
    let done = host.approve(&bob(), id).unwrap();
    assert_eq!(done, Done::Decided { granted: false, approvals: 1, needed: 2 });
    assert!(matches!(host.answer(&attempt), Answer::Waiting { approvals: 1, needed: 2, .. }));
    let dave_by_bob = person("dave", 1003, Some(("bob", 1001)));
    assert!(matches!(host.approve(&bob(), id), Err(Refusal::Refused(_))));
    assert!(matches!(host.approve(&dave_by_bob, id), Err(Refusal::Refused(_))));
    host.approve(&dave(), id).unwrap();
    assert!(matches!(host.answer(&attempt), Answer::Allowed { .. }));
}

#[test]
fn one_no_is_enough() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), act(&["/bin/shell"]));
    host.approve(&bob(), id).unwrap();
    host.decide(&dave(), id, Word::Deny).unwrap();
    let Answer::Denied { message, .. } = host.answer(&attempt) else { panic!() };
    assert!(message.contains("dave said no"));
    assert!(host.engine.get(id).is_none());
    assert_eq!(host.story().last(), Some(&"request.denied"));
}

#[test]
fn a_decision_on_another_question_does_not_count() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    let event = Event::Decided {
        person: bob(),
        id,
        digest: "0".repeat(64),
        word: Word::Approve,
        comment: None,
        lasts: None,
        uses: None,
        proof: Proof::None,
    };
    assert_eq!(host.tell(event), Err(Refusal::WrongDigest(id)));
}

#[test]
fn an_answer_after_the_deadline_does_not_count_even_before_the_tick() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    host.now.boot = host.now.boot.after(Span::from_secs(300));
    assert!(matches!(host.approve(&bob(), id), Err(Refusal::Refused(_))));
}

#[test]
fn every_approver_may_narrow_and_none_may_widen() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), act(&["/bin/shell"]));
    let digest = host.engine.question(id).unwrap().1.to_owned();
    for (person, lasts) in [(bob(), 600), (dave(), 90_000)] {
        let (lasts, digest) = (Some(Span::from_secs(lasts)), digest.clone());
        let (word, comment, uses) = (Word::Approve, None, Some(5));
        host.tell(Event::Decided {
            person,
            id,
            digest,
            word,
            comment,
            lasts,
            uses,
            proof: Proof::None,
        })
        .unwrap();
    }
    let granted = host.engine.get(id).unwrap();
    assert_eq!(granted.deadline, Some(host.now.boot.after(Span::from_secs(600))));
    assert_eq!(granted.uses_left, 1);
}

#[test]
fn those_who_wait_longest_have_the_uses_and_the_others_are_told_why_not() {
    let mut host = Host::new();
    let (first, id) = host.opened(&alice(), restart());
    let (second, _) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    assert!(matches!(host.answer(&first), Answer::Allowed { .. }));
    let Answer::Denied { message, .. } = host.answer(&second) else { panic!() };
    assert!(message.contains("approved for one run"), "{message}");
}

#[test]
fn what_cannot_be_seen_cannot_be_told_from_what_is_not_there() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    let erin = person("erin", 1004, None);
    assert_eq!(host.approve(&erin, id), Err(Refusal::NotFound(id)));
    assert_eq!(host.tell(Event::GivenBack { person: erin, id }), Err(Refusal::NotFound(id)));
}

#[test]
fn who_may_decide_is_told_as_it_will_be_held() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), act(&["/bin/shell"]));
    assert_eq!(host.engine.may_decide(host.now, &bob(), id), Ok(()));
    let stranger = person("mallory", 1009, None);
    for other in [alice(), stranger] {
        assert!(matches!(host.engine.may_decide(host.now, &other, id), Err(Refusal::NotYours(_))));
    }
    host.approve(&bob(), id).unwrap();
    assert!(matches!(host.engine.may_decide(host.now, &bob(), id), Err(Refusal::Refused(_))));
}

#[test]
fn what_is_granted_already_is_so_to_those_who_see_it_and_nothing_to_others() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    host.approve(&bob(), id).unwrap();
    let Err(Refusal::Refused(why)) = host.approve(&dave(), id) else { panic!("decided twice") };
    assert!(why.contains("granted already"), "{why}");
    let stranger = person("mallory", 1009, None);
    assert_eq!(host.approve(&stranger, id), Err(Refusal::NotFound(id)));
}

#[test]
fn a_no_is_told_with_what_was_approved_until_then() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), act(&["/bin/shell"]));
    host.approve(&bob(), id).unwrap();
    let done = host.decide(&dave(), id, Word::Deny);
    assert_eq!(done, Ok(Done::Decided { granted: false, approvals: 1, needed: 2 }));
}
