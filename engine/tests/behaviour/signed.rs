//! Approvers decide from afar, by signatures.

use writ_engine::effect::{Answer, Done, Refusal};
use writ_engine::event::{Event, Word};
use writ_engine::facts::{NO_ACCOUNT, Person};
use writ_engine::id::RequestId;
use writ_engine::policy::{Approver, Decision as Says, Settings};
use writ_engine::record::{AnswerRefused, By, What};
use writ_engine::time::Span;
use writ_signed::{
    Answer as Signed, ApproverKey, Decision, HostKey, Namespace, Signature, Verdict, digest,
};

use crate::host::*;

const MINUTE: u64 = 60_000;

/// The key of this host.
fn here() -> HostKey {
    HostKey::from_seed(&[1; 32])
}

fn key_of(name: &str) -> HostKey {
    HostKey::from_seed(&[name.as_bytes()[0]; 32])
}

/// The usual approvers with a key each, and carol, who has no account on this host.
fn keyed() -> Settings {
    let mut settings = settings();
    let teams = settings.approvers["bob"].teams.clone();
    let carol = Approver { name: "carol".into(), unix_user: None, teams, keys: vec![], away: None };
    settings.approvers.insert("carol".into(), carol);
    for (name, approver) in &mut settings.approvers {
        let key = key_of(name).public().clone();
        approver.keys = vec![ApproverKey::Ssh { key, verify_required: false }];
    }
    settings
}

/// The same, where nothing but signed answers approves.
fn signed_only() -> Settings {
    let mut settings = keyed();
    for rule in &mut settings.roles[0].rules {
        if let Says::Ask(ask) = &mut rule.decision {
            std::sync::Arc::make_mut(ask).signed = true;
        }
    }
    settings
}

fn decision(host: &Host, id: RequestId, approver: &str) -> Decision {
    Decision {
        version: 1,
        host: "web-1".into(),
        host_key: here().fingerprint(),
        id: id.to_string(),
        question: host.engine.question(id).map(|(_, digest)| digest.to_owned()).unwrap_or_default(),
        verdict: Verdict::Approve,
        comment: None,
        lasts_ms: None,
        uses: None,
        approver: approver.into(),
        made_wall_ms: host.now.wall.0,
        expires_wall_ms: host.now.wall.0 + 10 * MINUTE,
    }
}

fn signed_by(key: &HostKey, decision: &Decision) -> Signed {
    let decision = decision.text().unwrap();
    let signature = Signature::Ssh(key.sign(Namespace::Decision, decision.as_bytes()));
    Signed { decision, signature }
}

/// Hands an answer in, as the agent does: with the account of whoever it names.
fn hand_in(host: &mut Host, answer: &Signed) -> Result<Done, Refusal> {
    let account = match answer.claimed().map(|decision| decision.approver) {
        Ok(name) => [alice(), bob(), dave()].into_iter().find(|who| who.account.name == name),
        Err(_) => None,
    };
    let (answer, host_key) = (answer.clone(), here().fingerprint());
    host.tell(Event::Signed { answer, host_key, account })
}

fn says(host: &mut Host, name: &str, id: RequestId) -> Result<Done, Refusal> {
    let answer = signed_by(&key_of(name), &decision(host, id, name));
    hand_in(host, &answer)
}

const GRANTED: Done = Done::Decided { granted: true, approvals: 1, needed: 1 };

#[test]
fn a_signed_answer_counts_and_is_on_record_whole() {
    let mut host = Host::with(keyed());
    let (attempt, id) = host.opened(&alice(), restart());
    let made = Decision {
        comment: Some("go on".into()),
        lasts_ms: Some(MINUTE),
        ..decision(&host, id, "bob")
    };
    let answer = signed_by(&key_of("bob"), &made);
    assert_eq!(hand_in(&mut host, &answer), Ok(GRANTED));
    assert!(matches!(host.answer(&attempt), Answer::Allowed { .. }));
    assert_eq!(host.story(), ["request.opened", "decision.made", "grant.started"]);
    let What::DecisionMade(made) = &host.records[3].what else { panic!() };
    let signed = made.signed.as_ref().unwrap();
    assert_eq!(signed.answer, answer);
    assert_eq!(signed.fingerprint, key_of("bob").fingerprint());
    let key: ApproverKey = signed.key.parse().unwrap();
    assert!(signed.answer.verify([&key]).is_ok(), "an auditor can verify it again");
    let By::Person(by) = &made.by else { panic!() };
    assert_eq!((by.approver.as_deref(), by.account.uid.0), (Some("bob"), 1001));
    assert_eq!((made.comment.as_deref(), made.lasts), (Some("go on"), Some(Span(MINUTE))));
    let What::GrantStarted { lasts, .. } = host.records[4].what else { panic!() };
    assert_eq!(lasts, Span(MINUTE));
}

