//! A door asks.

use std::sync::Arc;

use writ_engine::effect::{Answer, Durability, Refusal};
use writ_engine::event::{Event, Wish};
use writ_engine::facts::{Aim, Door, Evidence};
use writ_engine::limits::{REMARK_BYTES_MAX, REQUESTS_OPEN_PER_ACCOUNT_MAX};
use writ_engine::policy::{Mode, Settings, TicketPattern, Unmatched};
use writ_engine::question::{Question, digest};
use writ_engine::record::{Force, Outcome, What};
use writ_engine::time::Span;

use crate::host::*;

fn last_decision(host: &Host) -> (Outcome, Force) {
    let made = host.records.iter().rev().find_map(|record| match &record.what {
        What::DecisionMade(made) => Some((made.outcome, made.force)),
        _ => None,
    });
    made.unwrap()
}

fn denial(answer: Answer) -> String {
    match answer {
        Answer::Denied { message, .. } => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_the_policy_allows_is_allowed_at_once_and_on_record() {
    let mut host = Host::new();
    let (_, answer) = host.ask(&alice(), act(&["/bin/look", "here"]));
    assert!(matches!(answer, Answer::Allowed { message: None, .. }));
    assert_eq!(host.story(), ["decision.made"]);
    assert_eq!(host.durability, Durability::Written);
    assert_eq!(last_decision(&host), (Outcome::Allow, Force::Enforced));
}

#[test]
fn what_no_role_speaks_of_is_refused_with_the_reason() {
    let mut host = Host::new();
    let (_, answer) = host.ask(&alice(), act(&["/bin/other"]));
    assert!(denial(answer).contains("no role that alice has"));
    assert_eq!(host.story(), ["decision.made"]);
}

#[test]
fn unmatched_may_leave_it_to_sudoers() {
    let mut host = Host::with(Settings { unmatched: Unmatched::Pass, ..settings() });
    let (_, answer) = host.ask(&alice(), act(&["/bin/other"]));
    assert!(matches!(answer, Answer::Allowed { .. }));
    assert_eq!(last_decision(&host).0, Outcome::Pass);
}

#[test]
fn root_passes_with_a_record() {
    let mut host = Host::new();
    let (_, answer) = host.ask(&root(), act(&["/bin/other"]));
    assert!(matches!(answer, Answer::Allowed { .. }));
    assert_eq!(last_decision(&host).0, Outcome::Pass);
}

#[test]
fn observe_mode_records_what_would_be_and_blocks_nothing() {
    let mut host = Host::with(Settings { mode: Mode::Observe, ..settings() });
    for (words, outcome) in [
        (["/bin/restart", "web"], Outcome::WouldAsk),
        (["/bin/other", "x"], Outcome::Deny),
        (["/bin/look", "x"], Outcome::Allow),
    ] {
        let (attempt, answer) = host.ask(&alice(), act(&words));
        let Answer::Allowed { id, .. } = answer else { panic!("{answer:?}") };
        assert_eq!(last_decision(&host), (outcome, Force::Observed));
        host.confirm(&attempt, id).unwrap();
    }
}

#[test]
fn a_request_is_on_the_disk_before_anybody_is_asked() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    assert_eq!(host.story(), ["request.opened"]);
    assert_eq!((host.durability, host.notices.as_slice()), (Durability::Synced, &[id][..]));
    assert!(host.engine.is_waiting(&attempt));
}

#[test]
fn the_question_holds_all_that_will_run_and_its_digest_is_of_its_text() {
    let mut host = Host::new();
    let words = ["/bin/restart", "a\u{202e}b \"quoted\"\n"];
    let (_, id) = host.opened(&alice(), act(&words));
    let (text, taken) = host.engine.question(id).unwrap();
    assert_eq!(taken, digest(text));
    let question = Question::parse(text).unwrap();
    assert_eq!(question.aim.command().unwrap().argv, words);
    assert_eq!((question.id, question.host.as_str(), question.needed), (id, "web-1", 1));
    assert_eq!(question.sha256, host.evidence.sha256);
}

#[test]
fn a_command_that_the_requester_may_write_is_not_asked_about() {
    let mut host = Host::new();
    host.evidence.writable = Some("/bin/restart".into());
    let (_, answer) = host.ask(&alice(), restart());
    assert!(denial(answer).contains("alice may write /bin/restart"));
    assert_eq!(last_decision(&host).0, Outcome::Deny);
}

#[test]
fn a_command_that_cannot_be_read_is_not_asked_about() {
    let mut host = Host::new();
    host.evidence = Evidence { sha256: None, writable: None };
    let (_, answer) = host.ask(&alice(), restart());
    assert!(denial(answer).contains("could not be read"));
}

#[test]
fn a_missing_reason_is_wanted_of_a_person_and_refused_to_a_script() {
    let mut host = Host::new();
    let (_, answer) = host.ask_with(&alice(), restart(), Wish::default());
    assert_eq!(answer, Answer::Wanted { reason: true, ticket: None });
    let blank = Wish { reason: Some("  ".into()), ..Wish::default() };
    let (_, answer) = host.ask_with(&alice(), unattended(restart()), blank);
    assert!(denial(answer).contains("WRIT_REASON"));
}

#[test]
fn a_ticket_must_be_of_the_pattern() {
    let mut settings = settings();
    if let writ_engine::policy::Decision::Ask(ask) = &mut settings.roles[0].rules[1].decision {
        let ask = Arc::make_mut(ask);
        ask.ticket = Some(TicketPattern::new("^T-".into(), |ticket| ticket.starts_with("T-")));
    }
    let mut host = Host::with(settings);
    let wish = |ticket: &str| Wish {
        reason: Some("upgrade".into()),
        ticket: Some(ticket.into()),
        ..Wish::default()
    };
    let (_, answer) = host.ask_with(&alice(), restart(), wish("7"));
    assert_eq!(answer, Answer::Wanted { reason: false, ticket: Some("^T-".into()) });
    let (_, answer) = host.ask_with(&alice(), unattended(restart()), wish("7"));
    assert!(denial(answer).contains("WRIT_TICKET"));
    let (_, answer) = host.ask_with(&alice(), restart(), wish("T-7"));
    assert!(matches!(answer, Answer::Waiting { .. }));
}

#[test]
fn the_same_command_joins_the_open_request_from_another_window() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    let (_, joined) = host.opened(&alice(), unattended(restart()));
    assert_eq!(id, joined);
    assert_eq!(host.story(), ["request.opened", "request.joined"]);
    assert_eq!(host.notices.len(), 1);
}

