//! A program that was started: what it says, and how it ends.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::wait::{PATIENCE, holds_within};

/// How long the output of a program that has ended is waited for: something that
/// it left in the background may keep the pipe open.
const OUTPUT_LAG: Duration = Duration::from_millis(500);

/// What a finished program said.
#[derive(Clone, Debug)]
pub struct Output {
    /// The exit status; 128 and the signal's number if one ended it.
    pub status: i32,
    /// Standard output, invalid UTF-8 replaced.
    pub stdout: String,
    /// Standard error, invalid UTF-8 replaced.
    pub stderr: String,
    what: String,
}

impl Output {
    /// Standard output without the white space around it.
    ///
    /// # Panics
    /// When the program failed, with all that it said.
    #[track_caller]
    pub fn ok(&self) -> &str {
        assert_eq!(self.status, 0, "{self}");
        self.stdout.trim()
    }

    /// Standard error without the white space around it.
    ///
    /// # Panics
    /// When the program did not exit with `status`.
    #[track_caller]
    pub fn failed_with(&self, status: i32) -> &str {
        assert_eq!(self.status, status, "{self}");
        self.stderr.trim()
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "`{}` ended with {}\n--- stdout\n{}\n--- stderr\n{}",
            self.what, self.status, self.stdout, self.stderr
        )
    }
}

/// A program that is still running, with standard input open. Dropping it kills
/// it: a person's connection is lost, a command of root's is killed with all
/// that it started.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Gathered,
    stderr: Gathered,
    /// The control group that the program has to itself.
    group: Option<PathBuf>,
    what: String,
}

impl Running {
    /// Starts `command`; `what` is what it is called in a message.
    pub(crate) fn start(mut command: Command, what: &str, group: Option<PathBuf>) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("`{what}` could not be started: {error}"));
        let stdout = Gathered::from(child.stdout.take().expect("a pipe"));
        let stderr = Gathered::from(child.stderr.take().expect("a pipe"));
        Self { child, stdout, stderr, group, what: what.to_owned() }
    }

    /// Writes to its standard input; that it no longer reads is not an error.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Some(stdin) = &mut self.child.stdin {
            let _ = stdin.write_all(bytes);
        }
    }

    /// Ends its standard input.
    pub fn close_stdin(&mut self) {
        drop(self.child.stdin.take());
    }

    /// What it has written to standard output until now.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it has written to standard error until now.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until standard error contains `text`.
    ///
    /// # Panics
    /// When it does not within [`PATIENCE`].
    #[track_caller]
    pub fn expect_stderr(&self, text: &str) {
        let said = holds_within(PATIENCE, || self.stderr().contains(text));
        assert!(said, "`{}` did not write {text:?} but this:\n{}", self.what, self.stderr());
    }

    /// Waits until standard output contains `text`.
    ///
    /// # Panics
    /// When it does not within [`PATIENCE`].
    #[track_caller]
    pub fn expect_stdout(&self, text: &str) {
        let said = holds_within(PATIENCE, || self.stdout().contains(text));
        assert!(said, "`{}` did not write {text:?} but this:\n{}", self.what, self.stdout());
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within `limit`; it is killed then.
    #[track_caller]
    pub fn finish(mut self, limit: Duration) -> Output {
        let ended = holds_within(limit, || !self.is_running());
        assert!(
            ended,
            "`{}` had not ended after {limit:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.what,
            self.stdout(),
            self.stderr()
        );
        let status = self.child.wait().expect("a child can be waited for");
        holds_within(OUTPUT_LAG, || self.stdout.is_whole() && self.stderr.is_whole());
        Output {
            status: shell_status(status),
            stdout: self.stdout(),
            stderr: self.stderr(),
            what: self.what.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_running() {
            if let Some(group) = &self.group {
                let _ = fs::write(group.join("cgroup.kill"), "1");
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        // Not empty if the command left a daemon behind, which may stay.
        if let Some(group) = &self.group {
            let _ = fs::remove_dir(group);
        }
    }
}

/// The exit status as a shell gives it.
pub(crate) fn shell_status(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// What a pipe has given until now.
#[derive(Debug)]
struct Gathered {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Gathered {
    fn from(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(length @ 1..) = pipe.read(&mut chunk) {
                sink.lock().expect("no reader panics").extend_from_slice(&chunk[..length]);
            }
        });
        Self { bytes, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("no reader panics")).into_owned()
    }

    fn is_whole(&self) -> bool {
        self.reader.is_finished()
    }
}
