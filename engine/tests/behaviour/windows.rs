//! Windows of roles, and grants that are to stand longer.

use std::sync::Arc;

use writ_engine::Stage;
use writ_engine::effect::{Answer, Durability, Refusal};
use writ_engine::event::{Event, Proof, Wish};
use writ_engine::facts::{Person, Uid};
use writ_engine::id::RequestId;
use writ_engine::policy::{Decision, Mode, Policy, Settings, WindowTerms};
use writ_engine::record::{EndReason, What};
use writ_engine::time::Span;

use crate::host::*;

const MINUTE: Span = Span::from_secs(60);

fn denied(host: &mut Host, person: &Person, role: &str) -> String {
    match host.ask(person, window(role)) {
        (_, Answer::Denied { message, .. }) => message,
        (_, other) => panic!("{other:?}"),
    }
}

fn last_end(host: &Host) -> EndReason {
    let mut ends = host.records.iter().filter_map(|record| match record.what {
        What::GrantEnded { reason, .. } => Some(reason),
        _ => None,
    });
    ends.next_back().unwrap()
}

fn load(host: &mut Host, settings: Settings) {
    host.tell(Event::PolicyLoaded(Arc::new(Policy::compile(settings)))).unwrap();
}

/// The ID under which a command may run without anybody being asked.
fn passes(host: &mut Host, person: &Person, words: &[&str]) -> Option<RequestId> {
    match host.ask(person, act(words)) {
        (attempt, Answer::Allowed { id, .. }) => {
            host.confirm(&attempt, id).unwrap();
            host.finish(&attempt, id).unwrap();
            Some(id)
        }
        (attempt, _) => {
            host.tell(Event::Left { attempt }).unwrap();
            None
        }
    }
}

#[test]
fn a_window_is_asked_for_and_lends_until_its_end() {
    let mut host = Host::new();
    let id = host.opened_window(&alice(), Some(MINUTE));
    assert_eq!(host.durability, Durability::Synced);
    assert_eq!(host.lent, ["alice:adm=4"]);
    assert_eq!(host.engine.get(id).unwrap().stage, Stage::Granted);
    host.pass(Span(59_999));
    assert_eq!(host.lent, ["alice:adm=4"]);
    host.pass(Span(1));
    assert_eq!(host.lent, [""; 0]);
    assert_eq!(last_end(&host), EndReason::Expired);
    assert_eq!(host.story(), ["request.opened", "decision.made", "grant.started", "grant.ended"]);
}

#[test]
fn a_loan_is_over_on_time_even_when_its_end_cannot_be_put_on_record() {
    let mut host = Host::new();
    host.opened_window(&alice(), Some(MINUTE));
    host.now.boot = host.now.boot.after(MINUTE);
    // Nobody has told the engine that time has passed.
    assert!(host.engine.loans().all(|loan| loan.until <= host.now.boot));
}

#[test]
fn what_the_role_would_ask_about_passes_under_its_window_and_is_on_record() {
    let mut host = Host::new();
    let window = host.opened_window(&alice(), None);
    let before = host.records.len();
    assert_eq!(passes(&mut host, &alice(), &["/bin/restart", "web"]), Some(window));
    assert_eq!(passes(&mut host, &alice(), &["/bin/restart", "db"]), Some(window));
    let told: Vec<(&str, String)> = host.records[before..]
        .iter()
        .map(|record| {
            assert_eq!(record.id, Some(window));
            let about = match &record.what {
                What::CommandStarted { about, .. } => about.as_ref().unwrap(),
                _ => return (record.what.name(), String::new()),
            };
            let command = about.act.aim.command().unwrap();
            (
                about.source.rule.as_deref().map(|_| record.what.name()).unwrap(),
                command.argv.join(" "),
            )
        })
        .collect();
    let started = |line: &str| ("command.started", line.to_string());
    let finished = ("command.finished", String::new());
    assert_eq!(
        told,
        [started("/bin/restart web"), finished.clone(), started("/bin/restart db"), finished]
    );
}

#[test]
fn a_denial_and_a_rule_that_more_people_must_answer_are_not_covered() {
    let mut host = Host::new();
    host.opened_window(&alice(), None);
    assert_eq!(passes(&mut host, &alice(), &["/bin/never"]), None);
    // One approver opened the window, and this rule wants two.
    assert_eq!(passes(&mut host, &alice(), &["/bin/shell"]), None);
    let two = with_window(Some(terms(Decision::Ask(Arc::new(writ_engine::policy::Ask {
        count: 2,
        ..ask()
    })))));
    let mut host = Host::with(two);
    let id = host.opened_window(&alice(), None);
    host.approve(&dave(), id).unwrap();
    assert_eq!(passes(&mut host, &alice(), &["/bin/shell"]), Some(id));
}

