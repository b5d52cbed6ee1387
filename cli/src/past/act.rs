//! One use of sudo.

use std::collections::BTreeSet;

use writ_engine::facts::{Action, Command, RunAs, Uid};

use super::day::Day;

/// The number of a target user whom the log names without one, root aside: no user has
/// it (`(uid_t) -1`).
const NO_NUMBER: u32 = u32::MAX;

/// Editors, as sudo starts them for sudoedit: with `--` and the files, which its log does
/// not tell from a command otherwise.
const EDITORS: [&str; 11] = [
    "editor",
    "sensible-editor",
    "vi",
    "vim",
    "vim.basic",
    "vim.tiny",
    "nano",
    "emacs",
    "ed",
    "pico",
    "rnano",
];

/// What somebody did, or tried to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Act {
    /// On which day, where it is told.
    pub(crate) day: Option<Day>,
    /// Who.
    pub(crate) user: String,
    /// His groups then, where they are on record.
    pub(crate) groups: Option<BTreeSet<String>>,
    /// What.
    pub(crate) command: Command,
    /// What became of it.
    pub(crate) today: Today,
}

/// What became of an act by what was in force then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Today {
    /// It ran without a question.
    Ran,
    /// People were asked.
    Asked,
    /// It was refused.
    Refused,
}

/// A command as a log has it: words in the wire's form.
pub(super) fn command(
    path: String,
    mut argv: Vec<String>,
    cwd: String,
    user: &str,
    number: Option<u32>,
    group: Option<String>,
) -> Command {
    let number = number.unwrap_or(if user == "root" { 0 } else { NO_NUMBER });
    let run_as = RunAs { user: user.to_owned(), uid: Uid(number), group };
    let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
    let edits = EDITORS.contains(&name) && argv.get(1).is_some_and(|word| word == "--");
    if edits || path == "sudoedit" {
        argv.drain(..if edits { 2 } else { argv.len().min(1) });
        return Command {
            path: "/usr/bin/sudoedit".to_owned(),
            argv,
            cwd,
            run_as,
            action: Action::Edit,
        };
    }
    Command { path, argv, cwd, run_as, action: Action::Run }
}
