//! A person at a terminal of a host.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write as _};
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use regex_lite::Regex;

use crate::pty::{self, Size};
use crate::running::shell_status;
use crate::transcript::Transcript;
use crate::wait::{PATIENCE, holds_within};

/// The size that terminals have had since they were made of glass.
const SIZE: Size = Size::new(24, 80);

/// How many lines that have left the screen its parser keeps: none is looked at,
/// the transcript has them all.
const SCROLLBACK_LINES: usize = 0;

/// bash's prompt of a user or of root, with nothing after it.
const PROMPT: &str = r"[$#] \z";

/// A login session on a host, with a terminal that a test types on and looks at.
///
/// Everything that arrives goes two ways: to the transcript, in which `expect`
/// moves forward, each one looking at what came after the match of the last; and
/// to the screen, which is what a person would see now, after every carriage
/// return and erased line. Dropping it is a hang-up.
pub struct Terminal {
    user: String,
    ssh: Child,
    keyboard: File,
    display: Arc<Display>,
}

struct Display {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    transcript: Transcript,
    /// How much of the transcript's text was matched already, in bytes.
    seen: usize,
    screen: vt100::Parser,
    closed: bool,
}

impl Terminal {
    /// Runs `login` on a new terminal and waits for its shell.
    #[track_caller]
    pub(crate) fn open(mut login: Command, user: &str) -> Self {
        let (ours, theirs) = pty::pair(SIZE);
        let end = || theirs.try_clone().expect("a descriptor");
        let ssh = login
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("setsid of util-linux can be started");
        // The command would keep our copies of the other end open.
        drop(login);
        drop(theirs);
        let display = Arc::new(Display {
            state: Mutex::new(State {
                transcript: Transcript::default(),
                seen: 0,
                screen: vt100::Parser::new(SIZE.rows, SIZE.columns, SCROLLBACK_LINES),
                closed: false,
            }),
            changed: Condvar::new(),
        });
        let eyes = ours.try_clone().expect("a descriptor");
        let shown = Arc::clone(&display);
        thread::spawn(move || shown.follow(eyes));
        let terminal = Self { user: user.to_owned(), ssh, keyboard: ours, display };
        // What is typed before ssh has taken the terminal over is echoed twice.
        terminal.prompt();
        terminal
    }

    /// Whose it is.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Types a line and Return. (What is typed before a program has started is the
    /// shell's to hand on, as ever: wait for a word of the program first.)
    pub fn type_line(&self, line: &str) {
        self.send(format!("{line}\r").as_bytes());
    }

    /// Types keys, as a keyboard sends them: `\r` is Return, `\x03` is Ctrl-C, `\x1a` Ctrl-Z, `\x04` Ctrl-D, `\x15` Ctrl-U.
    pub fn send(&self, keys: &[u8]) {
        // After a hang-up nobody listens; what is expected next says so.
        let _ = (&self.keyboard).write_all(keys);
    }

    /// Waits for `text` after what was matched last, and gives what came before it.
    ///
    /// The text is that of the transcript: lines end in `\r\n`, escape sequences
    /// are left out, and what was typed is there too, as its echo.
    ///
    /// # Panics
    /// When it does not come within [`PATIENCE`], with the screen.
    #[track_caller]
    pub fn expect(&self, text: &str) -> String {
        self.expect_within(text, PATIENCE)
    }

    /// As [`Terminal::expect`], with a limit.
    #[track_caller]
    pub fn expect_within(&self, text: &str, limit: Duration) -> String {
        let find = |rest: &str| rest.find(text).map(|start| (start, start + text.len()));
        self.advance(text, limit, find).0
    }

    /// Waits for a match of the pattern after what was matched last, and gives
    /// the match.
    ///
    /// # Panics
    /// When it does not come within [`PATIENCE`], with the screen.
    #[track_caller]
    pub fn expect_regex(&self, pattern: &str) -> String {
        let regex = Regex::new(pattern).expect("a regular expression");
        let find = |rest: &str| regex.find(rest).map(|found| (found.start(), found.end()));
        self.advance(pattern, PATIENCE, find).1
    }

    /// Waits until the shell asks for the next command.
    ///
    /// # Panics
    /// When it does not within [`PATIENCE`], with the screen.
    #[track_caller]
    pub fn prompt(&self) {
        self.expect_regex(PROMPT);
    }

    /// Waits for one of the texts, and gives its place in the list: for what may
    /// go one way or the other.
    ///
    /// # Panics
    /// When none comes within [`PATIENCE`], with the screen.
    #[track_caller]
    pub fn expect_one_of(&self, texts: &[&str]) -> usize {
        let find = |rest: &str| {
            let found = texts.iter().filter_map(|text| Some((rest.find(text)?, text.len())));
            found.min().map(|(start, length)| (start, start + length))
        };
        let (_, matched) = self.advance(&texts.join(" or "), PATIENCE, find);
        texts.iter().position(|text| *text == matched).expect("one of the texts matched")
    }

