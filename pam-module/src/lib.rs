//! pam_writ.so: the door of Writ in PAM (pam(3)).
//!
//! The account function asks the agent whether a command may run or a session may be
//! opened, and waits while people decide; the session function asks once more just
//! before. Those of authentication do nothing: who is who, others say. In su, sudo-rs and
//! doas the module connects to the agent as it is loaded, and asks nothing yet.
//!
//! Invariants:
//! - nothing is decided here: what does not come from the agent, or from what answers
//!   beside it while it cannot be reached, is a refusal, but for root himself, who passes
//!   with a line in the system's log;
//! - the functions of authentication never succeed, so that no control of a stack can
//!   let anybody in by them;
//! - `unsafe` is in `abi`, `entry` and `accounts` alone;
//! - of the environment, `PATH` and `SHELL` are read, by which sudo-rs and doas themselves
//!   may go, and only to refuse where they would make a difference; `PAM_RUSER` is not
//!   read at all;
//! - no thread, no handler of signals, no descriptor without close-on-exec, no wait
//!   without an end.
#![deny(unsafe_code)]

mod abi;
mod accounts;
mod ahead;
mod command;
mod door;
mod entry;
mod program;
mod talk;
mod trial;
