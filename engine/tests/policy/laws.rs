//! What holds for every policy.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use writ_engine::policy::{Condition, Decision, Limits, Policy, Role, Times, Unmatched, Verdict};

use crate::commands::*;
use crate::limits::AtNoon;

const PATHS: [&str; 3] = ["/bin/a", "/bin/b", "/sbin/a"];

fn some_decision() -> impl Strategy<Value = Decision> {
    prop_oneof![Just(Decision::Allow), Just(Decision::Deny), (1_u32..4).prop_map(asking)]
}

fn some_rules() -> impl Strategy<Value = Vec<(&'static str, Decision)>> {
    let commands =
        select(vec!["/bin/a", "/bin/b", "/bin/*", "/bin/a *", "/bin/a **", "/bin/a x", "ALL"]);
    prop::collection::vec((commands, some_decision()), 0..4)
}

fn some_roles() -> impl Strategy<Value = Vec<Role>> {
    let members = prop::collection::vec(select(vec!["alice", "bob", "%ops", "%dev"]), 0..3);
    prop::collection::vec((members, some_rules()), 0..6).prop_map(|roles| {
        let named = roles.into_iter().enumerate().map(|(place, (members, rules))| {
            let rules =
                rules.into_iter().map(|(command, decision)| rule(command, &[command], decision));
            role(&format!("role{place}"), &members, rules.collect())
        });
        named.collect()
    })
}

fn some_command() -> impl Strategy<Value = writ_engine::facts::Command> {
    let arguments = prop::collection::vec(select(vec!["x", "y", ".."]), 0..3);
    (select(PATHS.to_vec()), arguments).prop_map(|(path, arguments)| run(path, &arguments))
}

/// How much a verdict lets through: nothing, with many people, with few, all.
fn openness(verdict: &Verdict<'_>) -> u32 {
    match verdict {
        Verdict::Deny(_) => 0,
        Verdict::Ask(asking) => 100 - asking.ask.count,
        Verdict::Covered(_) => 500,
        Verdict::Allow(_) | Verdict::Pass => 1000,
    }
}

/// The documented order, with no index.
fn naive(roles: &[Role], command: &writ_engine::facts::Command) -> u32 {
    let mine = |role: &&Role| {
        role.members.iter().any(|member| ["alice", "%ops"].contains(&member.to_string().as_str()))
    };
    let decisions: Vec<&Decision> = roles
        .iter()
        .filter(mine)
        .filter_map(|role| role.rules.iter().find(|rule| rule.commands[0].matches(command)))
        .map(|rule| &rule.decision)
        .collect();
    if decisions.contains(&&Decision::Deny) {
        return 0;
    }
    let opens = decisions.iter().map(|decision| match decision {
        Decision::Ask(ask) => 100 - ask.count,
        Decision::Allow => 1000,
        Decision::Deny => 0,
    });
    opens.max().unwrap_or(0)
}

/// Some rules of roles with conditions, all of which say this.
fn conditional(mut roles: Vec<Role>, limited: &[bool], said: &Result<bool, String>) -> Vec<Role> {
    let rules = roles.iter_mut().flat_map(|role| &mut role.rules);
    for (rule, _) in rules.zip(limited).filter(|(_, limited)| **limited) {
        let said = said.clone();
        let when = Some(Condition::new("a condition", move |_| said.clone()));
        let in_doubt = Some(Arc::new(ask(1)));
        rule.limits = Some(Box::new(Limits { when, in_doubt, times: Times::default() }));
    }
    roles
}

proptest! {
    #[test]
    fn doubt_never_allows_more_than_certainty(
        roles in some_roles(),
        limited in prop::collection::vec(any::<bool>(), 24),
        command in some_command(),
    ) {
        let alice = person("alice", &["ops"]);
        let open = |said: Result<bool, String>| {
            let policy = policy(conditional(roles.clone(), &limited, &said));
            openness(&policy.decide(&alice, &command, AtNoon::of(&command)))
        };
        prop_assert!(open(Err("fog".into())) <= open(Ok(true)));
    }

    #[test]
    fn the_index_says_what_reading_every_rule_says(roles in some_roles(), command in some_command()) {
        let alice = person("alice", &["ops"]);
        prop_assert_eq!(openness(&policy(roles.clone()).decide(&alice, &command, nothing_covered)), naive(&roles, &command));
    }

    #[test]
    fn the_order_of_roles_changes_nothing(
        (roles, shuffled) in some_roles().prop_flat_map(|roles| (Just(roles.clone()), Just(roles).prop_shuffle())),
        command in some_command(),
    ) {
        let alice = person("alice", &["ops"]);
        let (one, other) = (policy(roles), policy(shuffled));
        prop_assert_eq!(one.decide(&alice, &command, nothing_covered), other.decide(&alice, &command, nothing_covered));
    }

    #[test]
    fn one_more_deny_never_allows_more(roles in some_roles(), command in some_command(), path in select(PATHS.to_vec())) {
        let alice = person("alice", &["ops"]);
        let before = policy(roles.clone());
        let mut more = roles;
        more.push(role("zz", &["alice"], vec![rule("no", &[path, "/bin/a **"], Decision::Deny)]));
        let after = policy(more);
        prop_assert!(openness(&after.decide(&alice, &command, nothing_covered)) <= openness(&before.decide(&alice, &command, nothing_covered)));
    }

    #[test]
    fn a_member_less_never_allows_more_than_a_role_without_denials_did(
        roles in some_roles(),
        command in some_command(),
        place in 0_usize..6,
    ) {
        let alice = person("alice", &["ops"]);
        let before = policy(roles.clone());
        let mut fewer = roles;
        if let Some(role) = fewer.get_mut(place) {
            prop_assume!(role.rules.iter().all(|rule| rule.decision != Decision::Deny));
            role.members.clear();
        }
        let after = policy(fewer);
        prop_assert!(openness(&after.decide(&alice, &command, nothing_covered)) <= openness(&before.decide(&alice, &command, nothing_covered)));
    }

    #[test]
    fn who_has_no_role_gets_what_unmatched_says(roles in some_roles(), command in some_command()) {
        let stranger = person("carol", &[]);
        let pass = Policy::compile(writ_engine::policy::Settings { unmatched: Unmatched::Pass, ..settings(roles) });
        prop_assert_eq!(pass.decide(&stranger, &command, nothing_covered), Verdict::Pass);
    }
}
