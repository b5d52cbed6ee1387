//! What runs on the word of people ends with it.
//!
//! A command under a grant or a window is put into a scope of PID 1's before it starts
//! ([`hold`]), with a limit a little beyond its end: PID 1 is the backstop for an agent
//! that is dead. What opens a login session in it, and so would leave it, is put back
//! ([`keep_held`]). While the agent lives, it is the agent that warns ([`warn_in_time`]) and
//! ends ([`end`]): by the grant, whatever ended that. Processes that got a lent group
//! elsewhere are found by it ([`groups`]), and end the same way. After a restart, what
//! the ledger, PID 1 and `/proc` say is brought together ([`reconcile`]).
//!
//! Which processes a scope has, its control group says (cgroups(7)), which needs no bus.
//! A process is signalled by a descriptor of it, after a second look at it, so that a
//! number that came to mean another process reaches nobody.

mod ending;
mod escapes;
mod groups;
mod hold;
mod logout;
mod processes;
mod prolonging;
mod reconcile;
mod scopes;
mod sweep;
mod terminal;
mod warning;

use std::time::Duration;

pub(crate) use ending::end;
pub(crate) use escapes::keep_held;
pub(crate) use hold::hold;
pub(crate) use logout::watch as watch_logouts;
pub(crate) use prolonging::prolong;
pub(crate) use reconcile::{await_scopes, reconcile};
pub(crate) use sweep::Sweep;
pub(crate) use warning::warn_in_time;

/// From the signals that tell a process to end to the one that kills it.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// By how much PID 1 comes after the agent when it kills: the agent leaves sudo itself
/// this long to put its terminal in order, when what it ran is gone.
const AFTERWARDS: Duration = Duration::from_millis(500);
