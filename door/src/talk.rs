//! How a door waits, and how it speaks with the person who waits.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use crate::refusal::Refusal;
use crate::status::Waiting;
use crate::wanted::{Answers, Wanted};

/// Why nobody waits any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the wait was left")]
pub struct Left;

/// What a wait ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// There is something to read.
    Ready,
    /// What is shown may have changed under us.
    Redraw,
    /// The time is up.
    TimedOut,
}

/// The program that the door is in, and the person in front of it.
pub trait Talk {
    /// Waits until `input` can be read, at most until `deadline`.
    ///
    /// # Errors
    /// When nobody waits any more.
    fn until(&mut self, input: Option<BorrowedFd<'_>>, deadline: Instant) -> Result<Woken, Left>;

    /// Lets time go by until `deadline`.
    ///
    /// # Errors
    /// As [`Talk::until`].
    fn pause(&mut self, deadline: Instant) -> Result<(), Left> {
        while self.until(None, deadline)? != Woken::TimedOut {}
        Ok(())
    }

    /// People are asked from now on.
    fn begin(&mut self, waiting: &Waiting);

    /// Shows how the wait stands; returns when that will be another.
    fn show(&mut self, waiting: &Waiting, left: Duration) -> Option<Duration>;

    /// Shows that the agent is away.
    fn show_loss(&mut self);

    /// The wait is over.
    fn clear(&mut self);

    /// Says a sentence that stays.
    fn say(&mut self, sentence: &str);

    /// Asks the person for what is wanted. `id` is that of the request, if there is one
    /// already.
    ///
    /// # Errors
    /// When he cannot be asked, does not answer or leaves.
    fn fill_in(&mut self, wanted: &Wanted, id: Option<&str>) -> Result<Answers, Refusal>;
}