#[test]
fn a_rule_that_wants_proof_is_not_covered_by_a_window_that_was_approved_without() {
    let wants =
        |reauth| Decision::Ask(std::sync::Arc::new(writ_engine::policy::Ask { reauth, ..ask() }));
    for window_wants in [false, true] {
        let mut settings = with_window(Some(terms(wants(window_wants))));
        for rule in &mut settings.roles[0].rules {
            if rule.name == "restart" {
                rule.decision = wants(true);
            }
        }
        let mut host = Host::with(settings);
        let (_, id) = host.opened(&alice(), window("operator"));
        host.decide_as(&bob(), id, writ_engine::event::Word::Approve, Proof::Given).unwrap();
        let covered = passes(&mut host, &alice(), &["/bin/restart", "web"]);
        assert_eq!(covered, window_wants.then_some(id));
    }
}

#[test]
fn a_window_that_the_policy_opens_by_itself_covers_what_its_role_asks_about() {
    let mut host = Host::with(with_window(Some(terms(Decision::Allow))));
    let (_, answer) = host.ask(&alice(), window("operator"));
    let Answer::Allowed { id, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(host.lent, ["alice:adm=4"]);
    assert_eq!(host.durability, Durability::Synced);
    assert_eq!(host.story(), ["request.opened", "decision.made", "grant.started"]);
    assert_eq!(passes(&mut host, &alice(), &["/bin/shell"]), Some(id));
}

#[test]
fn somebody_who_came_by_another_account_has_nothing_of_it() {
    let mut host = Host::new();
    host.opened_window(&alice(), None);
    let bob_as_alice = person("alice", 1000, Some(("bob", 1001)));
    assert_eq!(passes(&mut host, &bob_as_alice, &["/bin/restart", "web"]), None);
    assert!(passes(&mut host, &alice(), &["/bin/restart", "web"]).is_some());
}

#[test]
fn a_command_that_its_requester_may_write_is_not_covered() {
    let mut host = Host::new();
    host.opened_window(&alice(), None);
    host.evidence.writable = Some("/bin/restart".into());
    assert_eq!(passes(&mut host, &alice(), &["/bin/restart", "web"]), None);
}

#[test]
fn what_was_covered_does_not_start_once_the_window_has_ended() {
    let mut host = Host::new();
    let id = host.opened_window(&alice(), Some(MINUTE));
    let (attempt, answer) = host.ask(&alice(), restart());
    assert!(matches!(answer, Answer::Allowed { .. }));
    host.tell(Event::Revoked { person: bob(), id, comment: None }).unwrap();
    assert!(host.confirm(&attempt, id).is_err());

    let id = host.opened_window(&alice(), Some(MINUTE));
    let (attempt, _) = host.ask(&alice(), restart());
    host.now.boot = host.now.boot.after(MINUTE);
    assert!(host.confirm(&attempt, id).is_err());
}

#[test]
fn one_ending_takes_nothing_that_another_still_lends() {
    let mut settings = settings();
    let second = writ_engine::policy::Role { name: "second".into(), ..settings.roles[0].clone() };
    settings.roles.push(second);
    let mut host = Host::with(settings);
    let first = host.opened_window(&alice(), None);
    let (_, Answer::Waiting { id, .. }) = host.ask(&alice(), window("second")) else {
        panic!("nobody was asked")
    };
    host.approve(&bob(), id).unwrap();
    assert_eq!(host.lent, ["alice:adm=4", "alice:adm=4"]);
    host.tell(Event::GivenBack { person: alice(), id: first }).unwrap();
    assert_eq!(host.lent, ["alice:adm=4"]);
    host.tell(Event::GivenBack { person: alice(), id }).unwrap();
    assert_eq!(host.lent, [""; 0]);
}

#[test]
fn asking_again_opens_no_second_window() {
    let mut host = Host::new();
    let (_, Answer::Waiting { id, .. }) = host.ask(&alice(), window("operator")) else {
        panic!("nobody was asked")
    };
    assert!(
        matches!(host.ask(&alice(), window("operator")).1, Answer::Waiting { id: same, .. } if same == id)
    );
    host.approve(&bob(), id).unwrap();
    let before = host.records.len();
    let (_, answer) = host.ask(&alice(), window("operator"));
    assert!(matches!(answer, Answer::Allowed { id: same, .. } if same == id), "{answer:?}");
    assert_eq!(host.records.len(), before);
}

#[test]
fn what_cannot_be_opened_is_refused_with_its_reason() {
    let mut host = Host::new();
    assert!(denied(&mut host, &dave(), "operator").contains("dave has no role \"operator\""));
    assert!(denied(&mut host, &alice(), "nothing").contains("alice has no role \"nothing\""));
    host.groups.clear();
    let message = denied(&mut host, &alice(), "operator");
    assert!(
        message.contains("lends the group \"adm\", and this host has no such group"),
        "{message}"
    );
    load(&mut host, with_window(Some(terms(Decision::Deny))));
    assert!(denied(&mut host, &alice(), "operator").contains("is not given as a whole"));
    load(&mut host, with_window(None));
    assert!(denied(&mut host, &alice(), "operator").contains("cannot be asked for as a whole"));
}

#[test]
fn more_than_the_longest_time_is_refused_and_not_cut_down() {
    let mut host = Host::new();
    let attempt = host.new_attempt();
    let wish = Wish { lasts: Some(Span::from_secs(3601)), ..Wish::default() };
    let event = Event::Asked { attempt, person: alice(), act: window("operator"), wish };
    let refusal = host.tell(event).unwrap_err();
    assert!(refusal.to_string().contains("for 1 hour at most"), "{refusal}");
}

#[test]
fn a_policy_that_no_longer_gives_it_ends_it() {
    let withdrawn = |change: fn(&mut Settings)| {
        let mut host = Host::new();
        host.opened_window(&alice(), None);
        let mut settings = settings();
        change(&mut settings);
        load(&mut host, settings);
        (host.lent.is_empty(), host.engine.counts().granted)
    };
    assert_eq!(withdrawn(|_| {}), (false, 1));
    assert_eq!(withdrawn(|settings| settings.roles.clear()), (true, 0));
    assert_eq!(withdrawn(|settings| settings.roles[0].members.clear()), (true, 0));
    assert_eq!(withdrawn(|settings| settings.roles[0].window = None), (true, 0));
    // Whoever adds must be able to take away, also where nothing is blocked.
    assert_eq!(
        withdrawn(|settings| {
            settings.mode = Mode::Observe;
            settings.roles.clear();
        }),
        (true, 0)
    );
    let fewer = |settings: &mut Settings| {
        let terms: &mut WindowTerms = settings.roles[0].window.as_mut().unwrap();
        terms.groups.clear();
    };
    assert_eq!(withdrawn(fewer), (true, 0));
}

#[test]
fn a_window_is_asked_about_where_everything_else_is_only_observed() {
    let mut host = Host::with(Settings { mode: Mode::Observe, ..settings() });
    assert!(!denied(&mut host, &dave(), "operator").is_empty());
    let (_, answer) = host.ask(&alice(), window("operator"));
    assert!(matches!(answer, Answer::Waiting { .. }), "{answer:?}");
    assert_eq!(host.loans(), [""; 0]);
}

#[test]
fn a_logout_ends_what_is_to_end_with_it() {
    let until_logout = WindowTerms { end_on_logout: true, ..terms(Decision::Ask(Arc::new(ask()))) };
    let mut host = Host::with(with_window(Some(until_logout)));
    host.opened_window(&alice(), None);
    host.tell(Event::LoggedOut { account: Uid(1003) }).unwrap();
    assert_eq!(host.lent, ["alice:adm=4"]);
    host.tell(Event::LoggedOut { account: Uid(1000) }).unwrap();
    assert_eq!(host.lent, [""; 0]);
    assert_eq!(last_end(&host), EndReason::Logout);
    let mut host = Host::new();
    host.opened_window(&alice(), None);
    host.tell(Event::LoggedOut { account: Uid(1000) }).unwrap();
    assert_eq!(host.lent, ["alice:adm=4"]);
}

#[test]
fn whoever_became_another_is_logged_out_with_the_session_that_he_did_it_in() {
    let until_logout = WindowTerms { end_on_logout: true, ..terms(Decision::Ask(Arc::new(ask()))) };
    let mut host = Host::with(with_window(Some(until_logout)));
    let through_su = Person { session_owner: Some(Uid(1003)), ..alice() };
    host.opened_window(&through_su, None);
    host.tell(Event::LoggedOut { account: Uid(1000) }).unwrap();
    assert_eq!(host.lent, ["alice:adm=4"]);
    host.tell(Event::LoggedOut { account: Uid(1003) }).unwrap();
    assert_eq!(last_end(&host), EndReason::Logout);
}

#[test]
fn a_restart_lends_again_what_is_open_and_a_boot_nothing() {
    let mut host = Host::new();
    host.opened_window(&alice(), None);
    host.lose_agent();
    host.lent.clear();
    host.start("boot-1", settings()).unwrap();
    assert_eq!(host.lent, ["alice:adm=4"]);
    host.lose_agent();
    host.start("boot-2", settings()).unwrap();
    assert_eq!(host.lent, [""; 0]);
    assert_eq!(last_end(&host), EndReason::Reboot);
}

#[test]
fn an_approver_may_narrow_how_long_and_not_how_often() {
    let mut host = Host::new();
    let (_, Answer::Waiting { id, .. }) = host.ask(&alice(), window("operator")) else {
        panic!("nobody was asked")
    };
    let digest = host.engine.question(id).unwrap().1.to_owned();
    let mut decide = |uses, lasts| {
        let (digest, word) = (digest.clone(), writ_engine::event::Word::Approve);
        host.tell(Event::Decided {
            person: bob(),
            id,
            digest,
            word,
            comment: None,
            lasts,
            uses,
            proof: Proof::None,
        })
    };
    assert!(decide(Some(1), None).unwrap_err().to_string().contains("are not counted"));
    decide(None, Some(MINUTE)).unwrap();
    host.pass(MINUTE);
    assert_eq!(last_end(&host), EndReason::Expired);
}

#[test]
fn a_grant_stands_longer_once_people_say_so_and_ends_on_time_until_then() {
    let mut host = Host::new();
    let id = host.opened_window(&alice(), Some(MINUTE));
    let answer = host.extend(&alice(), id, MINUTE).unwrap();
    let Answer::Waiting { id: longer, .. } = answer else { panic!("{answer:?}") };
    assert_ne!(longer, id);
    // The same again joins it.
    assert!(
        matches!(host.extend(&alice(), id, MINUTE), Ok(Answer::Waiting { id, .. }) if id == longer)
    );
    assert!(matches!(host.approve(&alice(), longer), Err(Refusal::NotYours(_))));
    host.approve(&bob(), longer).unwrap();
    assert_eq!(host.durability, Durability::Synced);
    assert!(host.engine.get(longer).is_none());
    host.pass(Span(119_999));
    assert_eq!(host.lent, ["alice:adm=4"]);
    host.pass(Span(1));
    assert_eq!(host.lent, [""; 0]);
}

#[test]
fn a_question_to_stand_longer_ends_with_its_grant() {
    let ends: [fn(&mut Host, RequestId); 4] = [
        |host, _| host.pass(MINUTE),
        |host, id| assert!(host.tell(Event::GivenBack { person: alice(), id }).is_ok()),
        |host, id| {
            assert!(host.tell(Event::Revoked { person: root(), id, comment: None }).is_ok());
        },
        |host, _| load(host, with_window(None)),
    ];
    for end in ends {
        let mut host = Host::new();
        let id = host.opened_window(&alice(), Some(MINUTE));
        let Ok(Answer::Waiting { id: longer, .. }) = host.extend(&alice(), id, MINUTE) else {
            panic!("nobody was asked")
        };
        end(&mut host, id);
        assert!(host.engine.get(longer).is_none());
        assert!(host.approve(&bob(), longer).is_err());
        let expired = host.records.iter().filter(|r| matches!(r.what, What::RequestExpired { .. }));
        assert_eq!(expired.count(), 1);
    }
}

#[test]
fn a_command_that_was_approved_may_be_made_to_stand_longer_too() {
    let mut host = Host::new();
    let (_, id) = host.opened(&alice(), restart());
    assert!(host.extend(&alice(), id, MINUTE).unwrap_err().to_string().contains("not granted yet"));
    host.approve(&bob(), id).unwrap();
    assert!(matches!(host.extend(&dave(), id, MINUTE), Err(Refusal::NotYours(_))));
    let message = host.extend(&alice(), id, Span::from_secs(3601)).unwrap_err().to_string();
    assert!(message.contains("ask for less"), "{message}");
    let Ok(Answer::Waiting { id: longer, .. }) = host.extend(&alice(), id, MINUTE) else {
        panic!("nobody was asked")
    };
    host.approve(&dave(), longer).unwrap();
    host.pass(Span::from_secs(3659));
    assert_eq!(host.engine.get(id).unwrap().stage, Stage::Granted);
    host.pass(Span::from_secs(1));
    assert!(host.engine.get(id).is_none());
}

#[test]
fn a_crash_between_a_word_and_what_follows_of_it_is_made_good() {
    let mut host = Host::new();
    let id = host.opened_window(&alice(), Some(MINUTE));
    let Ok(Answer::Waiting { id: longer, .. }) = host.extend(&alice(), id, MINUTE) else {
        panic!("nobody was asked")
    };
    host.approve(&bob(), longer).unwrap();
    assert_eq!(host.records.pop().unwrap().what.name(), "grant.extended");
    host.lose_agent();
    host.start("boot-1", settings()).unwrap();
    host.pass(Span(119_999));
    assert_eq!(host.lent, ["alice:adm=4"]);
}

const RESTART: &str = "org.freedesktop.systemd1.manage-units";
const REBOOT: &str = "org.freedesktop.login1.reboot";

/// Settings in which the role lends these actions, and no group of the host.
fn with_actions(actions: &[&str], decision: Decision) -> writ_engine::policy::Settings {
    let mut terms = terms(decision);
    terms.groups.clear();
    terms.actions = actions.iter().map(|action| (*action).to_string()).collect();
    with_window(Some(terms))
}

#[test]
fn an_action_is_lent_as_a_group_that_is_named_after_it_and_ends_with_its_window() {
    let mut host = Host::with(with_actions(&[RESTART, REBOOT], Decision::Allow));
    let (_, answer) = host.ask(&alice(), window("operator"));
    let Answer::Allowed { id, .. } = answer else { panic!("{answer:?}") };
    let lent = [format!("alice:writ.{REBOOT}=60578"), format!("alice:writ.{RESTART}=60579")];
    assert_eq!(host.lent, lent);
    host.tell(Event::GivenBack { person: alice(), id }).unwrap();
    assert_eq!(host.lent, [""; 0]);
    // Nothing is done to processes: the group is good for nothing but to be looked up.
    assert!(host.ended.iter().all(|remains| remains.groups.is_empty()));
}

#[test]
fn no_two_actions_have_one_number_also_while_people_are_asked() {
    let ask = || Decision::Ask(std::sync::Arc::new(ask()));
    let mut host = Host::with(with_actions(&[RESTART], ask()));
    let (_, first) = host.opened(&alice(), window("operator"));
    // It comes first by name, and not by the number that is asked about already.
    let both = with_actions(&[REBOOT, RESTART], ask());
    host.tell(Event::PolicyLoaded(Arc::new(Policy::compile(both)))).unwrap();
    let (_, second) = host.opened(&alice(), window("operator"));
    assert_ne!(first, second);
    host.approve(&bob(), second).unwrap();
    let lent = [format!("alice:writ.{REBOOT}=60579"), format!("alice:writ.{RESTART}=60578")];
    assert_eq!(host.lent, lent);
}

#[test]
fn a_host_that_has_such_a_group_or_number_of_its_own_is_told_so() {
    let mut host = Host::with(with_actions(&[RESTART], Decision::Allow));
    host.groups.insert(format!("writ.{RESTART}"), 990);
    let (_, answer) = host.ask(&alice(), window("operator"));
    assert!(format!("{answer:?}").contains("of its own"), "{answer:?}");
    host.groups.clear();
    host.groups.insert("theirs".to_string(), 60578);
    let (_, answer) = host.ask(&alice(), window("operator"));
    assert!(matches!(answer, Answer::Allowed { .. }), "{answer:?}");
    assert_eq!(host.lent, [format!("alice:writ.{RESTART}=60579")]);
}

#[test]
fn an_action_that_the_policy_takes_back_ends_its_window() {
    let mut host = Host::with(with_actions(&[RESTART, REBOOT], Decision::Allow));
    host.ask(&alice(), window("operator"));
    host.tell(Event::PolicyLoaded(Arc::new(Policy::compile(with_actions(
        &[REBOOT],
        Decision::Allow,
    )))))
    .unwrap();
    assert_eq!(host.lent, [""; 0]);
}
