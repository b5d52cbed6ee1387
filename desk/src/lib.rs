//! What a person at a terminal has before him, in `writ` and in `writ-remote`: the screen,
//! tables and sheets, a question laid out, the hosts that he knows by their keys, and his
//! signature.
//!
//! Invariants: whatever somebody else typed is escaped before it is shown; nothing of a
//! question is cut off; a host is known by its key, never by its word.
#![forbid(unsafe_code)]

pub mod exit;
pub mod hosts;
pub mod moment;
pub mod screen;
pub mod sheet;
pub mod span;
pub mod ssh_agent;
pub mod ssh_keygen;
pub mod table;
pub mod terminal;
pub mod view;
