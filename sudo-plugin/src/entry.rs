//! The functions that sudo calls, and the two symbols that it finds them by.
//!
//! No panic leaves this file: it becomes a refusal, and a line in the system's log
//! instead of one on the person's terminal. `open` never returns 0, by which sudo
//! would disable the plugin and run the command; what is wrong is kept for `check`.
#![allow(unsafe_code, reason = "the border to C: sudo calls with pointers")]

use std::ffi::{CString, c_char, c_int, c_uint};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use writ_door::syslog;
use writ_protocol::calls::Ending;

use crate::abi::{self, ApprovalPlugin, AuditPlugin, Conversation, Printf, Strings};
use crate::facts::Invoker;
use crate::session::Session;
use crate::terminal::{Progress, Screen};
use crate::trial;

/// What a function of a plugin returns when all is well.
const SUCCESS: c_int = 1;
/// The command is refused.
const REFUSED: c_int = 0;
/// Something is wrong in the plugin itself.
const ERROR: c_int = -1;

/// Statuses of audit `close`.
const WAIT_STATUS: c_int = 1;
const EXEC_ERROR: c_int = 2;
const SUDO_ERROR: c_int = 3;

/// What the person reads after a panic.
const FAILED_INSIDE: &str =
    "denied: Writ's sudo plugin failed inside; the system's log (authpriv) says where";

/// The approval plugin.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "the name in sudo.conf")]
pub(crate) static mut writ_approval: ApprovalPlugin = ApprovalPlugin {
    kind: abi::APPROVAL_PLUGIN,
    version: abi::API_VERSION,
    open: approval_open,
    close: None,
    check: approval_check,
    show_version: approval_show_version,
};

/// The audit plugin.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "the name in sudo.conf")]
pub(crate) static mut writ_audit: AuditPlugin = AuditPlugin {
    kind: abi::AUDIT_PLUGIN,
    version: abi::API_VERSION,
    open: audit_open,
    close: audit_close,
    accept: audit_accept,
    reject: None,
    error: None,
    show_version: audit_show_version,
    register_hooks: None,
    deregister_hooks: None,
    event_alloc: None,
};

/// What outlives a call. sudo has one thread; the lock only says so to the compiler.
static STATE: Mutex<Option<State>> = Mutex::new(None);

struct State {
    session: Session,
    /// Whether `check` is to panic, in a build for tests.
    panics: bool,
    printf: Option<Printf>,
    /// Where the last `errstr` points to: sudo reads it after the call.
    said: CString,
}

unsafe extern "C" fn approval_open(
    _version: c_uint,
    _conversation: Conversation,
    printf: Option<Printf>,
    settings: Strings,
    user_info: Strings,
    _submit_optind: c_int,
    _submit_argv: Strings,
    submit_envp: Strings,
    plugin_options: Strings,
    _errstr: *mut *const c_char,
) -> c_int {
    guarded(ERROR, || {
        // SAFETY: sudo's vectors live as long as the call.
        let [settings, user_info, environment, options] =
            [settings, user_info, submit_envp, plugin_options]
                .map(|strings| unsafe { abi::words(strings) });
        with_state(&options, |state| {
            state.printf = printf;
            state.session.open(|| Invoker::parse(&settings, &user_info, &environment));
        });
        SUCCESS
    })
}

unsafe extern "C" fn audit_open(
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
) -> c_int {
    // SAFETY: the same arguments, as sudo passes them to either.
    let opened = unsafe {
        approval_open(
            version,
            conversation,
            printf,
            settings,
            user_info,
            submit_optind,
            submit_argv,
            submit_envp,
            plugin_options,
            errstr,
        )
    };
    guarded(ERROR, || {
        with_state(&[], |state| state.session.audit());
        opened
    })
}

unsafe extern "C" fn approval_check(
    command_info: Strings,
    run_argv: Strings,
    _run_envp: Strings,
    errstr: *mut *const c_char,
) -> c_int {
    let checked = guarded(None, || {
        // SAFETY: sudo's vectors live as long as the call.
        let [info, argv] = [command_info, run_argv].map(|strings| unsafe { abi::words(strings) });
        Some(with_state(&[], |state| {
            trial::panic_if(state.panics);
            state.session.check(&info, &argv)
        }))
    });
    let sentence = match checked {
        Some(Ok(())) => return SUCCESS,
        Some(Err(refusal)) => format!("writ: {refusal}"),
        None if is_roots() => return SUCCESS,
        None => {
            guarded((), || Screen::new(Progress::Plain).say(FAILED_INSIDE));
            FAILED_INSIDE.to_owned()
        }
    };
    // SAFETY: `errstr` is sudo's.
    unsafe { tell(errstr, sentence) };
    REFUSED
}

