//! What holds for every policy.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use writ_engine::policy::{
    Condition, Decision, Fate, Limits, Policy, Role, Standing, Unmatched, Verdict, Why,
};
use writ_engine::record::Source;

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

/// The role and rule that a verdict names.
fn source(verdict: &Verdict<'_>) -> Source {
    match verdict {
        Verdict::Allow(source) => source.clone(),
        Verdict::Deny(why) => Why::source(why),
        Verdict::Ask(asking) | Verdict::Covered(asking) => asking.source.clone(),
        Verdict::Pass => Source::default(),
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
        rule.limits = Some(Box::new(Limits { when, in_doubt, ..Limits::default() }));
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
    fn explain_names_the_rule_that_decide_used(
        roles in some_roles(),
        command in some_command(),
        covered in select(vec!["role0", "role1", "role2", "none"]),
    ) {
        let alice = person("alice", &["ops"]);
        let policy = policy(roles);
        let covers = |role: &str, _: &writ_engine::policy::Ask| role == covered;
        let (decided, explained) = (
            policy.decide(&alice, &command, covers),
            policy.explain(&alice, &command, covers),
        );
        prop_assert_eq!(&explained.verdict, &decided);
        let mut deciding = Vec::new();
        for story in &explained.roles {
            let Standing::Has(rules) = &story.standing else { continue };
            prop_assert_eq!(rules.len(), story.role.rules.len());
            for heard in rules {
                // What is said not to match does not, and what is said to match does.
                let matching = heard.rule.commands.iter().any(|pattern| pattern.matches(&command));
                let said = !matches!(heard.fate, Fate::NoPattern { .. });
                prop_assert_eq!(matching, said);
                if heard.fate == Fate::Decides {
                    let (role, rule) = (story.role.name.clone(), heard.rule.name.clone());
                    deciding.push(Source { role: Some(role), rule: Some(rule), doubt: heard.doubt.clone() });
                }
            }
        }
        let spoke = source(&decided);
        prop_assert_eq!(deciding, if spoke == Source::default() { vec![] } else { vec![spoke] });
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
    fn one_more_deny_in_any_place_of_a_role_never_allows_more(
        roles in some_roles(),
        command in some_command(),
        denied in select(vec!["/bin/a", "/bin/*", "/bin/a **", "/bin/a x", "ALL"]),
        (role, place) in (0_usize..6, 0_usize..5),
    ) {
        let alice = person("alice", &["ops"]);
        let before = policy(roles.clone());
        let mut more = roles;
        if let Some(role) = more.get_mut(role) {
            let place = place.min(role.rules.len());
            role.rules.insert(place, rule("no", &[denied], Decision::Deny));
        }
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

fn some_pattern() -> impl Strategy<Value = String> {
    let path = select(vec!["/bin/a", "/bin/*", "/bin/?", "/*/a", "/bin/a*b", "/bin/*b*"]);
    let words = select(vec!["x", "*", "/v/*", "/v/?", "/v/a*", "/v/*a", "/v/..", "/v/x"]);
    let rest = select(vec!["", " **"]);
    (path, prop::collection::vec(words, 0..3), rest).prop_map(|(path, words, rest)| {
        let words: String = words.into_iter().map(|word| format!(" {word}")).collect();
        format!("{path}{words}{rest}")
    })
}

proptest! {
    #[test]
    fn a_pattern_that_covers_another_matches_whatever_that_one_matches(
        (ours, theirs) in (some_pattern(), some_pattern()),
        path in select(vec!["/bin/a", "/bin/b", "/bin/ab", "/bin/axb", "/sbin/a", "/bin/bb"]),
        words in prop::collection::vec(select(vec!["x", "/v/x", "/v/a", "/v/..", "/v/aa", "/v/", "*"]), 0..4),
    ) {
        let parse = |text: &str| writ_engine::policy::CommandPattern::parse(text).unwrap();
        let (ours, theirs) = (parse(&ours), parse(&theirs));
        let command = run(path, &words);
        if ours.covers(&theirs) && theirs.matches(&command) {
            prop_assert!(ours.matches(&command), "{} over {}", ours, theirs);
        }
        prop_assert!(ours.covers(&ours));
        if ours.matches(&command) {
            prop_assert!(ours.may_run(path));
            for word in &words {
                prop_assert!(ours.may_have_argument(|argument| argument == *word));
            }
            if let Some(first) = words.first() {
                prop_assert!(ours.may_begin_with(first));
            }
        }
    }
}
