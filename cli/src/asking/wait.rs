//! Waits for an answer, and shows for what.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use writ_protocol::answers::{Answer, AnswerState};
use writ_protocol::text::shown;
use writ_protocol::{CallError, Connection, Follows, Received};

use super::Asking;
use crate::agent::{Agent, REPLY_PATIENCE};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::{fit, width_of_stderr};
use crate::span::countdown;

/// How often the line that shows the time left is written, in milliseconds.
const REDRAW_MS: u16 = 1000;

/// How long to try to come back to an agent that went away while we waited, as it
/// does when it is upgraded. Connecting starts it, and asking the same again joins
/// the request that is open.
const RETURN_WITHIN: Duration = Duration::from_secs(10);

/// How long to leave an agent that is not there alone, in milliseconds.
const RETURN_PAUSE_MS: u16 = 200;

/// How the wait ended.
pub(crate) enum Waited {
    /// With an answer that no other follows, or with the first one where the
    /// caller does not want to wait.
    Answered(Answer),
    /// With Ctrl-C; this was the newest answer, if there was one.
    Interrupted(Option<Answer>),
}

/// A call that was sent.
pub(crate) struct Waiting<'a, C> {
    host: &'a Host,
    call: &'a C,
    first_only: bool,
    connection: Connection,
    interrupts: Interrupts,
    /// The newest answer and when it came.
    newest: Option<(Answer, Instant)>,
    line: Line,
}

impl<'a, C: Asking> Waiting<'a, C> {
    /// Sends the call.
    pub(crate) fn new(host: &'a Host, call: &'a C, first_only: bool) -> Result<Self, Failure> {
        Ok(Self {
            host,
            call,
            first_only,
            connection: ask(host, call)?,
            interrupts: Interrupts::open().map_err(WaitError)?,
            newest: None,
            line: Line::default(),
        })
    }

    /// Waits to the end.
    pub(crate) fn finish(mut self) -> Result<Waited, Failure> {
        let ended = self.wait();
        self.line.clear();
        ended
    }

