//! Rules for what is frequent and harmless.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use writ_engine::facts::{Action, Command};
use writ_engine::policy::{CommandPattern, Policy};

use super::tally::{OfRule, Remembered, Then};

/// How many are proposed, the most frequent first.
const PROPOSALS_MAX: usize = 20;

/// Folders whose programs are the host's own: of another, somebody else may be able to
/// say what it holds.
const FOLDERS: [&str; 4] = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"];

/// A rule to consider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Proposal {
    /// The role whose rule asks about it now; none where no role speaks of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<String>,
    /// Who did it.
    pub(super) users: BTreeSet<String>,
    /// As whom it ran.
    pub(super) run_as: String,
    /// How often.
    pub(super) acts: u64,
    /// The pattern: exactly this command.
    pub(super) command: String,
}

/// Commands that ran at least `frequent` times and would be asked about, or denied
/// because no role speaks of them; never what a rule denies, nor what can start a shell.
pub(super) fn of(
    policy: &Policy,
    remembered: &HashMap<(String, BTreeSet<String>, Command), Remembered>,
    rules: &[OfRule],
    frequent: u64,
) -> Vec<Proposal> {
    // The working directory says nothing in a pattern, nor do groups.
    let mut proposals: BTreeMap<(Option<String>, String, String), Proposal> = BTreeMap::new();
    for ((user, _, command), heard) in remembered {
        let role = rules.get(heard.rule).and_then(|rule| rule.source.role.as_ref());
        let wanted = match heard.then {
            Then::Asked => true,
            Then::Denied => role.is_none(),
            Then::Allowed | Then::Passed => false,
        };
        if !wanted || !is_harmless(command) {
            continue;
        }
        let Some(pattern) = pattern_of(command) else { continue };
        let run_as = command.run_as.user.clone();
        let proposal = proposals
            .entry((role.cloned(), run_as.clone(), pattern.clone()))
            .or_insert_with(|| Proposal {
                role: role.cloned(),
                users: BTreeSet::new(),
                run_as,
                acts: 0,
                command: pattern,
            });
        proposal.acts += heard.ran + heard.asked;
        proposal.users.insert(user.clone());
    }
    let known = |name: &String| policy.settings().roles.iter().any(|role| role.name == *name);
    let mut proposals: Vec<Proposal> = proposals
        .into_values()
        .filter(|proposal| proposal.acts >= frequent && proposal.role.as_ref().is_none_or(known))
        .collect();
    proposals.sort_by_key(|proposal| (std::cmp::Reverse(proposal.acts), proposal.command.clone()));
    proposals.truncate(PROPOSALS_MAX);
    proposals
}

fn is_harmless(command: &Command) -> bool {
    let folder = FOLDERS
        .iter()
        .any(|folder| command.path.strip_prefix(folder).is_some_and(|name| !name.contains('/')));
    let arguments = command.argv.iter().skip(1).map(String::as_str);
    // A name that the program is called by may make another of it.
    let called = command.argv.first().map_or("", String::as_str);
    let by_name = writ_policy::escape_of(called, arguments.clone());
    command.action == Action::Run
        && command.run_as.group.is_none()
        && folder
        && by_name.is_none()
        && writ_policy::escape_of(&command.path, arguments).is_none()
}

/// A pattern of exactly this command; nothing where its words cannot stand in a file.
fn pattern_of(command: &Command) -> Option<String> {
    let arguments = command.argv.get(1..).unwrap_or_default();
    let words = std::iter::once(&command.path).chain(arguments);
    let words: Option<Vec<String>> = words.map(|word| quoted(word)).collect();
    let pattern = words?.join(" ");
    let parsed: CommandPattern = pattern.parse().ok()?;
    parsed.matches(command).then_some(pattern)
}

/// A word of a pattern that is just this text; nothing for bytes that are no text, and
/// for what cannot be seen.
fn quoted(word: &str) -> Option<String> {
    if word.contains('\\') || writ_protocol::text::shown(word) != word {
        return None;
    }
    let plain = |c: char| !c.is_whitespace() && !"*?[]'\"".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Some(word.to_owned());
    }
    (!word.contains('\'')).then(|| format!("'{word}'"))
}
