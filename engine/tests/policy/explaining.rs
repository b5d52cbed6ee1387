//! Why the policy says what it says.

use writ_engine::policy::{
    Decision, Fate, HostPattern, Member, Miss, Policy, RunAsFilter, Standing, Verdict,
};

use crate::commands::*;
use crate::limits::{AtNoon, at, until, when};

/// What became of the only rule of alice's only role.
fn fate(policy: &Policy, command: &writ_engine::facts::Command) -> String {
    let alice = person("alice", &["ops"]);
    let explained = policy.explain(&alice, command, nothing_covered);
    let Standing::Has(rules) = &explained.roles[0].standing else { panic!("not hers") };
    match &rules[0].fate {
        Fate::Decides => "decides".into(),
        Fate::Outranked => "outranked".into(),
        Fate::Preceded { by } => format!("preceded by {}", by.name),
        Fate::OtherRunAs => "other run_as".into(),
        Fate::OtherTime => "other time".into(),
        Fate::OtherFile => "other file".into(),
        Fate::Unmet => "unmet".into(),
        Fate::NoPattern { nearest: None } => "no pattern".into(),
        Fate::NoPattern { nearest: Some((pattern, Miss { agreed, difference })) } => {
            format!("{pattern}: {agreed}, {difference:?}")
        }
    }
}

fn one_rule(commands: &[&str]) -> Policy {
    policy(vec![role("one", &["alice"], vec![rule("r", commands, Decision::Allow)])])
}

#[test]
fn the_nearest_pattern_is_named_with_the_place_where_the_command_differs() {
    let policy = one_rule(&[
        "/usr/bin/id",
        "/usr/bin/systemctl restart nginx",
        "/usr/bin/systemctl status *",
    ]);
    let systemctl = |arguments: &[&str]| run("/usr/bin/systemctl", arguments);
    assert_eq!(
        fate(&policy, &systemctl(&["restart", "sshd"])),
        r#"/usr/bin/systemctl restart nginx: 2, Word { number: 2, wanted: "nginx", given: "sshd", climbs: false }"#
    );
    assert_eq!(
        fate(&policy, &systemctl(&["status"])),
        "/usr/bin/systemctl status *: 2, Count { wanted: 2, at_least: false, given: 1 }"
    );
    assert_eq!(
        fate(&policy, &run("/bin/sh", &[])),
        r#"/usr/bin/id: 0, Program { wanted: "/usr/bin/id" }"#
    );
    assert_eq!(fate(&policy, &edit(&["/etc/hosts"])), "/usr/bin/id: 0, Kind");
    assert_eq!(fate(&policy, &systemctl(&["restart", "nginx"])), "decides");
}

#[test]
fn a_word_that_climbs_is_told_as_the_reason() {
    let policy = one_rule(&["/bin/cat /var/log/*"]);
    assert_eq!(
        fate(&policy, &run("/bin/cat", &["/var/log/.."])),
        r#"/bin/cat /var/log/*: 1, Word { number: 1, wanted: "/var/log/*", given: "/var/log/..", climbs: true }"#
    );
}

#[test]
fn a_rule_for_other_users_or_behind_another_rule_is_told_as_that() {
    let mut postgres = rule("postgres", &["/bin/a"], Decision::Allow);
    let users = vec!["postgres".into()];
    postgres.run_as = RunAsFilter::Only { users, groups: Vec::new() };
    let rules = vec![
        postgres,
        rule("first", &["/bin/*"], Decision::Allow),
        rule("second", &["/bin/a"], Decision::Deny),
    ];
    let policy = policy(vec![role("one", &["alice"], rules)]);
    let alice = person("alice", &[]);
    let command = run("/bin/a", &[]);
    let explained = policy.explain(&alice, &command, nothing_covered);
    let Standing::Has(rules) = &explained.roles[0].standing else { panic!("not hers") };
    let fates: Vec<_> = rules.iter().map(|story| &story.fate).collect();
    assert!(matches!(
        fates.as_slice(),
        [Fate::OtherRunAs, Fate::Decides, Fate::Preceded { by }] if by.name == "first"
    ));
}

#[test]
fn roles_of_others_and_for_other_hosts_are_told_as_that() {
    let rules = || vec![rule("r", &["ALL"], Decision::Allow)];
    let mut elsewhere = role("b", &["%ops"], rules());
    elsewhere.hosts = vec![HostPattern::Name("db-*".into())];
    let denying = role("c", &["alice"], vec![rule("r", &["ALL"], Decision::Deny)]);
    let policy = policy(vec![
        role("a", &["bob"], rules()),
        elsewhere,
        denying,
        role("d", &["alice"], rules()),
    ]);
    let alice = person("alice", &["ops"]);
    let explained = policy.explain(&alice, &run("/bin/a", &[]), nothing_covered);
    let standings: Vec<_> = explained.roles.iter().map(|story| &story.standing).collect();
    assert_eq!(standings[..2], [&Standing::NotMember, &Standing::OtherHost]);
    assert!(matches!(standings[2], Standing::Has(rules) if rules[0].fate == Fate::Decides));
    assert!(matches!(standings[3], Standing::Has(rules) if rules[0].fate == Fate::Outranked));
}

#[test]
fn what_a_limited_rule_comes_to_is_told_as_it_is_decided() {
    let told = |limited| {
        let policy = policy(vec![role("one", &["alice"], vec![limited])]);
        let (alice, command) = (person("alice", &[]), run("/bin/a", &[]));
        let explained = policy.explain(&alice, &command, AtNoon::of(&command));
        let Standing::Has(rules) = &explained.roles[0].standing else { panic!("not hers") };
        (format!("{:?}", rules[0].fate), rules[0].doubt.clone())
    };
    assert_eq!(told(at(until(None), Decision::Allow)), ("OtherTime".into(), None));
    assert_eq!(told(when(Ok(false), Decision::Deny)), ("Unmet".into(), None));
    assert_eq!(told(when(Ok(true), Decision::Deny)), ("Decides".into(), None));
    let in_doubt = ("Decides".into(), Some("fog".into()));
    assert_eq!(told(when(Err("fog"), Decision::Allow)), in_doubt);
}

#[test]
fn a_role_that_leaves_a_member_out_is_told_as_that() {
    let mut leaves_out = role("a", &["%ops"], vec![rule("r", &["ALL"], Decision::Allow)]);
    leaves_out.except = vec![Member::User("alice".into())];
    let policy = policy(vec![leaves_out]);
    let alice = person("alice", &["ops"]);
    let explained = policy.explain(&alice, &run("/bin/a", &[]), nothing_covered);
    assert_eq!(explained.roles[0].standing, Standing::Excepted);
    assert!(matches!(explained.verdict, Verdict::Deny(_)));
}
