//! Lines on the terminals of approvers who are logged in.
//!
//! A line points to the question, it is not the question: it is escaped, it is
//! one line, and each terminal gets few of them ([`Quota`]). Whoever has turned
//! messages off (mesg(1)) gets none.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use writ_engine::facts::Uid;
use writ_engine::id::RequestId;
use writ_engine::time::{BootTime, Span};

/// How many lines a terminal gets in [`WINDOW`], each about a request.
const LINES_MAX: u32 = 5;

/// How long requests are gathered for the one line that tells of those beyond that.
const DIGEST_AFTER: Span = Span::from_secs(10);

/// How many requests are held back from one terminal and counted.
const HELD_MAX: usize = 1024;

/// Over which lines are counted; and between two lines that tell of many.
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

/// A terminal of somebody: its name goes on to the next who logs in.
pub(crate) type Screen = (PathBuf, Uid);

/// What each terminal has had, and what is held back from it.
#[derive(Debug, Default)]
pub(crate) struct Quota {
    terminals: HashMap<Screen, Had>,
}

#[derive(Debug)]
struct Had {
    /// Since when lines are counted.
    since: BootTime,
    lines: u32,
    /// The requests whose lines it did not get.
    held: BTreeSet<RequestId>,
    /// When it may be told of these at the earliest.
    digest_at: BootTime,
}

/// What a terminal may have now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowance {
    /// The line.
    Line,
    /// Nothing; after so long, one line for all that is held back by then.
    DigestAfter(Span),
    /// Nothing; that one line comes already.
    Held,
}

impl Quota {
    /// Takes the line of a request from what a terminal may have.
    pub(crate) fn take(&mut self, terminal: &Screen, id: RequestId, now: BootTime) -> Allowance {
        if self.terminals.len() >= TERMINALS_MAX {
            self.terminals.retain(|_, had| now.since(had.since) < WINDOW || !had.held.is_empty());
        }
        if self.terminals.len() >= TERMINALS_MAX && !self.terminals.contains_key(terminal) {
            return Allowance::Held;
        }
        let fresh = || Had { since: now, lines: 0, held: BTreeSet::new(), digest_at: now };
        let had = self.terminals.entry(terminal.clone()).or_insert_with(fresh);
        if now.since(had.since) >= WINDOW {
            (had.since, had.lines) = (now, 0);
        }
        // What is held back is told first.
        if had.held.is_empty() && had.lines < LINES_MAX {
            had.lines = had.lines.saturating_add(1);
            return Allowance::Line;
        }
        let first = had.held.is_empty();
        if had.held.len() < HELD_MAX {
            had.held.insert(id);
        }
        if !first {
            return Allowance::Held;
        }
        let at = had.digest_at.max(now.after(DIGEST_AFTER));
        had.digest_at = at.after(WINDOW);
        Allowance::DigestAfter(at.since(now))
    }

    /// What was held back from a terminal, to be told in one line now.
    pub(crate) fn digest(&mut self, terminal: &Screen) -> BTreeSet<RequestId> {
        self.terminals
            .get_mut(terminal)
            .map(|had| std::mem::take(&mut had.held))
            .unwrap_or_default()
    }
}

/// The line in place of those of so many requests.
pub(crate) fn digest_line(requests: usize) -> String {
    let (more, wait) = match requests {
        1 => ("1 more request".to_owned(), "waits"),
        HELD_MAX.. => (format!("{HELD_MAX} more requests or more"), "wait"),
        _ => (format!("{requests} more requests"), "wait"),
    };
    format!("\r\nwrit: {more} {wait} for you: writ pending\r\n")
}

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
    use writ_engine::id::{IdKey, IdSequence};

    use super::*;

    fn screen(path: &str, uid: u32) -> Screen {
        (PathBuf::from(path), Uid(uid))
    }

    fn id(number: u32) -> RequestId {
        let mut ids = IdSequence::new(IdKey(7));
        for _ in 0..number {
            let id = ids.next_free(|_| false).unwrap();
            ids = ids.after(id);
        }
        ids.next_free(|_| false).unwrap()
    }

    #[test]
    fn a_terminal_is_not_flooded() {
        let mut quota = Quota::default();
        let terminal = &screen("/dev/pts/1", 1001);
        let now = BootTime(1000);
        let taken: Vec<Allowance> =
            (0..100).map(|number| quota.take(terminal, id(number), now)).collect();
        assert!(taken[..5].iter().all(|allowance| *allowance == Allowance::Line));
        assert_eq!(taken[5], Allowance::DigestAfter(DIGEST_AFTER));
        assert!(taken[6..].iter().all(|allowance| *allowance == Allowance::Held));
        assert_eq!(quota.take(&screen("/dev/pts/2", 1001), id(0), now), Allowance::Line);
        assert_eq!(quota.take(&screen("/dev/pts/1", 1002), id(0), now), Allowance::Line);
        let held: BTreeSet<RequestId> = (5..100).map(id).collect();
        assert_eq!(quota.digest(terminal), held);
        assert_eq!(quota.digest(terminal), BTreeSet::new(), "once");
    }

    #[test]
    fn lines_that_tell_of_many_are_few_too() {
        let mut quota = Quota::default();
        let terminal = &screen("/dev/pts/1", 1001);
        let mut lines = 0;
        let mut digest_at = None;
        // Ten minutes with a request each second.
        for second in 0..600 {
            let now = BootTime(second * 1000);
            if digest_at.is_some_and(|at| at <= now) {
                assert!(!quota.digest(terminal).is_empty());
                (lines, digest_at) = (lines + 1, None);
            }
            match quota.take(terminal, id(u32::try_from(second).unwrap()), now) {
                Allowance::Line => lines += 1,
                Allowance::DigestAfter(span) => digest_at = Some(now.after(span)),
                Allowance::Held => assert!(digest_at.is_some(), "nobody will tell of it"),
            }
        }
        assert!((10..=60).contains(&lines), "{lines} lines in ten minutes");
    }

    #[test]
    fn a_digest_counts_what_it_tells_of() {
        assert!(digest_line(1).contains("1 more request waits for you: writ pending"));
        assert!(digest_line(7).contains("7 more requests wait for you: writ pending"));
        assert!(digest_line(HELD_MAX).contains("1024 more requests or more wait"));
        let mut quota = Quota::default();
        let terminal = &screen("/dev/pts/1", 1001);
        for _ in 0..100 {
            quota.take(terminal, id(3), BootTime(0));
        }
        assert_eq!(quota.digest(terminal).len(), 1, "the same request is one");
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
