//! Roles, rules, and what they come to.

use writ_engine::facts::{RunAs, Uid};
use writ_engine::policy::{
    Decision, HostPattern, Policy, RunAsFilter, Settings, Unmatched, Verdict, Why,
};

use crate::commands::*;

fn alice() -> writ_engine::facts::Person {
    person("alice", &["ops"])
}

/// The verdict in one word.
fn says(policy: &Policy, path: &str) -> String {
    match policy.decide(&alice(), &run(path, &[]), nothing_covered) {
        Verdict::Allow(source) => format!("allow by {}", source.role.unwrap()),
        Verdict::Deny(Why::SessionRule { .. } | Why::SessionUnmatched { .. }) => {
            panic!("it is no session")
        }
        Verdict::Deny(Why::Rule { role, .. } | Why::InDoubt { role, .. }) => {
            format!("deny by {role}")
        }
        Verdict::Deny(Why::Unmatched { .. }) => "deny".into(),
        Verdict::Ask(asking) => {
            format!("ask {} by {}", asking.ask.count, asking.source.role.unwrap_or_default())
        }
        Verdict::Covered(asking) => {
            format!("covered by {}", asking.source.role.unwrap_or_default())
        }
        Verdict::Pass => "pass".into(),
    }
}

#[test]
fn the_first_matching_rule_of_a_role_decides() {
    let rules = vec![
        rule("no", &["/bin/a"], Decision::Deny),
        rule("yes", &["/bin/*", "/bin/a"], Decision::Allow),
    ];
    let policy = policy(vec![role("one", &["alice"], rules)]);
    assert_eq!(says(&policy, "/bin/a"), "deny by one");
    assert_eq!(says(&policy, "/bin/b"), "allow by one");
    assert_eq!(says(&policy, "/sbin/b"), "deny");
}

#[test]
fn of_all_roles_deny_wins_then_allow_then_the_fewest_people() {
    let one = |name: &str, decision| role(name, &["%ops"], vec![rule("r", &["/bin/a"], decision)]);
    let (three, two, other_two) = (one("a", asking(3)), one("c", asking(2)), one("b", asking(2)));
    let (allow, deny) = (one("d", Decision::Allow), one("e", Decision::Deny));
    let mut roles = vec![three];
    assert_eq!(says(&policy(roles.clone()), "/bin/a"), "ask 3 by a");
    roles.push(two);
    assert_eq!(says(&policy(roles.clone()), "/bin/a"), "ask 2 by c");
    roles.push(other_two);
    assert_eq!(says(&policy(roles.clone()), "/bin/a"), "ask 2 by b");
    roles.push(allow);
    assert_eq!(says(&policy(roles.clone()), "/bin/a"), "allow by d");
    roles.push(deny);
    assert_eq!(says(&policy(roles), "/bin/a"), "deny by e");
}

#[test]
fn only_the_roles_that_a_person_has_count() {
    let allow = || vec![rule("r", &["ALL"], Decision::Allow)];
    assert_eq!(says(&policy(vec![role("one", &["bob"], allow())]), "/bin/a"), "deny");
    assert_eq!(says(&policy(vec![role("one", &["%alice"], allow())]), "/bin/a"), "deny");
    assert_eq!(says(&policy(vec![role("one", &["%ops"], allow())]), "/bin/a"), "allow by one");
    assert!(policy(vec![role("one", &["%ops"], allow())]).has_role(&alice(), "one"));
}

#[test]
fn a_role_counts_on_its_hosts_only() {
    for (hosts, counts) in [
        (vec![], true),
        (vec![HostPattern::Name("web-*".into())], true),
        (vec![HostPattern::Name("WEB-1".into())], true),
        (vec![HostPattern::Name("*eb*1".into())], true),
        (vec![HostPattern::Name("web".into())], false),
        (vec![HostPattern::Name("db-*".into()), HostPattern::Tag("prod".into())], true),
        (vec![HostPattern::Tag("test".into())], false),
    ] {
        let mut one = role("one", &["alice"], vec![rule("r", &["ALL"], Decision::Allow)]);
        one.hosts.clone_from(&hosts);
        assert_eq!(says(&policy(vec![one]), "/bin/a") == "allow by one", counts, "{hosts:?}");
    }
}