#[test]
fn an_approver_needs_no_account_on_the_host() {
    let mut host = Host::with(keyed());
    let (_, id) = host.opened(&alice(), restart());
    assert_eq!(says(&mut host, "carol", id), Ok(GRANTED));
    let What::DecisionMade(made) = &host.records[3].what else { panic!() };
    let By::Person(by) = &made.by else { panic!() };
    assert_eq!((by.account.uid, by.account.name.as_str()), (NO_ACCOUNT, "carol"));
    host.lose_agent();
    host.start("boot-1", keyed()).unwrap();
}

#[test]
fn a_signed_no_is_a_no() {
    let mut host = Host::with(keyed());
    let (_, id) = host.opened(&alice(), restart());
    let no = Decision { verdict: Verdict::Deny, ..decision(&host, id, "bob") };
    hand_in(&mut host, &signed_by(&key_of("bob"), &no)).unwrap();
    assert_eq!(host.story(), ["request.opened", "decision.made", "request.denied"]);
}

#[test]
fn an_answer_counts_once() {
    let mut host = Host::with(keyed());
    let (_, id) = host.opened(&alice(), act(&["/bin/shell", "x"]));
    let answer = signed_by(&key_of("bob"), &decision(&host, id, "bob"));
    let done = Done::Decided { granted: false, approvals: 1, needed: 2 };
    assert_eq!(hand_in(&mut host, &answer), Ok(done));
    let again = hand_in(&mut host, &answer);
    assert!(matches!(again, Err(Refusal::Refused(why)) if why.contains("answered")));
    // Nor with another signature, nor by hand, nor after a restart.
    let later = Decision { comment: Some("again".into()), ..decision(&host, id, "bob") };
    assert!(hand_in(&mut host, &signed_by(&key_of("bob"), &later)).is_err());
    assert!(host.approve(&bob(), id).is_err());
    host.lose_agent();
    host.start("boot-1", keyed()).unwrap();
    assert!(hand_in(&mut host, &answer).is_err());
    says(&mut host, "carol", id).unwrap();
    assert!(hand_in(&mut host, &answer).is_err(), "it is granted and not asked about any more");
    // The same command is asked about anew: it is another request.
    host.tell(Event::GivenBack { person: alice(), id }).unwrap();
    let before = host.records.len();
    let (_, other) = host.opened(&alice(), act(&["/bin/shell", "x"]));
    assert_ne!(other, id);
    assert!(hand_in(&mut host, &answer).is_err());
    assert_eq!(host.records.len(), before + 1, "it is asked about and not decided");
}

#[test]
fn who_answered_by_hand_does_not_answer_by_key_too() {
    let mut host = Host::with(keyed());
    let (_, id) = host.opened(&alice(), act(&["/bin/shell", "x"]));
    host.approve(&bob(), id).unwrap();
    assert!(says(&mut host, "bob", id).is_err());
    assert_eq!(
        says(&mut host, "dave", id),
        Ok(Done::Decided { granted: true, approvals: 2, needed: 2 })
    );
}

#[test]
fn an_answer_for_another_host_question_or_time_does_not_count() {
    let mut host = Host::with(keyed());
    let (_, id) = host.opened(&alice(), restart());
    let (_, other) = host.opened(&alice(), act(&["/bin/restart", "db"]));
    let made = decision(&host, id, "bob");
    let edited = host.engine.question(id).unwrap().0.replace("web", "all");
    let twin = HostKey::from_seed(&[9; 32]).fingerprint();
    let wrong = [
        Decision { host_key: twin, ..made.clone() },
        Decision { id: other.to_string(), ..made.clone() },
        Decision { id: "0000-00".into(), ..made.clone() },
        Decision { id: "nonsense".into(), ..made.clone() },
        Decision { question: digest(&edited), ..made.clone() },
        Decision { question: decision(&host, other, "bob").question, ..made.clone() },
        Decision { question: String::new(), ..made.clone() },
        Decision {
            made_wall_ms: made.made_wall_ms - 20 * MINUTE,
            expires_wall_ms: made.made_wall_ms,
            ..made.clone()
        },
        Decision {
            made_wall_ms: made.made_wall_ms + 11 * MINUTE,
            expires_wall_ms: made.made_wall_ms + 20 * MINUTE,
            ..made.clone()
        },
        Decision { expires_wall_ms: made.made_wall_ms + 25 * 60 * MINUTE, ..made.clone() },
        Decision { lasts_ms: Some(0), ..made.clone() },
        Decision { uses: Some(0), ..made.clone() },
        Decision { version: 2, ..made.clone() },
    ];
    for decision in wrong {
        let refused = hand_in(&mut host, &signed_by(&key_of("bob"), &decision));
        assert!(refused.is_err(), "{decision:?}");
    }
    assert_eq!(host.story(), ["request.opened", "request.opened"]);
    assert_eq!(hand_in(&mut host, &signed_by(&key_of("bob"), &made)), Ok(GRANTED));
}

