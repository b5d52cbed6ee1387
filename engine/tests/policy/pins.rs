//! Rules that are pinned to files.

use writ_engine::facts::Evidence;
use writ_engine::policy::{
    Ask, Circumstances, Decision, Fate, FileSeen, Limits, NothingKnown, Policy, Rule, Standing,
    Verdict,
};

use crate::commands::{asking, nothing_covered, person, policy, role, rule, run};

const GOOD: &str = "aa";

/// Somebody looked at the file, or did not.
struct Looked<'a>(Option<&'a Evidence>);

impl Circumstances for Looked<'_> {
    fn covers(&self, _: &str, _: &Ask) -> bool {
        false
    }

    fn file(&self) -> FileSeen<'_> {
        self.0.map_or(FileSeen::Not, FileSeen::As)
    }
}

fn pinned(decision: Decision) -> Rule {
    let sha256 = vec!["bb".into(), GOOD.into()];
    let limits = Limits { sha256, ..Limits::default() };
    Rule { limits: Some(Box::new(limits)), ..rule("pinned", &["/bin/a"], decision) }
}

/// The pinned rule, and another of which three must approve after it.
fn before_three(pinned: Rule) -> Policy {
    policy(vec![role("one", &["alice"], vec![pinned, rule("others", &["ALL"], asking(3))])])
}

fn says(policy: &Policy, of: impl Circumstances) -> String {
    match policy.decide(&person("alice", &[]), &run("/bin/a", &[]), of) {
        Verdict::Allow(_) => "allow".into(),
        Verdict::Deny(_) => "deny".into(),
        Verdict::Ask(asking) => format!("ask {}", asking.ask.count),
        other => panic!("{other:?}"),
    }
}

fn found(sha256: Option<&str>, writable: Option<&str>) -> Evidence {
    Evidence { sha256: sha256.map(str::to_owned), writable: writable.map(str::to_owned) }
}

#[test]
fn a_pinned_rule_speaks_of_its_files_and_of_no_other() {
    for (decision, word) in
        [(Decision::Allow, "allow"), (Decision::Deny, "deny"), (asking(1), "ask 1")]
    {
        let policy = before_three(pinned(decision));
        for (sha256, wanted) in
            [(GOOD, word), ("bb", word), ("cc", "ask 3"), ("a", "ask 3"), ("", "ask 3")]
        {
            let found = found(Some(sha256), None);
            assert_eq!(says(&policy, Looked(Some(&found))), wanted, "{word} {sha256:?}");
        }
    }
}

#[test]
fn of_a_file_that_nobody_can_read_a_pin_allows_nothing_and_a_no_stands() {
    for (decision, wanted) in
        [(Decision::Allow, "ask 3"), (Decision::Deny, "deny"), (asking(1), "ask 1")]
    {
        let policy = before_three(pinned(decision));
        assert_eq!(says(&policy, Looked(Some(&found(None, None)))), wanted);
        assert_eq!(says(&policy, Looked(None)), wanted);
        assert_eq!(says(&policy, nothing_covered), wanted);
    }
}

#[test]
fn a_pin_allows_nothing_of_a_file_that_the_requester_may_make_another_of() {
    let his = found(Some(GOOD), Some("/bin"));
    let trusting = Rule { allow_writable: true, ..pinned(Decision::Allow) };
    for (rule, wanted) in [
        (pinned(Decision::Allow), "ask 3"),
        (trusting, "allow"),
        (pinned(Decision::Deny), "deny"),
        (pinned(asking(1)), "ask 1"),
    ] {
        assert_eq!(says(&before_three(rule), Looked(Some(&his))), wanted);
    }
}

#[test]
fn where_files_are_not_looked_at_for_good_the_pinned_one_is_supposed() {
    assert_eq!(says(&before_three(pinned(Decision::Allow)), NothingKnown), "allow");
}

#[test]
fn a_file_is_looked_at_only_where_a_rule_of_the_persons_is_pinned_to_it() {
    let mine =
        role("one", &["alice"], vec![pinned(Decision::Allow), rule("b", &["/bin/b"], asking(1))]);
    let policy = policy(vec![mine]);
    assert!(policy.has_pins());
    let hangs = |who: &str, path: &str| policy.hangs_on_file(&person(who, &[]), &run(path, &[]));
    assert!(hangs("alice", "/bin/a"));
    assert!(!hangs("alice", "/bin/b"));
    assert!(!hangs("bob", "/bin/a"));
    let unpinned = crate::commands::policy(vec![role(
        "one",
        &["alice"],
        vec![rule("a", &["/bin/a"], Decision::Allow)],
    )]);
    assert!(!unpinned.has_pins());
    assert!(!unpinned.hangs_on_file(&person("alice", &[]), &run("/bin/a", &[])));
}

#[test]
fn explain_says_of_which_rule_it_is_another_file() {
    let policy = before_three(pinned(Decision::Allow));
    let other = found(Some("cc"), None);
    let told = policy.explain(&person("alice", &[]), &run("/bin/a", &[]), Looked(Some(&other)));
    let Standing::Has(rules) = &told.roles[0].standing else { panic!() };
    let fates: Vec<_> = rules.iter().map(|story| &story.fate).collect();
    assert_eq!(fates, [&Fate::OtherFile, &Fate::Decides]);
}
