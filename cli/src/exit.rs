//! What `writ` exits with; the numbers are public and stable.

pub(crate) use writ_desk::exit::Exit;

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
