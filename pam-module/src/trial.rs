//! What the module takes from its line in a stack: how long to wait, and in a build with
//! debug assertions more, so that tests can put an agent in another place.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use writ_protocol::SOCKET_PATH;
use writ_protocol::services::{WAIT_OPTION, WAIT_SECONDS};

/// The words behind the module's name.
pub(crate) struct Options {
    /// How long anybody waits at most, in seconds: `wait=NUMBER`. One that makes no sense is
    /// none; `writ doctor` says so.
    pub(crate) wait: Option<u32>,
    /// Where the agent listens: `socket=PATH`.
    pub(crate) socket: PathBuf,
    /// The name of the calling program, in the place of its own: `program=NAME`.
    pub(crate) program: Option<Vec<u8>>,
    /// The file of its command line, in the place of its own: `cmdline=PATH`.
    pub(crate) cmdline: Option<PathBuf>,
    /// Who started it, in the place of who did: `uid=NUMBER`.
    pub(crate) uid: Option<u32>,
    /// Whether to panic: `panic`.
    panics: bool,
}

impl Options {
    /// Those that count in this build.
    pub(crate) fn of(words: &[&[u8]]) -> Self {
        let of = |words: &[&[u8]], name: &str| -> Option<u32> {
            let mut values = words.iter().filter_map(|word| word.strip_prefix(name.as_bytes()));
            values.find_map(|value| str::from_utf8(value).ok()?.parse().ok())
        };
        let wait = of(words, WAIT_OPTION).filter(|seconds| WAIT_SECONDS.contains(seconds));
        let words = if cfg!(debug_assertions) { words } else { &[] };
        let value = |name: &str| words.iter().find_map(|word| word.strip_prefix(name.as_bytes()));
        let path = |value: &[u8]| PathBuf::from(OsStr::from_bytes(value));
        Self {
            wait,
            socket: value("socket=").map_or_else(|| PathBuf::from(SOCKET_PATH), path),
            program: value("program=").map(<[u8]>::to_vec),
            cmdline: value("cmdline=").map(path),
            uid: of(words, "uid="),
            panics: words.contains(&b"panic".as_slice()),
        }
    }

    /// Panics where that is wanted.
    #[allow(clippy::panic, reason = "to prove that a panic does not leave the module")]
    pub(crate) fn panic_if_wanted(&self) {
        if cfg!(debug_assertions) && self.panics {
            panic!("the line in the stack wants it");
        }
    }
}
