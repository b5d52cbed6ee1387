//! Where the story is told: a person's terminal, or a file that somebody reads.

use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::Duration;

use writ_tests::Terminal;

/// How long a person looks at a scene before the next one.
const LOOK: Duration = Duration::from_secs(4);

/// The width of the people's terminals, in columns.
pub(crate) const COLUMNS: u16 = 80;

/// Whether somebody is watching now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience {
    Live,
    Later,
}

/// Standard output.
pub(crate) struct Stage {
    audience: Audience,
}

impl Stage {
    pub(crate) fn open() -> Self {
        let live = io::stdin().is_terminal() && io::stdout().is_terminal();
        Self { audience: if live { Audience::Live } else { Audience::Later } }
    }

    /// Whether a person is at the other end, who can be asked.
    pub(crate) fn is_live(&self) -> bool {
        self.audience == Audience::Live
    }

    /// Begins a scene.
    pub(crate) fn scene(&self, heading: &str) {
        match self.audience {
            Audience::Live => self.put(&format!("\n\x1b[1m{heading}\x1b[0m\n")),
            Audience::Later => self.put(&format!("\n{heading}\n")),
        }
    }

    /// Says a line beside it.
    pub(crate) fn say(&self, line: &str) {
        self.put(&format!("{line}\n"));
    }

    /// Shows what the people see on their terminals now, each in a frame, and lets it
    /// be looked at.
    pub(crate) fn show(&self, terminals: &[&Terminal]) {
        let width = usize::from(COLUMNS);
        for terminal in terminals {
            let title = format!("─ {} ", terminal.user());
            let mut frame = format!("┌{title:─<width$}──┐\n");
            for line in terminal.screen().lines() {
                // A line that the terminal broke is one line to it.
                let characters: Vec<char> = line.chars().collect();
                for row in characters.chunks(width) {
                    let row: String = row.iter().collect();
                    frame.push_str(&format!("│ {row:<width$} │\n"));
                }
                if line.is_empty() {
                    frame.push_str(&format!("│ {line:<width$} │\n"));
                }
            }
            frame.push_str(&format!("└{:─<width$}──┘\n", ""));
            self.put(&frame);
        }
        if self.is_live() {
            thread::sleep(LOOK);
        }
    }

    fn put(&self, text: &str) {
        // Whoever no longer reads does not miss it.
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }
}
