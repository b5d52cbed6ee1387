//! What the files of commands are, and rules that are pinned to them.

use std::collections::BTreeMap;

use writ_engine::facts::{Command, Evidence, Person};
use writ_engine::policy::{Decision, Limits, Rule, Settings};

use crate::random::Random;
use crate::rules::{Says, says};

/// What the file of a command is, after so many replacements.
pub(crate) fn digest(path: &str, files: &BTreeMap<String, u32>) -> String {
    format!("{path} {}", files.get(path).unwrap_or(&0))
}

/// A file of that digest, in a place of root's.
pub(crate) fn as_on_record(sha256: &Option<String>) -> Evidence {
    Evidence { sha256: sha256.clone(), writable: None }
}

/// Pins a rule to the file that is there, or to others.
pub(crate) fn pin(random: &mut Random, rule: &mut Rule, path: &str, files: &BTreeMap<String, u32>) {
    let next = files.get(path).unwrap_or(&0) + 1;
    let (now, next) = (digest(path, files), format!("{path} {next}"));
    let all = [vec![now.clone()], vec![now.clone()], vec![now, next.clone()], vec![next]];
    let sha256 = random.pick(&all).clone();
    rule.limits = Some(Box::new(Limits { sha256, ..Limits::default() }));
}

/// Whether a rule speaks of a command, by its patterns and by what it is pinned to.
pub(crate) fn speaks(rule: &Rule, command: &Command, file: &Evidence) -> bool {
    let of_file = || match (pins(rule), &file.sha256) {
        ([], _) => true,
        (pins, Some(sha256)) if !pins.contains(sha256) => false,
        (_, Some(_)) if file.writable.is_none() => true,
        // Nobody knows as what it would start: what refuses or asks still does.
        _ => rule.decision != Decision::Allow,
    };
    rule.commands.iter().any(|pattern| pattern.matches(command)) && of_file()
}

fn pins(rule: &Rule) -> &[String] {
    rule.limits.as_ref().map_or(&[], |limits| &limits.sha256)
}

/// The digests of the rules that allow a command to a person, where any other file of it
/// is not allowed.
pub(crate) fn pins_that_allow(
    settings: &Settings,
    person: &Person,
    command: &Command,
) -> Option<Vec<String>> {
    let all = settings.roles.iter().flat_map(|role| &role.rules).flat_map(pins);
    let allowed = |sha256: &str| {
        says(settings, person, command, &as_on_record(&Some(sha256.to_owned()))) == Says::Allow
    };
    let another = "nobody has seen this one";
    (!allowed(another)).then(|| all.filter(|sha256| allowed(sha256)).cloned().collect())
}
