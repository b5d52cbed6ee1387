//! The pure core of Writ: it decides everything and touches nothing.
//!
//! [`Engine::step`] takes the time and an [`Event`] and says what follows: the
//! records that must be in the ledger before anything of it is true, and the
//! effects that must wait for them. [`Engine::apply`] then makes it true, one
//! [`Change`] after the other. Replaying a ledger is nothing but applying its
//! records, so that a restarted agent cannot differ from one that went on.
//!
//! Invariants: no I/O, no clock, no randomness, no unsafe; time, ids' key and
//! facts about the world come in as values (`no_std` holds the compiler to it).
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod effect;
mod engine;
pub mod event;
pub mod facts;
pub mod hinges;
pub mod id;
pub mod limits;
pub mod policy;
pub mod question;
pub mod record;
pub mod seating;
pub mod state;
pub mod time;

pub use effect::{Effect, Step};
pub use engine::{
    Answered, Counts, Engine, Listed, Loan, OpenRole, Running, Session, Stage, Starter, Subject,
};
pub use event::Event;
pub use record::Record;
pub use state::{Change, ReplayError};
