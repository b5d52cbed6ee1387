//! What `writ` exits with; the numbers are public and stable.

use std::process::ExitCode;

/// How a run of `writ` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// Wrong usage; clap(rs) exits with the same number.
    Usage = 2,
    /// Denied.
    Denied = 3,
    /// Still pending, or nobody answered in time.
    Open = 4,
    /// Not the caller's to do.
    NotYours = 5,
    /// The agent is unreachable.
    Unreachable = 6,
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
  6  agent unreachable";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