#[test]
fn a_rule_may_be_for_some_target_users_and_groups_only() {
    let mut only = rule("r", &["ALL"], Decision::Allow);
    only.run_as = RunAsFilter::Only {
        users: vec!["web".to_string(), "#33".to_string()],
        groups: vec!["adm".to_string()],
    };
    let policy = policy(vec![role("one", &["alice"], vec![only])]);
    for (user, uid, group, allowed) in [
        ("web", 80, None, true),
        ("web", 80, Some("adm"), true),
        ("web", 80, Some("sudo"), false),
        ("other", 33, None, true),
        ("root", 0, None, false),
    ] {
        let mut command = run("/bin/a", &[]);
        command.run_as = RunAs { user: user.into(), uid: Uid(uid), group: group.map(Into::into) };
        let verdict = policy.decide(&alice(), &command, nothing_covered);
        assert_eq!(matches!(verdict, Verdict::Allow(_)), allowed, "{user} {group:?}");
    }
}

#[test]
fn a_rule_for_another_target_leaves_the_next_rule_to_decide() {
    let mut web = rule("web", &["ALL"], Decision::Deny);
    let users = vec!["web".to_string()];
    web.run_as = RunAsFilter::Only { users, groups: Vec::new() };
    let rules = vec![web, rule("any", &["ALL"], Decision::Allow)];
    assert_eq!(says(&policy(vec![role("one", &["alice"], rules)]), "/bin/a"), "allow by one");
}

#[test]
fn what_no_role_speaks_of_is_as_unmatched_says() {
    for (unmatched, says_so) in
        [(Unmatched::Deny, "deny"), (Unmatched::Pass, "pass"), (Unmatched::Ask, "ask 1 by ")]
    {
        let policy = Policy::compile(Settings { unmatched, ..settings(vec![]) });
        assert_eq!(says(&policy, "/bin/a"), says_so);
    }
}

#[test]
fn an_open_window_stands_for_an_answer_and_never_for_a_denial() {
    let asks = |name| role(name, &["alice"], vec![rule("a", &["/bin/a"], asking(2))]);
    let no = role("no", &["alice"], vec![rule("a", &["/bin/a"], Decision::Deny)]);
    let covers =
        |open: &'static str| move |role: &str, _ask: &writ_engine::policy::Ask| role == open;
    let decide =
        |policy: &Policy, open| match policy.decide(&alice(), &run("/bin/a", &[]), covers(open)) {
            Verdict::Covered(asking) => asking.source.role,
            _ => None,
        };
    let two = policy(vec![asks("one"), asks("two")]);
    assert_eq!(decide(&two, "two").as_deref(), Some("two"));
    assert_eq!(decide(&two, "three"), None);
    assert_eq!(decide(&policy(vec![asks("one"), no]), "one"), None);
    let allows = role("yes", &["alice"], vec![rule("a", &["/bin/a"], Decision::Allow)]);
    assert_eq!(decide(&policy(vec![asks("one"), allows]), "one"), None);
}

#[test]
fn who_is_excepted_has_the_role_through_no_account() {
    let mut of_ops = role("one", &["alice", "%ops"], vec![rule("r", &["ALL"], Decision::Allow)]);
    of_ops.except = vec!["mallory".parse().unwrap(), "%contractors".parse().unwrap()];
    let policy = policy(vec![of_ops]);
    let mallory = person("mallory", &["ops"]);
    let has = |person: &writ_engine::facts::Person| policy.has_role(person, "one");
    assert!(has(&person("alice", &[])) && has(&person("bob", &["ops"])));
    assert!(!has(&mallory) && !has(&person("alice", &["contractors"])));
    let mallory_in_alice =
        writ_engine::facts::Person { login: Some(mallory.account), ..person("alice", &[]) };
    assert!(!has(&mallory_in_alice));
    let verdict = policy.decide(&mallory_in_alice, &run("/bin/a", &[]), nothing_covered);
    assert!(matches!(verdict, Verdict::Deny(_)), "{verdict:?}");
}

#[test]
fn a_role_is_not_for_hosts_that_it_excepts() {
    for (except, expected) in [("web-*", false), ("db-*", true)] {
        let mut role = role("one", &["alice"], vec![rule("r", &["ALL"], Decision::Allow)]);
        role.except_hosts = vec![HostPattern::Name(except.into())];
        let policy = policy(vec![role]);
        assert_eq!(policy.has_role(&person("alice", &[]), "one"), expected, "{except}");
    }
}
