//! What a build with debug assertions takes from its lines in sudo.conf, so that
//! tests can put an agent in another place. A release build takes nothing.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use writ_protocol::SOCKET_PATH;

/// Where the agent listens: the option `socket=PATH`.
pub(crate) fn socket(options: &[&[u8]]) -> PathBuf {
    let named = options.iter().find_map(|option| option.strip_prefix(b"socket="));
    match named {
        Some(path) if cfg!(debug_assertions) => PathBuf::from(OsStr::from_bytes(path)),
        _ => PathBuf::from(SOCKET_PATH),
    }
}

/// Whether `check` panics: the option `panic`.
pub(crate) fn panics(options: &[&[u8]]) -> bool {
    cfg!(debug_assertions) && options.contains(&b"panic".as_slice())
}

/// Panics where that is wanted.
#[allow(clippy::panic, reason = "to prove that a panic does not leave the plugin")]
pub(crate) fn panic_if(wanted: bool) {
    if cfg!(debug_assertions) && wanted {
        panic!("the line in sudo.conf wants it");
    }
}
