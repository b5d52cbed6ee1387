//! One wait: for the agent or for the person, ended by a signal or a hang-up.

use std::os::fd::BorrowedFd;
use std::time::Instant;

use writ_door::{Left, Woken};

use crate::signals::{Caught, For, Polled};
use crate::terminal::{Progress, Screen};

/// Our signal handlers and the person's screen, for as long as sudo waits for us.
pub(crate) struct Wait {
    caught: Caught,
    pub(crate) screen: Screen,
}

impl Wait {
    /// From now on, signals are ours.
    pub(crate) fn new(progress: Progress) -> Self {
        Self { caught: Caught::new(), screen: Screen::new(progress) }
    }

    /// Waits until `input` can be read, at most until `deadline`.
    ///
    /// # Errors
    /// When a signal asks the process to end, or the terminal has hung up (which by
    /// itself wakes nobody who does not look).
    pub(crate) fn until_ready(
        &mut self,
        input: Option<BorrowedFd<'_>>,
        deadline: Instant,
    ) -> Result<Woken, Left> {
        let Self { caught, screen } = self;
        wake(caught, input, screen.opened_terminal(), deadline)
    }

    /// Waits until something is typed, at most until `deadline`.
    ///
    /// # Errors
    /// As [`Wait::until_ready`].
    pub(crate) fn until_typed(&mut self, deadline: Instant) -> Result<Woken, Left> {
        let Self { caught, screen } = self;
        wake(caught, screen.opened_terminal(), None, deadline)
    }
}

fn wake(
    caught: &mut Caught,
    input: Option<BorrowedFd<'_>>,
    terminal: Option<BorrowedFd<'_>>,
    deadline: Instant,
) -> Result<Woken, Left> {
    let patience = deadline.saturating_duration_since(Instant::now());
    let watched = [input.map(|fd| (fd, For::Input)), terminal.map(|fd| (fd, For::HangUp))];
    match caught.poll(watched, patience) {
        (Polled::Leave, _) | (Polled::Ready, [_, true]) => Err(Left),
        (Polled::Ready, _) => Ok(Woken::Ready),
        (Polled::Redraw, _) => Ok(Woken::Redraw),
        (Polled::TimedOut, _) => Ok(Woken::TimedOut),
    }
}
