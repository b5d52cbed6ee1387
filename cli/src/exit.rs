//! What `writ` exits with; the numbers are public and stable.

use std::process::ExitCode;

/// How a run of `writ` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
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

/// The numbers as `--help` and the manual tell them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong usage
  3  denied
  4  still pending, or timed out
  5  not yours to do
  6  agent unreachable
`writ run` and `writ shell` exit with what their command exits with.";

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
