//! A transaction of PAM, as a program makes it: `transaction FOLDER SERVICE USER
//! [answer=TEXT] STAGE…`, with the services' files in FOLDER (pam_start_confdir(3)).
//!
//! Prints a line for each message of the conversation, and one for each stage with the
//! code that PAM returned. For the tests of the module.
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it plays a program in C, and a panic is a failed test"
)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io::Write;
use std::ptr;

const ABORT: c_int = 26;
const CONVERSATION_ERROR: c_int = 19;
const PROMPT: c_int = 2;

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

type Converse =
    unsafe extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int;

#[repr(C)]
struct Conversation {
    converse: Converse,
    data: *mut c_void,
}

unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        folder: *const c_char,
        handle: *mut *mut c_void,
    ) -> c_int;
    fn pam_end(handle: *mut c_void, status: c_int) -> c_int;
    fn pam_authenticate(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_open_session(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_close_session(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_set_item(handle: *mut c_void, item: c_int, value: *const c_void) -> c_int;
}

/// Prints, where there is still an output.
fn tell(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

unsafe extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    assert_eq!(count, 1);
    // SAFETY: PAM's one message, and the answer that `main` keeps.
    let (message, answer) = unsafe { (&**messages, &*data.cast::<Option<CString>>()) };
    // SAFETY: a C string.
    let text = unsafe { CStr::from_ptr(message.text) }.to_string_lossy().into_owned();
    tell(&format!("message {} {text}", message.style));
    let said = match (message.style, answer) {
        (PROMPT, None) => return CONVERSATION_ERROR,
        (PROMPT, Some(answer)) => answer.as_ptr(),
        _ => ptr::null(),
    };
    // SAFETY: a response is from malloc(3), and its text is, or null.
    unsafe {
        let response = libc::calloc(1, size_of::<Response>()).cast::<Response>();
        (*response).text = if said.is_null() { ptr::null_mut() } else { libc::strdup(said) };
        (*response).code = 0;
        *responses = response;
    }
    0
}

fn main() {
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .take_while(|word| word != "--")
        .collect();
    let text = |word: &str| CString::new(word).unwrap();
    let (folder, service, user) = (text(&words[0]), text(&words[1]), text(&words[2]));
    let mut answer = words.iter().find_map(|word| word.strip_prefix("answer=")).map(text);
    let conversation = Conversation { converse, data: (&raw mut answer).cast::<c_void>() };
    let mut handle = ptr::null_mut();
    // SAFETY: C strings and a conversation that outlive the transaction.
    let started = unsafe {
        pam_start_confdir(
            service.as_ptr(),
            user.as_ptr(),
            &raw const conversation,
            folder.as_ptr(),
            &raw mut handle,
        )
    };
    assert_eq!(started, 0);
    for word in words.iter().skip(3) {
        let silent = 0x8000;
        // SAFETY: the handle of the transaction.
        let code = unsafe {
            match word.as_str() {
                "authenticate" => pam_authenticate(handle, 0),
                "setcred" => pam_setcred(handle, 2),
                "acct" => pam_acct_mgmt(handle, 0),
                "silent-acct" => pam_acct_mgmt(handle, silent),
                "open" => pam_open_session(handle, 0),
                "close" => pam_close_session(handle, 0),
                "user=root" => pam_set_item(handle, 2, c"root".as_ptr().cast()),
                _ => continue,
            }
        };
        tell(&format!("{word} {code}"));
    }
    // SAFETY: as above; nothing is used afterwards.
    unsafe { pam_end(handle, ABORT) };
}
