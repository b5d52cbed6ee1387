//! What the engine takes, and no more.

use crate::time::Span;

/// Requests that wait for people at one time, of everybody.
pub const REQUESTS_OPEN_MAX: usize = 16_384;

/// Requests that wait for people at one time, of one account.
pub const REQUESTS_OPEN_PER_ACCOUNT_MAX: usize = 1_024;

/// Requests, grants and commands that are kept at one time, of everybody. Root's
/// own are let in beyond it: root is never locked out.
pub const CASES_MAX: usize = 65_536;

/// Requests, grants and commands that are kept at one time, of one account.
pub const CASES_PER_ACCOUNT_MAX: usize = 8_192;

/// What is kept at one time, in bytes of a snapshot (an upper bound is counted): less
/// than the ledger takes in one, since what is let in just below it grows by answers.
pub const STATE_BYTES_MAX: usize = 56 * 1024 * 1024;

/// What is kept at one time of one account, in bytes of a snapshot.
pub const STATE_BYTES_PER_ACCOUNT_MAX: usize = STATE_BYTES_MAX / 4;

/// Doors that ask or wait at one time.
pub const ATTEMPTS_MAX: usize = 32_768;

/// Doors that wait for one request.
pub const WAITING_PER_REQUEST_MAX: usize = 4_096;

/// A command, in bytes of its JSON: with the person it fits a record of the
/// ledger, which takes a mebibyte.
pub const COMMAND_BYTES_MAX: usize = 768 * 1024;

/// A question, in bytes of its text. A record holds it twice over at most, and
/// the act once.
pub const QUESTION_BYTES_MAX: usize = 256 * 1024;

/// A reason or a comment, in bytes.
pub const REMARK_BYTES_MAX: usize = 2_048;

/// A ticket, in bytes.
pub const TICKET_BYTES_MAX: usize = 256;

/// How often a grant may be used.
pub const USES_MAX: u32 = 1_000;

/// How long an automatic permission waits to be confirmed: sudo confirms within
/// milliseconds, so what comes later was stopped in between and asks anew.
pub const CONFIRM_WAIT_MAX: Span = Span::from_secs(60);

/// Deadlines that one step handles; the next tick is due at once for the rest.
pub const DEADLINES_PER_STEP_MAX: usize = 1_024;

/// How many of those who have looked at a request are kept in mind.
pub const SEEN_PER_REQUEST_MAX: usize = 8;

/// How often those who have not answered a request are told again.
pub const REMINDERS_MAX: u64 = 5;

/// How many uses of break-glass may wait for somebody else to look at them, for the agent to
/// let another through. What was broken without it is on record beyond that, too.
pub const REVIEWS_OPEN_MAX: usize = 1024;
