//! How long is waited, and how much is taken. What a reply may have is in `writ_uplink`.

use std::time::Duration;

pub(crate) use writ_uplink::http::REPLY_MAX;

/// How long the hub may say nothing at all while it is listened to: it says every twenty
/// seconds that it is alive.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// How long a connection that nothing goes over is kept: shorter than any hub or proxy keeps
/// it, since nobody looks after it while its user reads a question.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(2);

/// How long one connection for events is kept, whatever it says.
pub(crate) const EVENTS_MAX: Duration = Duration::from_secs(2 * 60 * 60);

/// A line of the hub's events, in bytes.
pub(crate) const EVENT_LINE_BYTES_MAX: usize = 4 * 1024;

/// A challenge to sign, in bytes.
pub(crate) const CHALLENGE_BYTES_MAX: usize = 1024;

/// How far ahead a challenge may expire, in milliseconds.
pub(crate) const CHALLENGE_AHEAD_MS_MAX: u64 = 60 * 60 * 1000;

/// A token of the hub's, in bytes.
pub(crate) const TOKEN_BYTES_MAX: usize = 512;

/// A name of a person, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = writ_signed::limits::NAME_BYTES_MAX;

/// How long a token is kept, in milliseconds, whatever the hub says of it.
pub(crate) const TOKEN_LASTS_MS_MAX: u64 = 60 * 60 * 1000;

/// The file with a token, in bytes.
pub(crate) const SESSION_BYTES_MAX: u64 = 16 * 1024;

/// The file of settings, in bytes.
pub(crate) const SETTINGS_BYTES_MAX: u64 = 64 * 1024;

/// Keys of ssh-agent that are tried at a hub, each with a signature.
pub(crate) const KEYS_TRIED_MAX: usize = 6;

/// Questions in a list that are looked at.
pub(crate) const LIST_MAX: usize = 1_000;

/// What the hub words itself, in a table, in characters.
pub(crate) const CELL_CHARS_MAX: usize = 60;
/// See [`CELL_CHARS_MAX`].
pub(crate) const SUMMARY_CHARS_MAX: usize = 400;

/// Answers to one question that are shown.
pub(crate) const ANSWERS_SHOWN_MAX: usize = 64;

/// How often it is asked what became of an answer.
pub(crate) const TAKEN_LOOK_EVERY: Duration = Duration::from_millis(500);

/// Lines of one question that `watch` shows; `show` has them all.
pub(crate) const WATCHED_LINES_MAX: usize = 40;

/// Complaints about what the hub gives that `watch` tells in a minute.
pub(crate) const COMPLAINTS_PER_MINUTE_MAX: u32 = 20;

/// Questions that `watch` remembers, the latest.
pub(crate) const WATCHED_MAX: usize = 4_096;

/// How fast things go; faster in tests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How long the hub may take for a whole reply.
    pub(crate) reply_max: Duration,
    /// How long it may be silent while it is listened to.
    pub(crate) silence_max: Duration,
    /// The wait after a first failure is at most this long.
    pub(crate) first_wait: Duration,
}

impl Pace {
    /// As people want it.
    pub(crate) const fn from(reply_max: Duration) -> Self {
        Self { reply_max, silence_max: SILENCE_MAX, first_wait: Duration::from_secs(1) }
    }

    /// All of the same length, in milliseconds.
    pub(crate) const fn of_test(ms: u64) -> Self {
        let length = Duration::from_millis(ms);
        Self { reply_max: length, silence_max: length, first_wait: length }
    }
}