#[test]
fn an_answer_wider_than_the_question_widens_nothing() {
    let mut host = Host::with(keyed());
    let (_, id) = host.opened(&alice(), restart());
    let wide =
        Decision { lasts_ms: Some(86_400_000), uses: Some(500), ..decision(&host, id, "bob") };
    hand_in(&mut host, &signed_by(&key_of("bob"), &wide)).unwrap();
    let What::GrantStarted { lasts, uses } = host.records[4].what else { panic!() };
    assert_eq!((lasts, uses), (Span::from_secs(3600), 1));
}

#[test]
fn nobody_answers_with_anothers_name_or_key() {
    let mut host = Host::with(keyed());
    let (_, id) = host.opened(&alice(), restart());
    let made = |name| decision(&host, id, name);
    let forged = [
        signed_by(&key_of("dave"), &made("bob")),
        signed_by(&key_of("alice"), &made("bob")),
        signed_by(&key_of("mallory"), &made("bob")),
        signed_by(&key_of("mallory"), &made("mallory")),
        signed_by(&here(), &made("bob")),
        Signed { decision: made("bob").text().unwrap(), signature: Signature::Ssh("".into()) },
    ];
    for answer in forged {
        assert!(hand_in(&mut host, &answer).is_err(), "{answer:?}");
    }
    assert_eq!(host.story(), ["request.opened"]);
}

#[test]
fn a_key_that_was_taken_out_counts_no_more() {
    let mut host = Host::with(keyed());
    let (_, id) = host.opened(&alice(), restart());
    let answer = signed_by(&key_of("bob"), &decision(&host, id, "bob"));
    let mut without = keyed();
    without.approvers.get_mut("bob").unwrap().keys.clear();
    let policy = |settings| std::sync::Arc::new(writ_engine::policy::Policy::compile(settings));
    host.tell(Event::PolicyLoaded(policy(without))).unwrap();
    assert!(matches!(hand_in(&mut host, &answer), Err(Refusal::NotYours(_))));
    let mut gone = keyed();
    gone.approvers.remove("bob");
    host.tell(Event::PolicyLoaded(policy(gone))).unwrap();
    assert!(matches!(hand_in(&mut host, &answer), Err(Refusal::NotYours(_))));
    let mut moved = keyed();
    moved.approvers.get_mut("bob").unwrap().teams.clear();
    host.tell(Event::PolicyLoaded(policy(moved))).unwrap();
    assert!(matches!(hand_in(&mut host, &answer), Err(Refusal::NotYours(_))));
    host.tell(Event::PolicyLoaded(policy(keyed()))).unwrap();
    assert_eq!(hand_in(&mut host, &answer), Ok(GRANTED));
}

#[test]
fn nobody_signs_for_himself() {
    // Whichever account he asks through, and however the policy knows him.
    let mut own = keyed();
    for rule in &mut own.roles[0].rules {
        if let Says::Ask(ask) = &mut rule.decision {
            std::sync::Arc::make_mut(ask).self_approval = true;
        }
    }
    let mut no_account = keyed();
    no_account.approvers.get_mut("alice").unwrap().unix_user = None;
    for settings in [keyed(), own, no_account] {
        let mut host = Host::with(settings);
        let (_, id) = host.opened(&alice(), restart());
        let refused = says(&mut host, "alice", id);
        assert!(matches!(refused, Err(Refusal::NotYours(_))), "{refused:?}");
        assert_eq!(host.story(), ["request.opened"]);
    }
    let mut host = Host::with(keyed());
    let alice_by_bob = person("alice", 1000, Some(("bob", 1001)));
    let by_session =
        Person { session_owner: Some(bob().account.uid), ..person("alice", 1000, None) };
    for asking in [alice_by_bob, by_session] {
        let (_, id) = host.opened(&asking, restart());
        assert!(matches!(says(&mut host, "bob", id), Err(Refusal::NotYours(_))));
        // Nor when the agent could not say whose account the approver's is.
        let answer = signed_by(&key_of("bob"), &decision(&host, id, "bob"));
        let told = Event::Signed { answer, host_key: here().fingerprint(), account: None };
        let refused = host.tell(told);
        if asking.login.is_some() {
            assert!(matches!(refused, Err(Refusal::NotYours(_))));
        }
    }
}