unsafe extern "C" fn audit_accept(
    _plugin_name: *const c_char,
    plugin_type: c_uint,
    command_info: Strings,
    run_argv: Strings,
    _run_envp: Strings,
    errstr: *mut *const c_char,
) -> c_int {
    if plugin_type != abi::FRONT_END {
        return SUCCESS;
    }
    let accepted = guarded(None, || {
        // SAFETY: sudo's vectors live as long as the call.
        let [info, argv] = [command_info, run_argv].map(|strings| unsafe { abi::words(strings) });
        Some(with_state(&[], |state| state.session.accept(&info, &argv)))
    });
    let sentence = match accepted {
        Some(Ok(())) => return SUCCESS,
        Some(Err(refusal)) => refusal.to_string(),
        None if is_roots() => return SUCCESS,
        None => FAILED_INSIDE.to_owned(),
    };
    // sudo itself shows this one to the person.
    // SAFETY: `errstr` is sudo's.
    unsafe { tell(errstr, sentence) };
    ERROR
}

unsafe extern "C" fn audit_close(status_type: c_int, status: c_int) {
    guarded((), || with_state(&[], |state| state.session.close(ending(status_type, status))));
}

unsafe extern "C" fn approval_show_version(_verbose: c_int) -> c_int {
    show_version(c"Writ approval plugin version %s\n")
}

unsafe extern "C" fn audit_show_version(_verbose: c_int) -> c_int {
    show_version(c"Writ audit plugin version %s\n")
}

fn show_version(format: &'static std::ffi::CStr) -> c_int {
    guarded(ERROR, || {
        let Some(printf) = with_state(&[], |state| state.printf) else {
            return ERROR;
        };
        let version = CString::new(env!("CARGO_PKG_VERSION")).unwrap_or_default();
        // SAFETY: sudo's printf, with a format that takes the one string it is given.
        unsafe { printf(abi::INFO_MESSAGE, format.as_ptr(), version.as_ptr()) };
        SUCCESS
    })
}

/// How the command ended. What sudo calls "no status" is a command that was
/// accepted and yet not run, because another plugin refused it.
fn ending(status_type: c_int, status: c_int) -> Ending {
    match status_type {
        WAIT_STATUS if libc::WIFEXITED(status) => {
            Ending { exit_status: Some(libc::WEXITSTATUS(status)), ..Ending::default() }
        }
        WAIT_STATUS => Ending { signal: Some(libc::WTERMSIG(status)), ..Ending::default() },
        EXEC_ERROR | SUDO_ERROR => Ending { exec_errno: Some(status), ..Ending::default() },
        _ => Ending { exec_errno: Some(libc::EACCES), ..Ending::default() },
    }
}

/// Does `work`, and what a panic in it leaves is `otherwise`.
fn guarded<R>(otherwise: R, work: impl FnOnce() -> R) -> R {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        std::panic::set_hook(Box::new(|panic| syslog::warn(&format!("sudo_writ.so: {panic}"))))
    });
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        // A payload may panic in its own drop.
        std::mem::forget(payload);
        otherwise
    })
}

/// Whether root himself invoked sudo, whom nothing locks out.
fn is_roots() -> bool {
    let known = lock().as_ref().and_then(|state| state.session.is_roots());
    known.unwrap_or_else(|| rustix::process::getuid().is_root())
}

fn with_state<R>(options: &[&[u8]], work: impl FnOnce(&mut State) -> R) -> R {
    let mut state = lock();
    work(state.get_or_insert_with(|| State {
        session: Session::new(trial::socket(options)),
        panics: trial::panics(options),
        printf: None,
        said: CString::default(),
    }))
}

fn lock() -> MutexGuard<'static, Option<State>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives sudo the sentence for its log.
///
/// # Safety
/// `errstr` is null, or may be written.
unsafe fn tell(errstr: *mut *const c_char, sentence: String) {
    let sentence = CString::new(sentence).unwrap_or_default();
    let said = guarded(std::ptr::null(), || {
        with_state(&[], |state| {
            state.said = sentence;
            state.said.as_ptr()
        })
    });
    if !errstr.is_null() && !said.is_null() {
        // SAFETY: not null, and sudo's to be written.
        unsafe { *errstr = said };
    }
}
