//! The functions that PAM calls.
//!
//! No panic leaves this file: it becomes a refusal, and a line in the system's log
//! instead of one on the person's terminal.
#![allow(unsafe_code, reason = "the border to C: PAM calls with pointers")]

use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use writ_door::syslog;

use crate::abi::{self, Handle, RawHandle};
use crate::ahead;
use crate::door::{self, Kept, Outcome, Verdict};
use crate::trial::Options;

/// PAM has loaded the module (dlopen(3)).
#[used]
#[unsafe(link_section = ".init_array")]
static LOADED: extern "C" fn() = loaded;

/// PAM unloads it.
#[used]
#[unsafe(link_section = ".fini_array")]
static UNLOADED: extern "C" fn() = unloaded;

extern "C" fn loaded() {
    quietly(ahead::connect);
}

extern "C" fn unloaded() {
    quietly(ahead::close);
}

/// Where nobody is told what failed: a stage of the transaction tells it.
fn quietly(work: fn()) {
    note_panics();
    if let Err(payload) = catch_unwind(work) {
        // A payload may panic in its own drop.
        std::mem::forget(payload);
    }
}

/// A panic is a line in the system's log, and none on the person's terminal.
fn note_panics() {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            syslog::warn_as_the_program(&format!("pam_writ.so: {panic}"))
        }));
    });
}

/// Authentication: nothing is known of who is who. `PAM_IGNORE` is passed over by every
/// control, and a stack of nothing else fails (pam.conf(5)).
#[unsafe(no_mangle)]
pub(crate) extern "C" fn pam_sm_authenticate(
    _handle: *mut RawHandle,
    _flags: c_int,
    _argc: c_int,
    _argv: *const *const c_char,
) -> c_int {
    abi::IGNORE
}

/// Credentials: none.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn pam_sm_setcred(
    _handle: *mut RawHandle,
    _flags: c_int,
    _argc: c_int,
    _argv: *const *const c_char,
) -> c_int {
    abi::IGNORE
}

/// The verdict.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn pam_sm_acct_mgmt(
    handle: *mut RawHandle,
    flags: c_int,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    // SAFETY: the arguments of PAM, which outlive the call.
    unsafe { guarded(handle, flags, argc, argv, abi::PERMISSION_DENIED, door::account) }
}

/// A session begins: the verdict must still stand.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn pam_sm_open_session(
    handle: *mut RawHandle,
    flags: c_int,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    // SAFETY: as above.
    unsafe { guarded(handle, flags, argc, argv, abi::SESSION_ERROR, door::open_session) }
}

/// A session has ended: so has its connection, by which the agent knows.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn pam_sm_close_session(
    handle: *mut RawHandle,
    flags: c_int,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    // SAFETY: as above.
    unsafe { guarded(handle, flags, argc, argv, abi::SESSION_ERROR, door::close_session) }
}

/// What is done in one stage: with what was kept, and whether to be silent.
type Work = fn(&Handle, &Options, bool, Option<Kept>) -> Outcome;

/// Does `work` with what was kept, and keeps what comes of it; a refusal is `no`.
///
/// # Safety
/// `handle` is null or that of a transaction, `argv` are `argc` C strings; all outlive
/// the call.
unsafe fn guarded(
    handle: *mut RawHandle,
    flags: c_int,
    argc: c_int,
    argv: *const *const c_char,
    no: c_int,
    work: Work,
) -> c_int {
    note_panics();
    let worked = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: as the caller says.
        let (handle, options) = unsafe { (Handle::new(handle), abi::words(argc, argv)) };
        let Some(mut handle) = handle else { return abi::SYSTEM_ERROR };
        // SAFETY: this function alone keeps states, all of one type, and the reference
        // ends with the statement.
        let kept = unsafe { handle.kept::<Option<Kept>>() }.and_then(Option::take);
        let (verdict, keep) = work(&handle, &Options::of(&options), flags & abi::SILENT != 0, kept);
        if keep.is_some() && handle.keep(keep).is_err() {
            return abi::SYSTEM_ERROR;
        }
        match verdict {
            Verdict::Allowed => abi::SUCCESS,
            Verdict::LeftAlone => abi::IGNORE,
            Verdict::Refused => no,
        }
    }));
    worked.unwrap_or_else(|payload| {
        // A payload may panic in its own drop.
        std::mem::forget(payload);
        abi::SYSTEM_ERROR
    })
}
