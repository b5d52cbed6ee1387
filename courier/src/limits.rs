//! How long the courier waits, and how much it takes.

use std::time::Duration;

/// How long a connection to a collector may take to come about, TLS and look-ups included.
pub(crate) const CONNECT_MAX: Duration = Duration::from_secs(15);

/// How long a collector may take to take one event.
pub(crate) const WRITE_MAX: Duration = Duration::from_secs(20);

/// How long what was sent may go without the other side's kernel saying that it has it
/// (`TCP_USER_TIMEOUT`, tcp(7)); then the connection is lost.
pub(crate) const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(20);

/// An event counts as delivered when the connection that took it still stands so much
/// later: longer than it takes to notice that it does not.
pub(crate) const SETTLES_AFTER: Duration = Duration::from_secs(30);

const _: () = assert!(UNACKNOWLEDGED_MAX.as_secs() < SETTLES_AFTER.as_secs());

/// Without a word, after so long the other side is asked whether it is there
/// (`TCP_KEEPIDLE`), so often, and so many times.
pub(crate) const KEEPALIVE_AFTER: Duration = Duration::from_secs(120);
/// See [`KEEPALIVE_AFTER`].
pub(crate) const KEEPALIVE_EVERY: Duration = Duration::from_secs(15);
/// See [`KEEPALIVE_AFTER`].
pub(crate) const KEEPALIVE_TIMES: u32 = 4;

/// Events that were sent and do not count as delivered yet, beyond which the older ones
/// are passed over in the middle: a place in the ledger is kept for each.
pub(crate) const UNSETTLED_MAX: usize = 4096;

/// The longest syslog message, in bytes: what rsyslog and syslog-ng take as they are
/// installed, and what RFC 5425 wants to be taken (section 4.3.1).
pub(crate) const MESSAGE_BYTES_MAX: usize = 8192;

/// The agent hears at most so often how the courier fares.
pub(crate) const REPORT_EVERY: Duration = Duration::from_secs(1);

/// How long the agent may take to answer.
pub(crate) const AGENT_MAX: Duration = Duration::from_secs(10);

/// Collectors whose places are kept, those that are not in the settings any more
/// included.
pub(crate) const POSITIONS_MAX: usize = 16;

/// How long the hub is asked to wait for an answer before it says that there is none.
pub(crate) const ANSWERS_WAIT: Duration = Duration::from_secs(50);

/// How long a connection to the hub that nothing goes over is kept.
pub(crate) const HUB_IDLE_MAX: Duration = Duration::from_secs(90);

/// The longest answer that is handed to the agent, in bytes.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The most answers in one reply.
pub(crate) const ANSWERS_MAX: usize = 256;

/// Questions that are open at the hub at once.
pub(crate) const QUESTIONS_MAX: usize = 1024;

/// How often a host that is not enrolled looks whether it is.
pub(crate) const NOT_ENROLLED_REST: Duration = Duration::from_secs(5);

/// How fast things go; on a host as [`Pace::default`] has it, faster in tests.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// See `SETTLES_AFTER`.
    pub settles_after: Duration,
    /// The wait after a first failure is at most this long.
    pub first_wait: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { settles_after: SETTLES_AFTER, first_wait: Duration::from_secs(1) }
    }
}
