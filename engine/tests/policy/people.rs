//! Who may be asked.

use std::collections::BTreeSet;

use writ_engine::policy::{Approver, NAME_BYTES_MAX, Policy, Selector, SelectorError};

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
            keys: Vec::new(),
        };
        settings.approvers.insert(name.into(), approver);
    }
    Policy::compile(settings)
}

fn may(user: &str, groups: &[&str], from: &str) -> bool {
    let from: Vec<Selector> = from.split(' ').map(|name| name.parse().unwrap()).collect();
    policy().may_be_asked(&person(user, groups), &from)
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
