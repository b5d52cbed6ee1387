//! What was done with sudo: read from our ledger, or from the logs of a host that never
//! had Writ.
//!
//! Logs are others' writing: a line may be torn, huge or forged. Each is read for itself
//! and within limits; what is none is counted and passed over. A file proves nothing:
//! anybody may write to syslog under any name, and only of the journal can it be told
//! which program wrote.

mod act;
mod auth_log;
mod day;
mod journal;
mod ledger;
mod lines;
pub(crate) mod numbers;
mod sudo_json;
mod sudo_line;

use std::io::BufRead;

use clap::ValueEnum;

pub(crate) use act::{Act, Today};
pub(crate) use day::{Day, Days};
pub(crate) use ledger::of as of_record;
pub(crate) use lines::Passed;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// The ledger of this host
    Ledger,
    /// What sudo writes with `log_format=json`
    SudoJson,
    /// What `journalctl -o json` prints
    Journal,
    /// Lines of syslog such as those of /var/log/auth.log, or of sudo's own log file
    AuthLog,
}

/// Reads a log to its end, act by act.
///
/// # Errors
/// When it cannot be read on; what was read until then counts.
pub(crate) fn read(
    source: Source,
    log: impl BufRead,
    passed: &mut Passed,
    each: impl FnMut(Act),
) -> std::io::Result<()> {
    match source {
        // The ledger is no file: `ledger::of` takes its records.
        Source::Ledger => Ok(()),
        Source::SudoJson => sudo_json::read(log, passed, each),
        Source::Journal => journal::read(log, passed, each),
        Source::AuthLog => auth_log::read(log, passed, each),
    }
}
