//! writd, the root daemon: a thin shell around [`writ_engine`].
//!
//! The way of a request, one direction, each step a file: a connection
//! ([`connection`]) of somebody ([`peer`], [`process`], [`accounts`]) makes an
//! event; [`core`] has the engine say what follows, puts it into the ledger, then
//! makes it true and does it ([`asking`], [`jobs`]); [`record`] copies it to the
//! journal. The clock ([`clock`]) and the ends of processes ([`leaders`]) make
//! events too. What PID 1 does for Writ, [`units`] asks it for; [`runs`] has it start
//! commands, and [`bounded`] has what runs on a grant end with it.
//!
//! Invariants: one thread decides; nothing on it waits for a disk but the
//! ledger's, for a name service, a terminal or the journal. No part of it opens a
//! network socket.
#![forbid(unsafe_code)]

mod accounts;
mod acl;
mod agent;
mod asking;
mod bounded;
mod clock;
mod connection;
mod core;
mod courier;
mod deciding;
mod door;
mod examine;
mod explaining;
mod folder_changes;
mod glass;
mod hinges;
mod host_key;
mod introspection;
mod jobs;
mod late;
mod leaders;
mod limits;
mod notice;
mod overview;
mod peer;
pub mod policy_files;
mod process;
mod proving;
mod random;
mod record;
mod roles;
mod runs;
pub mod serve;
mod sessions;
pub mod settings;
mod signing;
mod silent;
mod socket;
mod start;
mod store;
mod stream;
mod units;
pub mod userdb;
pub mod without_agent;

/// An error with all its causes, as one line.
#[must_use]
pub fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
