//! Nobody answers, and more people may.

use std::sync::Arc;

use writ_engine::effect::{Answer, Done, Effect, Refusal};
use writ_engine::event::{Event, Word};
use writ_engine::facts::Person;
use writ_engine::id::RequestId;
use writ_engine::policy::{Ask, Decision, Escalation, Settings};
use writ_engine::question::Question;
use writ_engine::record::What;
use writ_engine::time::Span;

use crate::host::*;

fn later(seconds: u64, from: &str) -> Escalation {
    Escalation { after: Span::from_secs(seconds), from: vec![from.parse().unwrap()] }
}

/// `restart` asks @oncall, after 90 s erin too, and after two minutes frank.
fn escalating() -> Settings {
    let escalate = vec![later(90, "erin"), later(120, "frank")];
    let mut settings = settings();
    settings.roles[0].rules[1].decision = Decision::Ask(Arc::new(Ask { escalate, ..ask() }));
    settings
}

fn erin() -> Person {
    person("erin", 1004, Some(("erin", 1004)))
}

fn asked(answer: Answer) -> Vec<String> {
    match answer {
        Answer::Waiting { asked, .. } => asked,
        other => panic!("{other:?}"),
    }
}

#[test]
fn silence_lets_more_people_decide_and_says_so() {
    let mut host = Host::with(escalating());
    let (attempt, id) = host.opened(&alice(), restart());
    assert!(matches!(host.approve(&erin(), id), Err(Refusal::NotYours(_))));
    assert_eq!(host.engine.next_deadline(), Some(host.now.boot.after(Span::from_secs(90))));
    host.pass(Span::from_secs(89));
    assert_eq!(
        (host.story(), asked(host.answer(&attempt))),
        (vec!["request.opened"], vec!["@oncall".to_owned()])
    );
    let notices = host.notices.len();
    host.pass(Span::from_secs(1));
    assert_eq!(host.story(), ["request.opened", "request.escalated"]);
    assert_eq!(asked(host.answer(&attempt)), ["@oncall", "erin"]);
    assert_eq!(host.notices.len(), notices + 1, "those who are asked now are told");
    host.approve(&erin(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
}

#[test]
fn the_timeout_is_not_lengthened_and_who_was_asked_may_still_answer() {
    let mut host = Host::with(escalating());
    let (_, id) = host.opened(&alice(), restart());
    host.pass(Span::from_secs(150));
    assert_eq!(host.story(), ["request.opened", "request.escalated", "request.escalated"]);
    host.decide(&bob(), id, Word::Approve).unwrap();
    let (attempt, _) = host.opened(&alice(), act(&["/bin/restart", "db"]));
    host.pass(Span::from_secs(150));
    host.pass(Span::from_secs(150));
    let Answer::Expired { message, .. } = host.answer(&attempt) else { panic!() };
    assert!(message.contains("@oncall, erin, frank did not answer within 5 minutes"), "{message}");
}

#[test]
fn a_step_outlives_the_agent_and_one_that_it_missed_comes_when_it_is_back() {
    let mut host = Host::with(escalating());
    let (_, id) = host.opened(&alice(), restart());
    host.pass(Span::from_secs(90));
    host.lose_agent();
    host.start("boot-1", escalating()).unwrap();
    assert_eq!(host.engine.get(id).unwrap().asked(), ["@oncall", "erin"]);
    let snapshot = host.engine.snapshot().unwrap();
    assert!(writ_engine::Engine::restore(&snapshot).unwrap().get(id).unwrap().asked().len() == 2);
    host.lose_agent();
    host.now.boot = host.now.boot.after(Span::from_secs(60));
    host.start("boot-1", escalating()).unwrap();
    assert!(host.engine.next_deadline().unwrap() <= host.now.boot, "it is due at once");
    host.pass(Span(0));
    assert_eq!(host.engine.get(id).unwrap().asked(), ["@oncall", "erin", "frank"]);
    host.approve(&erin(), id).unwrap();
}

#[test]
fn the_question_says_who_is_asked_when() {
    let mut host = Host::with(escalating());
    let (_, id) = host.opened(&alice(), restart());
    let (before, _) = host.engine.question(id).unwrap();
    let before = before.to_owned();
    let question = Question::parse(&before).unwrap();
    let steps: Vec<_> =
        question.escalate.iter().map(|step| (step.after_ms.0, step.asked.join(","))).collect();
    assert_eq!(steps, [(90_000, "erin".to_owned()), (120_000, "frank".to_owned())]);
    host.pass(Span::from_secs(90));
    assert_eq!(host.engine.question(id).unwrap().0, before, "and is never made again");
}

/// A window of so many seconds that is asked to stand longer: after 90, erin is asked too.
fn extension_that_escalates(lasts: u64) -> (Host, RequestId) {
    let mut settings = settings();
    let escalate = vec![later(90, "erin")];
    settings.roles[0].window = Some(terms(Decision::Ask(Arc::new(Ask { escalate, ..ask() }))));
    let mut host = Host::with(settings);
    let id = host.opened_window(&alice(), Some(Span::from_secs(lasts)));
    match host.extend(&alice(), id, Span::from_secs(60)) {
        Ok(Answer::Waiting { id: longer, .. }) => (host, longer),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_that_ends_with_its_grant_no_longer_escalates_and_nobody_is_asked() {
    let (mut host, longer) = extension_that_escalates(100);
    // The agent is late: the escalation, and then the end of the grant, are due by now.
    host.now.boot = host.now.boot.after(Span::from_secs(110));
    let step = host.engine.step(host.now, Event::Tick);
    let told: Vec<&Effect> = step
        .effects
        .iter()
        .filter(|effect| match effect {
            Effect::Notify { id, .. } => *id == longer,
            Effect::Answer { answer, .. } => matches!(answer, Answer::Waiting { .. }),
            _ => false,
        })
        .collect();
    assert!(told.is_empty(), "{told:?}");
    let names: Vec<_> = step.records.iter().map(|record| record.what.name()).collect();
    assert_eq!(names, ["grant.ended", "request.expired"]);
    host.tell(Event::Tick).unwrap();
    assert_eq!(host.engine.next_deadline(), None);
}

#[test]
fn a_request_that_its_grant_stand_longer_escalates_while_that_stands() {
    let (mut host, longer) = extension_that_escalates(100);
    let notices = host.notices.len();
    host.pass(Span::from_secs(90));
    assert_eq!(host.notices[notices..], [longer]);
    host.approve(&erin(), longer).unwrap();
    host.pass(Span::from_secs(69));
    assert_eq!(host.lent, ["alice:adm=4"]);
}

/// Both rules ask; who is on call may approve what he asks for himself.
fn self_approving() -> Settings {
    let mut settings = settings();
    for (rule, count) in [(1, 1), (2, 2)] {
        settings.roles[0].rules[rule].decision =
            Decision::Ask(Arc::new(Ask { count, self_approval: true, ..ask() }));
    }
    settings
}

#[test]
fn where_the_rule_says_so_one_approves_what_one_asks_for_and_it_is_on_record() {
    let mut host = Host::with(self_approving());
    let (attempt, id) = host.opened(&alice(), restart());
    let question = Question::parse(host.engine.question(id).unwrap().0).unwrap();
    assert!(question.self_approval);
    host.approve(&alice(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    let own = host.records.iter().find_map(|record| match &record.what {
        What::DecisionMade(made) => Some(made.self_approval),
        _ => None,
    });
    assert_eq!(own, Some(true));
}

#[test]
fn approving_for_oneself_counts_once_and_only_for_who_is_asked() {
    let mut host = Host::with(self_approving());
    let (_, id) = host.opened(&alice(), act(&["/bin/shell"]));
    host.approve(&alice(), id).unwrap();
    let as_bob = person("bob", 1001, Some(("alice", 1000)));
    for again in [alice(), as_bob] {
        assert!(host.approve(&again, id).unwrap_err().to_string().contains("has answered"));
    }
    assert!(matches!(host.approve(&bob(), id), Ok(Done::Decided { granted: true, .. })));
    let mut settings = self_approving();
    settings.approvers.remove("alice");
    let mut host = Host::with(settings);
    let (_, id) = host.opened(&alice(), restart());
    assert!(matches!(host.approve(&alice(), id), Err(Refusal::NotYours(_))));
}

#[test]
fn a_window_that_its_owner_approved_covers_no_rule_that_wants_others() {
    let own = |self_approval| Decision::Ask(Arc::new(Ask { self_approval, ..ask() }));
    for (of_rule, covered) in [(false, false), (true, true)] {
        let mut settings = settings();
        settings.roles[0].window = Some(terms(own(true)));
        settings.roles[0].rules[1].decision = own(of_rule);
        let mut host = Host::with(settings);
        let (_, id) = host.opened(&alice(), window("operator"));
        host.approve(&alice(), id).unwrap();
        let (_, answer) = host.ask(&alice(), restart());
        assert_eq!(matches!(answer, Answer::Allowed { .. }), covered, "{answer:?}");
    }
}
