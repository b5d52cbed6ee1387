//! The shapes of sudo's plugin interface, and its C strings.
//!
//! Source: sudo_plugin(5) and `sudo_plugin.h` of sudo 1.9.13. Version 1.15 is the
//! oldest that has both kinds of plugin, and what sudo takes it for: a newer sudo
//! passes exactly this.
#![allow(unsafe_code, reason = "the border to C: sudo gives pointers")]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};

/// A vector of C strings that ends with a null pointer, or a null pointer.
pub(crate) type Strings = *const *const c_char;

/// `sudo_conv_t`, which is not called: it reads the pipeline's standard input.
pub(crate) type Conversation = *const c_void;

/// `sudo_printf_t`.
pub(crate) type Printf = unsafe extern "C" fn(c_int, *const c_char, ...) -> c_int;

/// `SUDO_CONV_INFO_MSG`: to standard output.
pub(crate) const INFO_MESSAGE: c_int = 4;

/// `SUDO_API_MKVERSION(1, 15)`.
pub(crate) const API_VERSION: c_uint = 1 << 16 | 15;

/// `SUDO_AUDIT_PLUGIN`.
pub(crate) const AUDIT_PLUGIN: c_uint = 3;

/// `SUDO_APPROVAL_PLUGIN`.
pub(crate) const APPROVAL_PLUGIN: c_uint = 4;

/// `SUDO_FRONT_END`: the event is sudo's own, the last before the command.
pub(crate) const FRONT_END: c_uint = 0;

/// `open` of either plugin.
pub(crate) type Open = unsafe extern "C" fn(
    version: c_uint,
    conversation: Conversation,
    printf: Option<Printf>,
    settings: Strings,
    user_info: Strings,
    submit_optind: c_int,
    submit_argv: Strings,
    submit_envp: Strings,
    plugin_options: Strings,
    errstr: *mut *const c_char,
) -> c_int;

/// `struct approval_plugin`.
#[repr(C)]
pub(crate) struct ApprovalPlugin {
    pub(crate) kind: c_uint,
    pub(crate) version: c_uint,
    pub(crate) open: Open,
    pub(crate) close: Option<unsafe extern "C" fn()>,
    pub(crate) check: unsafe extern "C" fn(
        command_info: Strings,
        run_argv: Strings,
        run_envp: Strings,
        errstr: *mut *const c_char,
    ) -> c_int,
    pub(crate) show_version: unsafe extern "C" fn(verbose: c_int) -> c_int,
}

/// `struct audit_plugin`. sudo writes into it.
#[repr(C)]
pub(crate) struct AuditPlugin {
    pub(crate) kind: c_uint,
    pub(crate) version: c_uint,
    pub(crate) open: Open,
    pub(crate) close: unsafe extern "C" fn(status_type: c_int, status: c_int),
    pub(crate) accept: unsafe extern "C" fn(
        plugin_name: *const c_char,
        plugin_type: c_uint,
        command_info: Strings,
        run_argv: Strings,
        run_envp: Strings,
        errstr: *mut *const c_char,
    ) -> c_int,
    pub(crate) reject: Option<unsafe extern "C" fn()>,
    pub(crate) error: Option<unsafe extern "C" fn()>,
    pub(crate) show_version: unsafe extern "C" fn(verbose: c_int) -> c_int,
    pub(crate) register_hooks: Option<unsafe extern "C" fn()>,
    pub(crate) deregister_hooks: Option<unsafe extern "C" fn()>,
    pub(crate) event_alloc: Option<unsafe extern "C" fn()>,
}

/// The strings of a vector.
///
/// # Safety
/// `strings` is null or a vector of C strings that ends with a null pointer; both
/// live, unchanged, for `'a`.
pub(crate) unsafe fn words<'a>(strings: Strings) -> Vec<&'a [u8]> {
    let mut words = Vec::new();
    if strings.is_null() {
        return words;
    }
    for index in 0.. {
        // SAFETY: the index does not go past the null pointer that ends the vector,
        // and what stands before it are C strings.
        let word = unsafe { *strings.add(index) };
        if word.is_null() {
            break;
        }
        // SAFETY: as above.
        words.push(unsafe { CStr::from_ptr(word) }.to_bytes());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    /// `sizeof` and `offsetof` as gcc gives them for `sudo_plugin.h` on 64 bits.
    #[test]
    fn the_structs_are_laid_out_as_in_c() {
        assert_eq!(size_of::<ApprovalPlugin>(), 40);
        assert_eq!(offset_of!(ApprovalPlugin, open), 8);
        assert_eq!(offset_of!(ApprovalPlugin, check), 24);
        assert_eq!(size_of::<AuditPlugin>(), 80);
        assert_eq!(offset_of!(AuditPlugin, close), 16);
        assert_eq!(offset_of!(AuditPlugin, accept), 24);
        assert_eq!(offset_of!(AuditPlugin, show_version), 48);
        assert_eq!(offset_of!(AuditPlugin, event_alloc), 72);
    }

    #[test]
    fn a_vector_ends_at_its_null_pointer() {
        let strings = [c"a=b".as_ptr(), c"".as_ptr(), std::ptr::null()];
        // SAFETY: a vector as the function wants it.
        assert_eq!(unsafe { words(strings.as_ptr()) }, [b"a=b".as_slice(), b""]);
        // SAFETY: null is allowed.
        assert!(unsafe { words(std::ptr::null()) }.is_empty());
    }
}
