//! What the doors of Writ have in common: sudo's plugin and the module of PAM.
//!
//! A door runs inside of a program of somebody else. It asks the agent, waits while
//! people decide, and tells how it ended. How it waits and how it speaks with the person
//! is its own ([`Talk`]); all the rest is here.
//!
//! Invariants:
//! - nothing is decided here: what comes neither from the agent nor, while that cannot be
//!   reached, from what answers beside it is a refusal;
//! - `unsafe` is in `syslog` alone;
//! - no thread, no descriptor without close-on-exec, no wait without an end.
#![deny(unsafe_code)]

mod boot_clock;
mod escalation;
mod link;
mod refusal;
mod status;
pub mod syslog;
mod talk;
mod wanted;
pub mod width;

pub use escalation::{Decided, Escalation, drawn_attempt};
pub use link::{CONNECT_PATIENCE, Link, LinkError};
pub use refusal::Refusal;
pub use status::Waiting;
pub use talk::{Left, Talk, Woken};
pub use wanted::{Answers, Field, Wanted};

/// Before every sentence, so that it is plain who speaks.
pub const SPEAKER: &str = "writ: ";