    fn wait(&mut self) -> Result<Waited, Failure> {
        loop {
            match self.connection.receive::<C>() {
                Ok(Received::Reply(reply, follows)) => {
                    let answer = reply.answer;
                    let last = follows == Follows::Nothing
                        || answer.state != AnswerState::Waiting
                        || self.first_only;
                    if last {
                        return Ok(Waited::Answered(answer));
                    }
                    self.newest = Some((answer, Instant::now()));
                }
                Ok(Received::Pending) => {
                    self.line.show(self.newest.as_ref());
                    if self.sleep()? {
                        self.interrupts.take();
                        let newest = self.newest.take().map(|(answer, _)| answer);
                        return Ok(Waited::Interrupted(newest));
                    }
                }
                Err(CallError::Closed | CallError::Io(_)) if self.newest.is_some() => {
                    self.connection = self.come_back()?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Until something comes or the line is due; true for Ctrl-C.
    fn sleep(&self) -> Result<bool, Failure> {
        let mut events = [
            PollFd::new(self.connection.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.interrupts.source.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut events, PollTimeout::from(REDRAW_MS)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(WaitError(errno).into()),
        }
        let [_, interrupts] = events;
        Ok(interrupts.any().unwrap_or(false))
    }

    /// Connects and asks again.
    fn come_back(&self) -> Result<Connection, Failure> {
        let deadline = Instant::now() + RETURN_WITHIN;
        loop {
            match ask(self.host, self.call) {
                Ok(connection) => return Ok(connection),
                Err(failure) if Instant::now() >= deadline => return Err(failure),
                Err(_) => {
                    // Nothing to wait for but time; a signal only shortens it.
                    let _ = poll(&mut [], PollTimeout::from(RETURN_PAUSE_MS));
                }
            }
        }
    }
}

fn ask(host: &Host, call: &impl Asking) -> Result<Connection, Failure> {
    let mut connection = Agent::connect(host)?.into_connection();
    connection.send(call, writ_protocol::calls::Replies::More, REPLY_PATIENCE)?;
    Ok(connection)
}

/// A system call of the wait itself failed.
#[derive(Debug, thiserror::Error)]
#[error("waiting for the answer failed: {0}; the request stays open, `writ status` shows it")]
struct WaitError(Errno);

impl From<WaitError> for Failure {
    fn from(error: WaitError) -> Self {
        Self::verb(Exit::Failed, error)
    }
}

/// Ctrl-C as something that can be read, so that it ends the wait in good order;
/// what it was before when this is dropped.
struct Interrupts {
    source: SignalFd,
    signals: SigSet,
}

impl Interrupts {
    fn open() -> nix::Result<Self> {
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGINT);
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let source = SignalFd::with_flags(&signals, flags)?;
        signals.thread_block()?;
        Ok(Self { source, signals })
    }

    /// Takes a Ctrl-C, so that it does not strike once it is unblocked.
    fn take(&self) {
        let _ = self.source.read_signal();
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        // Blocking the same set went well.
        let _ = self.signals.thread_unblock();
    }
}

/// The line on standard error: written over on a terminal, elsewhere written once
/// for each answer that differs.
#[derive(Default)]
struct Line {
    written: String,
}

impl Line {
    fn show(&mut self, newest: Option<&(Answer, Instant)>) {
        let Some((answer, came)) = newest else {
            return;
        };
        // Standard error that is gone is no reason to stop waiting.
        let mut stderr = io::stderr().lock();
        if io::stderr().is_terminal() {
            let passed = crate::span::in_ms(came.elapsed());
            let left = countdown(answer.remaining_ms.saturating_sub(passed));
            let note = answer.message.as_deref();
            let last = note.map_or_else(|| "Ctrl-C leaves it open".to_owned(), shown);
            let text = format!("{} · {left} left · {last}", waiting_for(answer));
            let text = fit(&text, width_of_stderr());
            let _ = write!(stderr, "\r\x1b[K{text}");
            let _ = stderr.flush();
            self.written = text;
        } else {
            let note = answer.message.as_deref();
            let note = note.map(|note| format!("; {}", shown(note))).unwrap_or_default();
            let text = format!("{}{note}", waiting_for(answer));
            if text != self.written {
                let _ = writeln!(stderr, "{text}");
                self.written = text;
            }
        }
    }

    fn clear(&mut self) {
        if io::stderr().is_terminal() && !self.written.is_empty() {
            let _ = io::stderr().lock().write_all(b"\r\x1b[K");
            self.written.clear();
        }
    }
}

/// Such as `writ: 7K3M-Q2 waiting for @oncall (1 of 2) · seen by bob`.
fn waiting_for(answer: &Answer) -> String {
    let seen: Vec<String> = answer.seen.iter().map(|name| shown(name)).collect();
    let seen =
        if seen.is_empty() { String::new() } else { format!(" · seen by {}", seen.join(", ")) };
    format!("{}{seen}", whom(answer))
}

fn whom(answer: &Answer) -> String {
    let id = answer.id.as_deref().map(shown).unwrap_or_default();
    let asked: Vec<String> = answer.asked.iter().map(|name| shown(name)).collect();
    let asked = asked.join(", ");
    if answer.needed > 1 {
        let (approvals, needed) = (answer.approvals, answer.needed);
        let still: Vec<String> = answer.still_asked.iter().map(|name| shown(name)).collect();
        let all = approvals == 0 || still.is_empty() || still.len() == answer.asked.len();
        if all {
            format!("writ: {id} waiting for {asked} ({approvals} of {needed})")
        } else {
            let still = still.join(", ");
            format!("writ: {id} waiting ({approvals} of {needed}; still needs one of {still})")
        }
    } else {
        format!("writ: {id} waiting for {asked}")
    }
}
