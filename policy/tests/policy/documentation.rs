//! The reference in `docs/policy.md`: its examples are read, and no key is left out.

use writ_engine::policy::Settings;

use crate::{read, taken};

const REFERENCE: &str = include_str!("../../../docs/policy.md");
const FOLDER: &str = "# /etc/writ/";

/// The examples of the reference, with what stands after the path in their first
/// lines.
fn examples() -> Vec<(&'static str, &'static str, &'static str)> {
    REFERENCE
        .split("```toml\n")
        .skip(1)
        .map(|rest| {
            let (text, _) = rest.split_once("```").expect("an example has an end");
            let first = text.lines().next().and_then(|line| line.strip_prefix(FOLDER));
            let first = first.expect("an example begins with its path");
            let (name, remark) = first.split_once(": ").unwrap_or((first, ""));
            (name, remark, text)
        })
        .collect()
}

#[test]
fn the_examples_make_one_policy() {
    let files: Vec<_> = examples()
        .into_iter()
        .filter(|(_, remark, _)| remark.is_empty())
        .map(|(name, _, text)| (name, text))
        .collect();
    assert_eq!(files.len(), 11);
    let loaded = taken(&files);
    assert_eq!(loaded.policy.settings().roles.len(), 7);
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_defaults_are_those_that_hold() {
    let (name, _, text) = examples()
        .into_iter()
        .find(|(_, remark, _)| *remark == "every key with its default")
        .expect("the defaults are in the reference");
    let (stated, real) = (taken(&[(name, text)]), taken(&[]));
    let stated = Settings {
        digest: real.policy.settings().digest.clone(),
        ..stated.policy.settings().clone()
    };
    assert_eq!(&stated, real.policy.settings());
}

#[test]
fn every_key_is_explained() {
    let wrong = "x = 1\n";
    let asked = "[role.a]\nx = 1\nmembers = []\nask = { x = 1 }\n[[role.a.rule]]\nx = 1\n";
    let everything = read(&[
        (
            "writ.toml",
            &format!(
                "{wrong}[ask]\n{wrong}[noninteractive]\n{wrong}[sessions]\n{wrong}[break_glass]\n{wrong}[audit]\n{wrong}[hub]\n{wrong}"
            ),
        ),
        ("roles.d/a.toml", asked),
        (
            "approvers.d/a.toml",
            &format!(
                "[approver.a]\n{wrong}[approver.a.away]\n{wrong}[on_call.a]\n{wrong}[[on_call.a.shifts]]\n{wrong}"
            ),
        ),
    ]);
    let told = everything.expect_err("these keys are unknown").to_string();
    let mut keys = 0;
    for (_, listed) in told.lines().filter_map(|line| line.split_once("the keys here are ")) {
        for key in listed.split(", ").map(|key| key.trim_matches('`')) {
            keys += 1;
            let explained = [format!("| `{key}` |"), format!("`[{key}]`"), format!("` `{key}` |")]
                .iter()
                .any(|cell| REFERENCE.contains(cell));
            // The key of a list of rules is explained by its own table.
            assert!(explained || key == "rule", "`{key}` is not in docs/policy.md");
        }
    }
    assert!(keys > 30, "only {keys} keys were found");
}
