//! Lines in the system's log, where there is no agent to record something.
#![allow(unsafe_code, reason = "syslog(3) has no safe form")]

use std::ffi::CString;

use writ_protocol::text;

/// The name under which the lines stand.
const IDENT: &std::ffi::CStr = c"sudo_writ";

/// The longest line, in characters: journald cuts what is longer than 48 KiB.
const LINE_CHARS_MAX: usize = 8 * 1024;

/// Writes a line to authpriv, at the level "warning", with everything escaped that
/// is not plain text.
pub fn warn(line: &str) {
    let line: String = text::shown(line).chars().take(LINE_CHARS_MAX).collect();
    // No NUL byte is left in text that is shown.
    let Ok(line) = CString::new(line) else { return };
    // SAFETY: the identity is a static, which openlog(3) may keep; format and line
    // are C strings that outlive the call. sudo opens the log for each line of its
    // own, so that closing it takes nothing away.
    unsafe {
        libc::openlog(IDENT.as_ptr(), libc::LOG_PID, libc::LOG_AUTHPRIV);
        libc::syslog(libc::LOG_AUTHPRIV | libc::LOG_WARNING, c"%s".as_ptr(), line.as_ptr());
        libc::closelog();
    }
}
