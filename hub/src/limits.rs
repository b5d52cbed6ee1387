//! Every bound of the hub, with its unit.

use std::time::Duration;

pub use writ_signed::limits::SIGNED_QUESTION_BYTES_MAX;

/// The longest body of what is no question, in bytes.
pub const BODY_BYTES_MAX: usize = writ_signed::limits::ANSWER_BYTES_MAX;

/// Open questions of one host; the agent itself holds no more for one account.
pub const QUESTIONS_OPEN_PER_HOST_MAX: i64 = 1_024;

/// How long a question may be open, in milliseconds: a week.
pub const QUESTION_OPEN_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Questions in one page of a list.
pub const LIST_MAX: i64 = 200;

/// Characters of what a question is about in a list; the question itself has them all.
pub const SUMMARY_CHARS_MAX: usize = 160;

/// Answers handed to a host in one reply.
pub const ANSWERS_PER_REPLY_MAX: i64 = 64;

/// Answers to one question, also such as the host refused.
pub const ANSWERS_PER_QUESTION_MAX: i64 = 64;

/// The longest that a host's call for answers waits.
pub const ANSWERS_WAIT_MAX: Duration = Duration::from_secs(60);

/// Bytes of a name of a host or person.
pub const NAME_BYTES_MAX: usize = 253;

/// Keys and passkeys of one person.
pub const KEYS_PER_PERSON_MAX: i64 = 16;

/// Patterns that say which hosts one person sees.
pub const VIEWS_OF_HOSTS_MAX: usize = 64;

/// How long a login challenge stands.
pub const CHALLENGE_LASTS: Duration = Duration::from_secs(5 * 60);

/// Challenges that stand at one time.
pub const CHALLENGES_MAX: i64 = 10_000;

/// How long a login at a provider (OIDC) may take, from the page and back to it.
pub const OIDC_LOGIN_LASTS: Duration = Duration::from_secs(10 * 60);

/// Logins by OIDC that have begun, at one time.
pub const OIDC_LOGINS_MAX: i64 = 10_000;

/// How long one call of a provider may take.
pub const OIDC_WAIT_MAX: Duration = Duration::from_secs(10);

/// Bytes of what a provider says to one call.
pub const OIDC_REPLY_BYTES_MAX: usize = 256 * 1024;

/// Keys of a provider that are looked at.
pub const OIDC_KEYS_MAX: usize = 64;

/// How long what a provider says of itself is taken for true, its keys too.
pub const OIDC_METADATA_LASTS: Duration = Duration::from_secs(60 * 60);

/// For how long a provider that could not be asked is not asked again.
pub const OIDC_TROUBLE_LASTS: Duration = Duration::from_secs(5);

/// How far a provider's clock may be from this one, in seconds.
pub const OIDC_CLOCK_SECONDS_MAX: u64 = 60;

/// Characters of what a provider says that are shown to people.
pub const OIDC_WORDS_CHARS_MAX: usize = 200;

/// Bytes of a name that a provider gives somebody.
pub const OIDC_NAME_BYTES_MAX: usize = 255;

/// Logins that were refused are on record so many at once, and so many a minute: of one
/// address, and of all, so that they cannot push out what else is on record.
pub const REFUSED_BURST: u32 = 20;
/// See [`REFUSED_BURST`].
pub const REFUSED_PER_MINUTE: u32 = 10;
/// See [`REFUSED_BURST`].
pub const REFUSED_ALL_BURST: u32 = 600;
/// See [`REFUSED_BURST`].
pub const REFUSED_ALL_PER_MINUTE: u32 = 120;

/// How long after his login somebody without a key may make his first passkey.
pub const FIRST_PASSKEY_WITHIN: Duration = Duration::from_secs(15 * 60);

/// Sessions of one person; the oldest makes room.
pub const SESSIONS_PER_PERSON_MAX: i64 = 32;

/// How long a session by an SSH key lasts.
pub const BEARER_LASTS: Duration = Duration::from_secs(60 * 60);

/// How long a client may take for its head, and between two requests.
pub const HEAD_WAIT_MAX: Duration = Duration::from_secs(20);

/// How long a client may take for its part of the TLS handshake.
pub const TLS_WAIT_MAX: Duration = Duration::from_secs(10);

/// How long a client may take for its body.
pub const BODY_WAIT_MAX: Duration = Duration::from_secs(15);

/// How long a client may take nothing of what is sent to it.
pub const WRITE_WAIT_MAX: Duration = Duration::from_secs(30);

/// How long an answer may take to be made: what waits, waits a minute.
pub const HANDLE_WAIT_MAX: Duration = Duration::from_secs(90);

/// Bytes of a request's head.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Connections at one time, unless the configuration says otherwise.
pub const CONNECTIONS_MAX: usize = 16_384;

/// Live views at one time: of all people, and of one.
pub const VIEWS_MAX: usize = 2_048;
/// See [`VIEWS_MAX`].
pub const VIEWS_PER_PERSON_MAX: usize = 16;

/// Events that a live view may lag behind before it is told to look anew.
pub const EVENTS_WAITING_MAX: usize = 256;

/// How often a silent live view hears that it is alive.
pub const VIEW_ALIVE_EVERY: Duration = Duration::from_secs(20);

/// Calls without credentials from one address: so many at once, and so many a minute.
pub const STRANGER_BURST: u32 = 30;
/// See [`STRANGER_BURST`].
pub const STRANGER_PER_MINUTE: u32 = 60;

/// Calls of one person: so many at once, and so many a minute.
pub const PERSON_BURST: u32 = 200;
/// See [`PERSON_BURST`].
pub const PERSON_PER_MINUTE: u32 = 1_200;

/// Calls of one host: all of its open questions at once, when it is back, and so many a
/// minute.
pub const HOST_BURST: u32 = 2_048;
/// See [`HOST_BURST`].
pub const HOST_PER_MINUTE: u32 = 2_400;

/// Addresses and callers whose rates are kept at one time.
pub const RATES_KEPT_MAX: usize = 65_536;

/// How long what is over is kept, in milliseconds: 90 days.
pub const HISTORY_MS: i64 = 90 * 24 * 60 * 60 * 1_000;

/// Questions of one host that are kept, the newest.
pub const QUESTIONS_KEPT_PER_HOST_MAX: i64 = 10_000;

/// Entries of the hub's own record that are kept, the newest.
pub const AUDIT_ENTRIES_MAX: i64 = 1_000_000;

/// How often what is out of date is cleared away.
pub const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// How old what is on record of a host's last call may be.
pub const SEEN_WRITTEN_EVERY: Duration = Duration::from_secs(15);

/// A host that was heard of so long ago counts as connected, in milliseconds: its calls wait
/// up to a minute.
pub const CONNECTED_MS: i64 = 120_000;

/// Notices tried for one question and channel.
pub const NOTICE_ATTEMPTS_MAX: i64 = 6;

/// Notices that are under way at one time.
pub const NOTICES_AT_ONCE_MAX: usize = 16;

/// How long one attempt of a notice may take.
pub const NOTICE_WAIT_MAX: Duration = Duration::from_secs(10);

/// Bytes of a service's reply to a notice that are looked at.
pub const NOTICE_REPLY_BYTES_MAX: usize = 512;
