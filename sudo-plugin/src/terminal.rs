//! What the person sees: one line that is kept up to date while he waits, and
//! lines that stay.
//!
//! Nothing goes to standard output or comes from standard input: both belong to
//! the command. The updating line is rewritten with a carriage return and spaces
//! alone, so that every terminal can do it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::stdio::stderr;
use rustix::termios::{
    LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, isatty, tcgetattr,
    tcgetpgrp, tcgetwinsize, tcsetattr,
};

use writ_door::SPEAKER;
use writ_door::width::columns;

/// The terminal that the process belongs to, whatever its descriptors are (tty(4)).
const TERMINAL: &str = "/dev/tty";

/// Columns of a terminal that does not say how many it has.
const COLUMNS_DEFAULT: usize = 80;

/// How a wait is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// A line that is kept up to date.
    Live,
    /// A line when it begins, and one at its end.
    Plain,
}

/// The person's terminal, if he has one, and standard error.
pub(crate) struct Screen {
    progress: Progress,
    terminal: Terminal,
    /// Columns of the updating line as it stands; 0 when there is none.
    shown: usize,
    /// Whether there was an updating line on the terminal.
    used: bool,
    /// The modes of the terminal before it was made raw.
    cooked: Option<Termios>,
}

enum Terminal {
    Unopened,
    None,
    Open(OwnedFd),
}

impl Screen {
    /// Opens nothing yet.
    pub(crate) fn new(progress: Progress) -> Self {
        Self { progress, terminal: Terminal::Unopened, shown: 0, used: false, cooked: None }
    }

    /// How the wait is shown; [`Progress::Plain`] where there is no terminal.
    pub(crate) fn progress(&mut self) -> Progress {
        if self.progress == Progress::Live && self.terminal().is_none() {
            self.progress = Progress::Plain;
        }
        self.progress
    }

    /// The terminal, opened for reading and writing.
    pub(crate) fn terminal(&mut self) -> Option<BorrowedFd<'_>> {
        if matches!(self.terminal, Terminal::Unopened) {
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            self.terminal = rustix::fs::open(TERMINAL, flags, Mode::empty())
                .map_or(Terminal::None, Terminal::Open);
        }
        self.opened_terminal()
    }

    /// The terminal, if it has been opened; to be watched for a hang-up.
    pub(crate) fn opened_terminal(&self) -> Option<BorrowedFd<'_>> {
        match &self.terminal {
            Terminal::Open(fd) => Some(fd.as_fd()),
            Terminal::Unopened | Terminal::None => None,
        }
    }

    /// How many columns a line may take so that it does not wrap.
    pub(crate) fn columns(&self) -> usize {
        let size = self.opened_terminal().and_then(|fd| tcgetwinsize(fd).ok());
        let columns = size.map_or(0, |size| usize::from(size.ws_col));
        if columns == 0 { COLUMNS_DEFAULT } else { columns }.saturating_sub(1)
    }

    /// Shows `line` in the place of the last updating line, or nothing in the
    /// background. It must fit into [`Screen::columns`].
    pub(crate) fn update(&mut self, line: &str) {
        let blank = self.shown.saturating_sub(columns(line));
        self.rewrite(&format!("\r{line}{:blank$}", ""), columns(line));
    }

    /// As [`Screen::update`], with the cursor between the two parts: where it is not
    /// there by itself, the first is written once more, so that the terminal puts it
    /// where it belongs.
    pub(crate) fn update_around(&mut self, before: &str, after: &str) {
        let width = columns(before) + columns(after);
        let blank = self.shown.saturating_sub(width);
        let mut text = format!("\r{before}{after}{:blank$}", "");
        if blank > 0 || !after.is_empty() {
            text.push('\r');
            text.push_str(before);
        }
        self.rewrite(&text, width);
    }

    /// Whether what is shown stands on a line of our own. A job in the background has
    /// none: the cursor is in what the shell or another job shows.
    pub(crate) fn is_in_front(&self) -> bool {
        let in_front = self.opened_terminal().and_then(|fd| tcgetpgrp(fd).ok());
        in_front.is_none_or(|group| group == getpgrp())
    }

    fn rewrite(&mut self, text: &str, width: usize) {
        if !self.is_in_front() {
            self.shown = 0;
            return;
        }
        self.shown = width;
        self.used = true;
        self.write_to_terminal(text);
    }

    /// Takes the updating line away.
    pub(crate) fn clear(&mut self) {
        if self.shown > 0 {
            let blank = self.shown;
            self.rewrite(&format!("\r{:blank$}\r", ""), 0);
        }
    }

    /// Forgets the updating line, which the cursor has left.
    pub(crate) fn leave_line(&mut self) {
        self.shown = 0;
    }

    /// Says a sentence that stays: on standard error, and also on the terminal
    /// when the wait was shown there and standard error goes elsewhere.
    pub(crate) fn say(&mut self, sentence: &str) {
        self.clear();
        let line = format!("{SPEAKER}{sentence}");
        let is_terminal = isatty(stderr());
        if self.used
            && !is_terminal
            && let Some(fd) = self.opened_terminal()
        {
            write(fd, &ended(fd, &line));
        }
        write(stderr(), &ended(stderr(), &line));
    }

    /// Lets every key come through at once, unseen; says whether it could be done.
    /// The modes are put back by [`Screen::make_cooked`], or when the screen is
    /// dropped, also by a panic.
    pub(crate) fn make_raw(&mut self) -> bool {
        let cooked = self.cooked.clone();
        let Some(fd) = self.terminal() else {
            return false;
        };
        let Some(cooked) = cooked.or_else(|| tcgetattr(fd).ok()) else {
            return false;
        };
        let mut raw = cooked.clone();
        raw.local_modes -=
            LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        let done = set_modes(fd, &raw);
        self.cooked = Some(cooked);
        done
    }

    /// Puts the modes back.
    pub(crate) fn make_cooked(&mut self) {
        if let (Some(cooked), Some(fd)) = (self.cooked.take(), self.opened_terminal()) {
            set_modes(fd, &cooked);
        }
    }

    /// One byte that was typed; `None` when the terminal is gone.
    pub(crate) fn read_byte(&self) -> Option<u8> {
        let mut byte = [0];
        match rustix::io::read(self.opened_terminal()?, &mut byte) {
            Ok(1) => Some(byte[0]),
            _ => None,
        }
    }

    /// Writes as it is.
    pub(crate) fn write_to_terminal(&self, text: &str) {
        if let Some(fd) = self.opened_terminal() {
            write(fd, text);
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.make_cooked();
    }
}

/// Sets the modes; says whether it could be done. In the background this stops the
/// process (SIGTTOU) until the person brings it to the front.
fn set_modes(fd: BorrowedFd<'_>, modes: &Termios) -> bool {
    loop {
        match tcsetattr(fd, OptionalActions::Now, modes) {
            Err(Errno::INTR) => {}
            result => return result.is_ok(),
        }
    }
}

/// The line with its end; a terminal in raw mode, as under `use_pty`, needs the
/// carriage return.
fn ended(fd: BorrowedFd<'_>, line: &str) -> String {
    let raw = tcgetattr(fd).is_ok_and(|modes| !modes.output_modes.contains(OutputModes::OPOST));
    format!("{line}{}", if raw { "\r\n" } else { "\n" })
}

/// Writes once and lets a failure be: there is nobody to tell. A signal ends a
/// write that a stopped terminal (Ctrl-S) holds up.
fn write(fd: BorrowedFd<'_>, text: &str) {
    let _ = rustix::io::write(fd, text.as_bytes());
}
