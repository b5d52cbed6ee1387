//! What `writ` exits with; the numbers are public and stable.

use std::process::ExitCode;

/// How a run of `writ` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// Wrong usage; clap(rs) exits with the same number.
    Usage,
    /// Denied.
    Denied,
    /// Still pending, or nobody answered in time.
    Open,
    /// Not the caller's to do.
    NotYours,
    /// The agent is unreachable.
    Unreachable,
    /// A command was run, and ended like this.
    Command(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Denied => 3,
            Exit::Open => 4,
            Exit::NotYours => 5,
            Exit::Unreachable => 6,
            Exit::Command(status) => status,
        })
    }
}
