//! Lines in the system's log, where there is no agent to record something.
#![allow(unsafe_code, reason = "syslog(3) has no safe form")]

use std::ffi::CString;

use writ_protocol::text;

/// The name under which the lines of sudo's plugin stand.
const IDENT: &std::ffi::CStr = c"sudo_writ";

/// The longest line, in characters: journald cuts what is longer than 48 KiB.
const LINE_CHARS_MAX: usize = 8 * 1024;

/// Writes a line to authpriv under the name that the program itself has there, or has
/// not: a module of PAM is unloaded before its program ends, and must leave no name of its
/// own behind (openlog(3) keeps the pointer).
pub fn warn_as_the_program(line: &str) {
    let Some(line) = written(line) else { return };
    // SAFETY: format and line are C strings that outlive the call.
    unsafe {
        libc::syslog(libc::LOG_AUTHPRIV | libc::LOG_WARNING, c"%s".as_ptr(), line.as_ptr());
    }
}

/// Writes a line to authpriv, at the level "warning", with everything escaped that
/// is not plain text.
pub fn warn(line: &str) {
    let Some(line) = written(line) else { return };
    // SAFETY: the identity is a static, which openlog(3) may keep; format and line
    // are C strings that outlive the call. sudo opens the log for each line of its
    // own, so that closing it takes nothing away.
    unsafe {
        libc::openlog(IDENT.as_ptr(), libc::LOG_PID, libc::LOG_AUTHPRIV);
        libc::syslog(libc::LOG_AUTHPRIV | libc::LOG_WARNING, c"%s".as_ptr(), line.as_ptr());
        libc::closelog();
    }
}

fn written(line: &str) -> Option<CString> {
    let line: String = text::shown(line).chars().take(LINE_CHARS_MAX).collect();
    // No NUL byte is left in text that is shown.
    CString::new(line).ok()
}
