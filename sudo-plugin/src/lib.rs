//! sudo_writ.so: the door of Writ in sudo(8).
//!
//! One object with two plugins of sudo_plugin(5), version 1.15. The approval
//! plugin `writ_approval` asks the agent whether a command may run, and waits while
//! people decide. The audit plugin `writ_audit` asks once more just before the
//! command, and tells how it ended.
//!
//! Invariants:
//! - nothing is decided here: what does not come from the agent, or from what answers
//!   beside it while it cannot be reached, is a refusal, but for root himself, who passes
//!   with a line in the system's log;
//! - `unsafe` is in `abi`, `entry` and `signals` alone, and in `syslog` of `writ-door`;
//! - standard input and standard output belong to the command, and are not touched;
//! - of the environment, `WRIT_REASON` and `WRIT_TICKET` are read, as words of the
//!   person who asks, and nothing else;
//! - no thread, no descriptor without close-on-exec, no wait without an end.
#![deny(unsafe_code)]

mod abi;
mod entry;
mod facts;
mod line;
mod prompt;
mod session;
mod signals;
mod subcommands;
mod talk;
mod terminal;
mod trial;
mod wait;