    /// Takes all that has arrived as seen, and gives it: what is expected next
    /// must come after now.
    pub fn look_away(&self) -> String {
        let mut state = self.display.state();
        let unseen = state.transcript.text()[state.seen..].to_owned();
        state.seen = state.transcript.text().len();
        unseen
    }

    /// Runs a command to its end and gives its output, without the white space
    /// around it and with plain line ends, and its exit status.
    ///
    /// # Panics
    /// When it does not end within [`PATIENCE`], with the screen.
    #[track_caller]
    pub fn run(&self, command: &str) -> (String, i32) {
        self.run_within(command, PATIENCE)
    }

    /// As [`Terminal::run`], with a limit.
    #[track_caller]
    pub fn run_within(&self, command: &str, limit: Duration) -> (String, i32) {
        // Echoed they are in pieces, so that only the printed ones match.
        self.type_line(&format!("echo '<'run'>'; {{ {command}; }}; echo '<'ended $?'>'"));
        self.expect_within("<run>\r\n", limit);
        let output = self.expect_within("<ended ", limit);
        let status = self.expect(">\r\n");
        self.prompt();
        let status = status.parse().expect("bash prints a number");
        (output.replace("\r\n", "\n").trim().to_owned(), status)
    }

    /// What a person sees now: the rows of the screen without the blanks at their
    /// ends, and without the empty rows at the end.
    pub fn screen(&self) -> String {
        self.display.state().screen.screen().contents().trim_end().to_owned()
    }

    /// Waits until the screen is as `condition` says; `what` names it.
    ///
    /// # Panics
    /// When it is not within [`PATIENCE`], with the screen.
    #[track_caller]
    pub fn see(&self, what: &str, condition: impl Fn(&str) -> bool) {
        let seen = holds_within(PATIENCE, || condition(&self.screen()));
        assert!(seen, "{} does not see {what}{}", self.user, self.picture());
    }

    /// All that has arrived since the login, escape sequences left out.
    pub fn transcript(&self) -> String {
        self.display.state().transcript.text().to_owned()
    }

    /// All bytes that have arrived since the login.
    pub fn raw(&self) -> Vec<u8> {
        self.display.state().transcript.raw().to_vec()
    }

    /// Gives the window another size.
    pub fn resize(&self, rows: u16, columns: u16) {
        let size = Size::new(rows, columns);
        self.display.state().screen.screen_mut().set_size(size.rows, size.columns);
        pty::resize(&self.keyboard, size);
    }

    /// Waits until the session has ended, and gives its exit status.
    ///
    /// # Panics
    /// When it does not end within [`PATIENCE`], with the screen.
    #[track_caller]
    pub fn closed(mut self) -> i32 {
        let mut status = None;
        holds_within(PATIENCE, || {
            status = self.ssh.try_wait().expect("a child can be waited for");
            status.is_some()
        });
        match status {
            Some(status) => shell_status(status),
            None => panic!("the session of {} goes on{}", self.user, self.picture()),
        }
    }

    /// Loses the connection, as when the lid is closed. (Dropping does the same.)
    pub fn hang_up(self) {}

    /// Moves on to what `find` finds; gives what was before it, and the match.
    #[track_caller]
    fn advance(
        &self,
        what: &str,
        limit: Duration,
        find: impl Fn(&str) -> Option<(usize, usize)>,
    ) -> (String, String) {
        let deadline = Instant::now() + limit;
        let mut state = self.display.state();
        loop {
            let rest = &state.transcript.text()[state.seen..];
            if let Some((start, end)) = find(rest) {
                let parts = (rest[..start].to_owned(), rest[start..end].to_owned());
                state.seen += end;
                return parts;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.closed {
                let end = if state.closed { "the session ended" } else { "it did not come" };
                drop(state);
                panic!("{} waited for {what:?}, and {end}{}", self.user, self.picture());
            }
            state = self.display.changed.wait_timeout(state, left).expect("no reader panics").0;
        }
    }

    /// The screen in a frame, for a message.
    fn picture(&self) -> String {
        let mut picture = String::from("; the screen:\n");
        for row in self.screen().lines() {
            let _ = writeln!(picture, "  | {row}");
        }
        picture
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.ssh.kill();
        let _ = self.ssh.wait();
    }
}

impl Display {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no reader panics")
    }

    /// Shows what comes until the other end is closed (EIO on Linux).
    fn follow(&self, mut eyes: File) {
        let mut chunk = [0; 8192];
        while let Ok(length @ 1..) = eyes.read(&mut chunk) {
            let mut state = self.state();
            state.transcript.push(&chunk[..length]);
            state.screen.process(&chunk[..length]);
            self.changed.notify_all();
        }
        self.state().closed = true;
        self.changed.notify_all();
    }
}
