//! What answers a door while the agent cannot be reached: a program of its own, started by
//! PID 1 for one question, that knows the last policy which the agent has taken.
//!
//! Invariants: it lets pass only what the policy in force allows whatever else could be
//! found out ([`writ_engine::policy::Alone`]), and nothing that it has not put on the disk
//! before; the agent takes that into its ledger when it is back. It decides nothing that
//! people are asked about, and has no state but that.

mod answer;
mod entry;
mod glass;
#[cfg(test)]
mod glass_tests;
mod roots_file;
mod snapshot;
mod spool;
mod take;
#[cfg(test)]
mod tests;

pub use answer::{AnswerError, answer};
pub(crate) use snapshot::look;
pub(crate) use take::keep_taking;
