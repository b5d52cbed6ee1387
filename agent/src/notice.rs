//! Lines on the terminals of approvers who are logged in.
//!
//! A line points to the question, it is not the question: it is escaped, it is
//! one line, and each terminal gets few of them ([`Quota`]). Whoever has turned
//! messages off (mesg(1)) gets none.

use std::collections::HashMap;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use writ_engine::facts::Uid;
use writ_engine::time::{BootTime, Span};

/// How many lines a terminal gets in [`WINDOW`].
const LINES_MAX: u32 = 6;

/// Over which lines are counted.
const WINDOW: Span = Span::from_secs(60);

/// How many terminals are remembered.
const TERMINALS_MAX: usize = 4096;

/// The longest command in a line, in characters; what is longer is cut, and the
/// line says where the whole of it is.
const COMMAND_CHARACTERS_MAX: usize = 160;

/// The permission bit of a terminal that takes messages (mesg(1)).
const TAKES_MESSAGES: u32 = 0o020;

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The request.
    pub id: String,
    /// Who asks.
    pub user: String,
    /// The command, escaped.
    pub command: String,
    /// Whom it is to run as.
    pub run_as: String,
}

impl Notice {
    /// The line.
    #[must_use]
    pub(crate) fn line(&self) -> String {
        let Self { id, user, command, run_as } = self;
        let mut shown: String = command.chars().take(COMMAND_CHARACTERS_MAX).collect();
        if shown.len() < command.len() {
            shown.push_str("… (there is more)");
        }
        format!(
            "\r\nwrit: {user} asks to run as {run_as}: {shown}\r\nwrit: look and decide: writ approve {id}\r\n"
        )
    }
}

/// How many lines each terminal has had.
#[derive(Debug, Default)]
pub(crate) struct Quota {
    terminals: HashMap<PathBuf, (BootTime, u32)>,
}

/// What a terminal may have now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowance {
    /// The line.
    Line,
    /// A word that more are waiting, and then nothing for a while.
    Summary,
    /// Nothing.
    Silence,
}

impl Quota {
    /// Takes one line from what a terminal may have.
    pub(crate) fn take(&mut self, terminal: &Path, now: BootTime) -> Allowance {
        if self.terminals.len() >= TERMINALS_MAX {
            self.terminals.retain(|_, (began, _)| now.since(*began) < WINDOW);
        }
        if self.terminals.len() >= TERMINALS_MAX && !self.terminals.contains_key(terminal) {
            return Allowance::Silence;
        }
        let (began, lines) = self.terminals.entry(terminal.to_owned()).or_insert((now, 0));
        if now.since(*began) >= WINDOW {
            (*began, *lines) = (now, 0);
        }
        *lines = lines.saturating_add(1);
        match (*lines).cmp(&LINES_MAX) {
            std::cmp::Ordering::Less => Allowance::Line,
            std::cmp::Ordering::Equal => Allowance::Summary,
            std::cmp::Ordering::Greater => Allowance::Silence,
        }
    }
}

/// The line in place of those that are too many.
pub(crate) const SUMMARY: &str = "\r\nwrit: more requests wait for you: writ pending\r\n";

/// Writes to a terminal of `owner` without ever waiting for it. Blocks on nothing
/// but the opening of the device.
pub(crate) fn write(terminal: &Path, owner: Uid, line: &str) {
    let flags =
        rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
    let Ok(flags) = i32::try_from(flags.bits()) else { return };
    let Ok(mut device) = File::options().write(true).custom_flags(flags).open(terminal) else {
        return;
    };
    let Ok(found) = device.metadata() else { return };
    let his = found.uid() == owner.0 && found.mode() & TAKES_MESSAGES != 0;
    if his && device.is_terminal() {
        // A terminal that is stopped (Ctrl-S) loses the line; `writ pending` has it.
        let _ = device.write(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_flooded() {
        let mut quota = Quota::default();
        let terminal = Path::new("/dev/pts/1");
        let now = BootTime(1000);
        let taken: Vec<Allowance> = (0..100).map(|_| quota.take(terminal, now)).collect();
        assert_eq!(taken.iter().filter(|a| **a == Allowance::Line).count(), 5);
        assert_eq!(taken.iter().filter(|a| **a == Allowance::Summary).count(), 1);
        assert_eq!(quota.take(terminal, now.after(WINDOW)), Allowance::Line);
        assert_eq!(quota.take(Path::new("/dev/pts/2"), now), Allowance::Line);
    }

    #[test]
    fn a_long_command_is_cut_and_says_so() {
        let notice = Notice {
            id: "7K3M-Q2".to_owned(),
            user: "alice".to_owned(),
            command: "x".repeat(10_000),
            run_as: "root".to_owned(),
        };
        let line = notice.line();
        assert!(
            line.len() < 400
                && line.contains("there is more")
                && line.contains("writ approve 7K3M-Q2")
        );
    }
}