#[test]
fn the_account_of_somebody_else_is_not_lent_to_an_approver() {
    let mut host = Host::with(keyed());
    let (_, id) = host.opened(&alice(), act(&["/bin/shell", "x"]));
    let answer = signed_by(&key_of("carol"), &decision(&host, id, "carol"));
    let (host_key, account) = (here().fingerprint(), Some(bob()));
    host.tell(Event::Signed { answer, host_key, account }).unwrap();
    let What::DecisionMade(made) = &host.records[3].what else { panic!() };
    assert!(matches!(&made.by, By::Person(by) if !by.has_account()));
    says(&mut host, "bob", id).unwrap();
}

#[test]
fn only_signed_answers_approve_where_the_policy_says_so() {
    let mut host = Host::with(signed_only());
    let (_, id) = host.opened(&alice(), restart());
    let (text, digest) = host.engine.question(id).unwrap();
    assert!(text.contains("\"signed\":true"), "it is part of what is decided on: {text}");
    let digest = digest.to_owned();
    assert!(host.engine.must_prove(host.now, &bob(), id, &digest).is_err());
    let Err(Refusal::Refused(why)) = host.approve(&bob(), id) else { panic!() };
    assert!(why.contains("writ offline") && why.contains("writ sign"), "{why}");
    assert_eq!(host.story(), ["request.opened"]);
    assert_eq!(says(&mut host, "bob", id), Ok(GRANTED));
    let (_, other) = host.opened(&alice(), act(&["/bin/restart", "db"]));
    host.decide(&bob(), other, Word::Deny).unwrap();
    assert_eq!(host.records.last().unwrap().what.name(), "request.denied");
}

#[test]
fn a_window_that_was_approved_by_hand_covers_no_rule_that_wants_signatures() {
    let mut host = Host::with(signed_only());
    host.opened_window(&alice(), None);
    let (_, answer) = host.ask(&alice(), restart());
    assert!(matches!(answer, Answer::Waiting { .. }), "{answer:?}");
    let mut settings = signed_only();
    let mut ask = ask();
    ask.signed = true;
    settings.roles[0].window = Some(terms(Says::Ask(std::sync::Arc::new(ask))));
    let mut host = Host::with(settings);
    let (_, id) = host.opened(&alice(), window("operator"));
    says(&mut host, "carol", id).unwrap();
    let (_, answer) = host.ask(&alice(), restart());
    assert!(matches!(answer, Answer::Allowed { .. }), "{answer:?}");
    // The approver's name alone is not asked any more, whoever has an account of it.
    let mut gone = signed_only();
    gone.roles[0].window = None;
    gone.approvers.remove("carol");
    gone.ask.from = vec!["carol".parse().unwrap()];
    for rule in &mut gone.roles[0].rules {
        if let Says::Ask(ask) = &mut rule.decision {
            std::sync::Arc::make_mut(ask).from = vec!["carol".parse().unwrap()];
        }
    }
    let policy = std::sync::Arc::new(writ_engine::policy::Policy::compile(gone));
    host.tell(Event::PolicyLoaded(policy)).unwrap();
    let (_, answer) = host.ask(&alice(), act(&["/bin/restart", "db"]));
    assert!(!matches!(answer, Answer::Allowed { .. }), "{answer:?}");
}

#[test]
fn a_signature_proves_who_somebody_is() {
    let mut settings = keyed();
    for rule in &mut settings.roles[0].rules {
        if let Says::Ask(ask) = &mut rule.decision {
            std::sync::Arc::make_mut(ask).reauth = true;
        }
    }
    let mut host = Host::with(settings);
    let (_, id) = host.opened(&alice(), restart());
    assert_eq!(host.approve(&bob(), id), Err(Refusal::ProofNeeded(id)));
    assert_eq!(says(&mut host, "bob", id), Ok(GRANTED));
}

#[test]
fn a_refused_answer_is_on_record_and_changes_nothing() {
    let mut host = Host::with(keyed());
    let before = host.engine.snapshot().unwrap();
    let refused = AnswerRefused {
        by: alice(),
        approver: Some("bob".into()),
        fingerprint: Some(key_of("mallory").fingerprint()),
        why: "it is by another key".into(),
        more: 3,
    };
    host.tell(Event::AnswerRefused(refused.clone())).unwrap();
    assert_eq!(host.records.last().unwrap().what, What::AnswerRefused(refused));
    assert_eq!(host.engine.snapshot().unwrap(), before);
    host.lose_agent();
}