#[test]
fn another_command_folder_person_or_file_is_another_request() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    let mut elsewhere = restart();
    if let Aim::Command(command) = &mut elsewhere.aim {
        command.cwd = "/tmp".into();
    }
    let other_login = person("alice", 1000, Some(("erin", 1004)));
    let mut ids = vec![id, host.opened(&alice(), act(&["/bin/restart", "db"])).1];
    ids.push(host.opened(&alice(), elsewhere).1);
    ids.push(host.opened(&other_login, restart()).1);
    host.evidence.sha256 = Some("cd".repeat(32));
    ids.push(host.opened(&alice(), restart()).1);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

#[test]
fn an_attempt_that_asks_twice_gets_its_answer_twice_and_one_record() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), restart());
    let wish = Wish { reason: Some("upgrade".into()), ..Wish::default() };
    host.tell(Event::Asked { attempt: attempt.clone(), person: alice(), act: restart(), wish })
        .unwrap();
    assert!(matches!(host.answer(&attempt), Answer::Waiting { id: again, .. } if again == id));
    assert_eq!(host.story(), ["request.opened"]);
}

#[test]
fn nobody_takes_over_the_attempt_of_another() {
    let mut host = Host::new();
    let (attempt, _) = host.opened(&alice(), restart());
    let event = Event::Asked { attempt, person: bob(), act: restart(), wish: Wish::default() };
    assert!(matches!(host.tell(event), Err(Refusal::Refused(_))));
}

#[test]
fn a_script_is_told_after_its_wait_that_the_request_stays_open() {
    let mut host = Host::new();
    let (attempt, id) = host.opened(&alice(), unattended(restart()));
    host.pass(Span(7_999));
    assert!(host.engine.is_waiting(&attempt));
    host.pass(Span(1));
    let Answer::Open { message, .. } = host.answer(&attempt) else { panic!() };
    assert_eq!(
        message,
        format!("request {id} stays open; run the same command again once it is approved")
    );
    assert!(host.engine.get(id).is_some());
}

#[test]
fn what_is_asked_in_advance_waits_and_is_used_by_sudo_later() {
    let mut host = Host::new();
    let ahead = writ_engine::facts::Act { door: Door::Writ, tty: None, ..restart() };
    let (request, id) = host.opened(&alice(), ahead);
    host.approve(&bob(), id).unwrap();
    assert!(matches!(host.answer(&request), Answer::Allowed { .. }));
    assert!(host.confirm(&request, id).is_err());
    let (attempt, answer) = host.ask(&alice(), restart());
    assert!(matches!(answer, Answer::Allowed { id: used, .. } if used == id));
    host.confirm(&attempt, id).unwrap();
}

#[test]
fn a_wish_is_cut_to_what_the_policy_gives() {
    let mut host = Host::new();
    let wish = Wish {
        reason: Some("upgrade".into()),
        lasts: Some(Span::from_secs(7200)),
        uses: Some(3),
        ..Wish::default()
    };
    host.ask_with(&alice(), restart(), wish);
    let listed = host.engine.list().next().unwrap();
    assert_eq!((listed.opened.lasts, listed.opened.uses), (Span::from_secs(3600), 3));
}

#[test]
fn too_much_is_refused_with_the_limit() {
    let mut host = Host::new();
    let attempt = host.new_attempt();
    let wish = Wish { reason: Some("x".repeat(REMARK_BYTES_MAX + 1)), ..Wish::default() };
    let refused = host.tell(Event::Asked { attempt, person: alice(), act: restart(), wish });
    assert!(matches!(refused, Err(Refusal::TooMany(_))));
    assert_eq!(host.story(), [""; 0]);
}

#[test]
fn one_account_cannot_fill_the_host_with_requests() {
    let mut host = Host::new();
    for number in 0..REQUESTS_OPEN_PER_ACCOUNT_MAX {
        host.opened(&alice(), act(&["/bin/restart", &number.to_string()]));
    }
    let attempt = host.new_attempt();
    let wish = Wish { reason: Some("upgrade".into()), ..Wish::default() };
    let event = Event::Asked { attempt: attempt.clone(), person: alice(), act: restart(), wish };
    assert!(matches!(host.tell(event), Err(Refusal::TooMany(_))));
    assert!(!host.engine.is_waiting(&attempt));
    // What is not asked about is not held up by it.
    assert!(matches!(host.ask(&alice(), act(&["/bin/look"])).1, Answer::Allowed { .. }));
}
