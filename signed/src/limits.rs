//! What is read, and no more.

/// The text of a question, in bytes.
pub const QUESTION_BYTES_MAX: usize = 256 * 1024;

/// A signed question, in bytes of its JSON: each byte of the text becomes two at most,
/// and the signature is beside it.
pub const SIGNED_QUESTION_BYTES_MAX: usize = 2 * QUESTION_BYTES_MAX + 16 * 1024;

/// The text of a decision, in bytes.
pub const DECISION_BYTES_MAX: usize = 16 * 1024;

/// An answer, in bytes of its JSON.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The comment of a decision, in bytes.
pub const COMMENT_BYTES_MAX: usize = 2_048;

/// A name of a host, an approver or an ID in a decision, in bytes.
pub const NAME_BYTES_MAX: usize = 256;

/// A signature as it is armored, in bytes.
pub const ARMORED_BYTES_MAX: usize = 8 * 1024;

/// The client data of a passkey's assertion, in bytes.
pub const CLIENT_DATA_BYTES_MAX: usize = 4 * 1024;

/// The authenticator data of a passkey's assertion, in bytes.
pub const AUTHENTICATOR_DATA_BYTES_MAX: usize = 1024;

/// The line of a key in approvers.d, in bytes.
pub const KEY_LINE_BYTES_MAX: usize = 4 * 1024;

/// Keys of one approver.
pub const KEYS_PER_APPROVER_MAX: usize = 32;

/// How long a decision may be good for, from when it was made, in milliseconds.
pub const DECISION_LASTS_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// How far ahead of the host's clock that of the approver's device may be, in
/// milliseconds.
pub const CLOCK_AHEAD_MS_MAX: u64 = 10 * 60 * 1000;
