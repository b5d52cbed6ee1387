//! How the module waits, and how it speaks: through the conversation of PAM alone.
//!
//! Signals are the program's own: su, doas and sudo-rs end at Ctrl-C, and the agent sees
//! the connection end.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use writ_door::{Answers, Field, Left, Refusal, SPEAKER, Talk, Waiting, Wanted, Woken};
use writ_protocol::text;

use crate::abi::Handle;

/// How often an answer that cannot be taken is asked for again.
const TRIES_MAX: usize = 3;

/// How long to stay awake for an answer.
const AWAKE: Duration = Duration::from_micros(300);

/// The longest answer, in characters.
const ANSWER_CHARS_MAX: usize = 500;

/// The conversation of one transaction.
pub(crate) struct Conversation<'a> {
    handle: &'a Handle,
    /// `PAM_SILENT`: nothing but waits and refusals is said.
    silent: bool,
    /// When the program would give up by itself, or others wait for it.
    until: Option<Instant>,
    /// Where a line goes that the conversation does not take.
    aside: Aside,
}

/// What there is beside the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aside {
    /// The program was started by the person, who reads its standard error: sudo-rs
    /// shows nothing without a terminal.
    StandardError,
    /// Nothing: the standard error of a daemon is nobody's, or a log.
    Nothing,
}

impl<'a> Conversation<'a> {
    /// Of a transaction, in which nobody waits for longer than `patience`.
    pub(crate) fn new(
        handle: &'a Handle,
        silent: bool,
        patience: Option<Duration>,
        aside: Aside,
    ) -> Self {
        let until = patience.and_then(|patience| Instant::now().checked_add(patience));
        Self { handle, silent, until, aside }
    }

    /// Says why it is a no.
    pub(crate) fn refuse(&mut self, refusal: &Refusal) {
        self.tell(&refusal.to_string());
    }

    fn tell(&self, sentence: &str) {
        let line = format!("{SPEAKER}{sentence}");
        if self.handle.tell(&line).is_err() && self.aside == Aside::StandardError {
            // There is nobody else to tell that nobody could be told.
            let _ = rustix::io::write(rustix::stdio::stderr(), format!("{line}\n").as_bytes());
        }
    }

    fn ask(&mut self, field: Field, label: &str) -> Result<String, Refusal> {
        for _ in 0..TRIES_MAX {
            let Ok(said) = self.handle.ask(label) else { return Err(cannot_ask(field)) };
            let said = String::from_utf8_lossy(&said).trim().to_owned();
            if said.chars().count() > ANSWER_CHARS_MAX {
                self.say(&format!("{} has {ANSWER_CHARS_MAX} characters at most", field.what));
            } else if said.chars().any(text::is_hidden) {
                self.say(&format!("{} is plain text, without control characters", field.what));
            } else if !said.is_empty() {
                return Ok(said);
            }
        }
        Err(Refusal::Unaskable(format!("{} is needed; try again and say it", field.what)))
    }
}

impl Talk for Conversation<'_> {
    fn until(&mut self, input: Option<BorrowedFd<'_>>, deadline: Instant) -> Result<Woken, Left> {
        let now = Instant::now();
        if self.until.is_some_and(|until| now >= until) {
            return Err(Left);
        }
        let end = self.until.map_or(deadline, |until| until.min(deadline));
        let left = Timespec::try_from(end.saturating_duration_since(now)).map_err(|_| Left)?;
        if let Some(fd) = input
            && is_ready_soon(fd, end.saturating_duration_since(now))
        {
            return Ok(Woken::Ready);
        }
        let mut watched = input.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        match poll(watched.as_mut_slice(), Some(&left)) {
            Ok(0) if end < deadline => Err(Left),
            Ok(0) => Ok(Woken::TimedOut),
            Ok(_) => Ok(Woken::Ready),
            Err(Errno::INTR) => Ok(Woken::Redraw),
            Err(_) => Err(Left),
        }
    }

    /// Said even where the program wants silence, as sudo-rs does for every command: who
    /// is not told that others are asked takes the program for hung.
    fn begin(&mut self, waiting: &Waiting) {
        self.tell(&waiting.once());
    }

    /// A conversation has lines that stay: the one of the beginning is enough.
    fn show(&mut self, _waiting: &Waiting, _left: Duration) -> Option<Duration> {
        None
    }

    fn show_loss(&mut self) {}

    fn clear(&mut self) {}

    fn say(&mut self, sentence: &str) {
        if !self.silent {
            self.tell(sentence);
        }
    }

    fn fill_in(&mut self, wanted: &Wanted, _id: Option<&str>) -> Result<Answers, Refusal> {
        let mut answers = Answers::default();
        if let Some(reason) = wanted.reason {
            answers.reason = Some(self.ask(reason, "Reason: ")?);
        }
        if let Some(ticket) = &wanted.ticket {
            let label = match &ticket.pattern {
                Some(pattern) => format!("Ticket (must match {}): ", text::shown(pattern)),
                None => "Ticket: ".to_owned(),
            };
            answers.ticket = Some(self.ask(ticket.field, &label)?);
        }
        Ok(answers)
    }
}

/// Whether there is something to read before it would be worth going to sleep: an agent
/// that decides by itself answers in about the time that it takes a processor to wake up.
/// Others may have the processor meanwhile.
fn is_ready_soon(fd: BorrowedFd<'_>, patience: Duration) -> bool {
    let started = Instant::now();
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    while started.elapsed() < patience.min(AWAKE) {
        if poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&at_once)) == Ok(1) {
            return true;
        }
        rustix::thread::sched_yield();
    }
    false
}

fn cannot_ask(field: Field) -> Refusal {
    Refusal::Unaskable(format!(
        "{} is needed, and nobody can be asked for it here; do it at a terminal, where you are asked",
        field.what
    ))
}
