//! Sessions that services of PAM open, and commands that come in through it.

use std::collections::BTreeSet;
use std::sync::Arc;

use writ_engine::effect::{Answer, Refusal};
use writ_engine::event::{Event, Wish};
use writ_engine::facts::{Act, Aim, Door, RunAs, ServiceSession, Uid};
use writ_engine::policy::{Ask, Decision, Mode, Rule, RunAsFilter, Settings, Unmatched};
use writ_engine::record::{Outcome, What};

use crate::host::*;

/// Alice may look around as postgres by `su`, and is asked about for root.
fn with_services() -> Settings {
    let rule = |name: &str, user: &str, decision| Rule {
        name: name.into(),
        commands: vec![],
        services: BTreeSet::from(["su".to_string()]),
        run_as: RunAsFilter::Only { users: [user.to_string()].into(), groups: Vec::new() },
        decision,
        allow_writable: false,
        without_agent: writ_engine::policy::WithoutAgent::Deny,
        limits: None,
    };
    let mut settings = settings();
    settings.roles[0].rules.extend([
        rule("become postgres", "postgres", Decision::Allow),
        rule("become root", "root", Decision::Ask(Arc::new(Ask { count: 1, ..ask() }))),
        rule("never bob", "bob", Decision::Deny),
    ]);
    settings
}

fn session(service: &str, user: &str, uid: u32) -> Act {
    let run_as = RunAs { user: user.into(), uid: Uid(uid), group: None };
    let aim = Aim::Session(ServiceSession { service: service.into(), run_as, typed: vec![] });
    Act { door: Door::Pam, aim, ..restart() }
}

fn through_pam(act: Act) -> Act {
    Act { door: Door::Pam, ..act }
}

#[test]
fn a_service_that_no_rule_names_is_left_alone_without_a_record() {
    let mut host = Host::with(with_services());
    for service in ["cron", "sshd", "systemd-user", "su2"] {
        let (_, answer) = host.ask(&alice(), session(service, "root", 0));
        assert_eq!(answer, Answer::LeftAlone, "{service}");
    }
    assert!(host.story().is_empty());
}

#[test]
fn the_first_rule_for_the_service_and_its_target_decides() {
    let mut host = Host::with(with_services());
    let (_, answer) = host.ask(&alice(), session("su", "postgres", 110));
    assert!(matches!(answer, Answer::Allowed { .. }), "{answer:?}");
    let (_, answer) = host.ask(&alice(), session("su", "root", 0));
    assert!(matches!(answer, Answer::Waiting { .. }), "{answer:?}");
    let (_, answer) = host.ask(&alice(), session("su", "bob", 1001));
    let Answer::Denied { message, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(
        message,
        "the rule \"never bob\" of the role \"operator\" denies sessions of su as bob"
    );
}

#[test]
fn the_login_form_of_a_service_is_no_way_around_its_rules() {
    let mut host = Host::with(with_services());
    let (_, answer) = host.ask(&alice(), session("su-l", "root", 0));
    assert!(matches!(answer, Answer::Waiting { .. }), "{answer:?}");
    let (_, answer) = host.ask(&dave(), session("su-l", "root", 0));
    assert!(matches!(answer, Answer::Denied { .. }), "{answer:?}");
}

#[test]
fn who_has_no_role_for_a_service_that_others_have_is_as_unmatched_says() {
    for (unmatched, allowed) in [(Unmatched::Deny, false), (Unmatched::Pass, true)] {
        let mut host = Host::with(Settings { unmatched, ..with_services() });
        let (_, answer) = host.ask(&dave(), session("su", "root", 0));
        assert_eq!(matches!(answer, Answer::Allowed { .. }), allowed, "{answer:?}");
        assert_eq!(host.story(), ["decision.made"]);
    }
}

#[test]
fn root_comes_in_anywhere_and_is_on_record() {
    let mut host = Host::with(with_services());
    for service in ["su", "login", "sshd"] {
        let (attempt, answer) = host.ask(&root(), session(service, "root", 0));
        let Answer::Allowed { id, .. } = answer else { panic!("{answer:?}") };
        host.confirm(&attempt, id).unwrap();
    }
    assert_eq!(host.story(), ["decision.made", "command.started"].repeat(3));
}

#[test]
fn in_observe_mode_a_session_is_only_put_on_record() {
    let mut host = Host::with(Settings { mode: Mode::Observe, ..with_services() });
    for target in [("root", 0), ("bob", 1001)] {
        let (_, answer) = host.ask(&alice(), session("su", target.0, target.1));
        assert!(matches!(answer, Answer::Allowed { .. }), "{answer:?}");
    }
    let outcomes: Vec<Outcome> = host
        .records
        .iter()
        .filter_map(|record| match &record.what {
            What::DecisionMade(made) => Some(made.outcome),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes, [Outcome::WouldAsk, Outcome::Deny]);
}

#[test]
fn a_session_is_one_use_of_its_grant_and_ends_it() {
    let mut host = Host::with(with_services());
    let (attempt, id) = host.opened(&alice(), session("su", "root", 0));
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
    host.confirm(&attempt, id).unwrap();
    host.finish(&attempt, id).unwrap();
    assert_eq!(
        host.story(),
        [
            "request.opened",
            "decision.made",
            "grant.started",
            "command.started",
            "command.finished",
            "grant.ended"
        ]
    );
}

#[test]
fn nobody_decides_on_his_own_session_by_any_of_his_accounts() {
    let mut host = Host::with(with_services());
    let (_, id) = host.opened(&alice(), session("su", "root", 0));
    let as_bob = person("bob", 1001, Some(("alice", 1000)));
    for approver in [alice(), as_bob] {
        assert!(matches!(host.approve(&approver, id), Err(Refusal::NotYours(_))));
    }
    host.approve(&bob(), id).unwrap();
}

#[test]
fn a_window_of_the_role_stands_for_the_answer_to_a_session_too() {
    let mut host = Host::with(with_services());
    let window = host.opened_window(&alice(), None);
    let (attempt, answer) = host.ask(&alice(), session("su", "root", 0));
    let Answer::Allowed { id, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(id, window);
    host.confirm(&attempt, id).unwrap();
}

#[test]
fn a_command_has_the_same_verdict_through_pam_as_through_sudo() {
    let mut host = Host::new();
    for words in [&["/bin/look", "at"][..], &["/bin/never"], &["/bin/other"]] {
        let (_, by_sudo) = host.ask(&alice(), act(words));
        let (_, by_pam) = host.ask(&alice(), through_pam(act(words)));
        let kind = core::mem::discriminant::<Answer>;
        assert_eq!(kind(&by_sudo), kind(&by_pam), "{words:?}");
    }
    let (by_sudo, id) = host.opened(&alice(), restart());
    host.tell(Event::Left { attempt: by_sudo }).unwrap();
    let (attempt, joined) = host.opened(&alice(), through_pam(restart()));
    assert_eq!(joined, id, "it is the same question");
    host.approve(&bob(), id).unwrap();
    host.confirm(&attempt, id).unwrap();
}

#[test]
fn a_reason_that_nobody_can_be_asked_for_is_not_looked_for_in_an_environment() {
    let mut host = Host::with(with_services());
    let act = unattended(session("su", "root", 0));
    let (_, answer) = host.ask_with(&alice(), act, Wish::default());
    let Answer::Denied { message, .. } = answer else { panic!("{answer:?}") };
    assert!(!message.contains("WRIT_REASON") && message.contains("terminal"), "{message}");
}
