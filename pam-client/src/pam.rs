//! The border to libpam: pam(3), as much of it as a program needs that asks PAM about
//! somebody.
#![allow(unsafe_code, reason = "the border to C: libpam calls, and is called, with pointers")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// All is well (pam(3)).
pub(crate) const PAM_SUCCESS: c_int = 0;
/// Something in the module failed.
const PAM_SYSTEM_ERR: c_int = 4;
/// No memory.
const PAM_BUF_ERR: c_int = 5;
/// The conversation failed.
const PAM_CONV_ERR: c_int = 19;
/// A flag: modules say nothing.
const PAM_SILENT: c_int = 0x8000;
/// A flag: no account without a password is let in.
const PAM_DISALLOW_NULL_AUTHTOK: c_int = 1;
/// The item that is the account, which modules may change.
const PAM_USER: c_int = 2;
/// The item that is who asks.
const PAM_RUSER: c_int = 8;
/// The most messages at once (`PAM_MAX_NUM_MSG`).
const MESSAGES_MAX: usize = 32;

/// `msg_style` of pam_conv(3).
const PAM_PROMPT_ECHO_OFF: c_int = 1;
const PAM_PROMPT_ECHO_ON: c_int = 2;
const PAM_ERROR_MSG: c_int = 3;
const PAM_TEXT_INFO: c_int = 4;

/// `struct pam_message`.
#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

/// `struct pam_response`.
#[repr(C)]
struct Response {
    text: *mut c_char,
    unused: c_int,
}

/// `struct pam_conv` (pam_conv(3)).
#[repr(C)]
struct Conversation {
    converse:
        unsafe extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int,
    data: *mut c_void,
}

/// `pam_handle_t`, which only libpam looks into.
#[repr(C)]
struct Opaque {
    private: [u8; 0],
}

// By the name of the file: the link without a number is in a package of headers that
// nothing else here needs.
#[link(name = "libpam.so.0", kind = "dylib", modifiers = "+verbatim")]
unsafe extern "C" {
    fn pam_start(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        handle: *mut *mut Opaque,
    ) -> c_int;
    fn pam_authenticate(handle: *mut Opaque, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut Opaque, flags: c_int) -> c_int;
    fn pam_get_item(handle: *const Opaque, kind: c_int, item: *mut *const c_void) -> c_int;
    fn pam_set_item(handle: *mut Opaque, kind: c_int, item: *const c_void) -> c_int;
    fn pam_end(handle: *mut Opaque, status: c_int) -> c_int;
    fn pam_strerror(handle: *mut Opaque, code: c_int) -> *const c_char;
}

/// Who answers what modules ask.
pub(crate) trait Person {
    /// Reads what he is told. `false` where he is not there.
    fn told(&mut self, text: &str) -> bool;
    /// Answers; `None` where he does not. The bytes are cleared when PAM has them.
    fn asked(&mut self, prompt: &str, echo: bool) -> Option<Vec<u8>>;
}

/// Nobody is there to be asked or told anything.
pub(crate) struct Nobody;

impl Person for Nobody {
    fn told(&mut self, _text: &str) -> bool {
        false
    }

    fn asked(&mut self, _prompt: &str, _echo: bool) -> Option<Vec<u8>> {
        None
    }
}

/// What PAM says, with its number.
#[derive(Debug)]
pub(crate) struct Said {
    /// A `PAM_` code of pam(3).
    pub(crate) code: c_int,
    /// pam_strerror(3)'s words for it.
    pub(crate) words: String,
}

/// What the account stack of `service` says about `user` (pam_acct_mgmt(3)). Modules
/// may take as long as they like, and end this process.
pub(crate) fn account(service: &CStr, user: &CStr) -> Said {
    transaction(service, user, &mut Nobody, |handle| {
        // SAFETY: the handle is of pam_start, and not ended yet.
        unsafe { pam_acct_mgmt(handle, PAM_SILENT) }
    })
}

/// Whether `person` proves to `service` that he is `user` (pam_authenticate(3)), and the
/// account may be used now.
pub(crate) fn prove(service: &CStr, user: &CStr, person: &mut dyn Person) -> Said {
    transaction(service, user, person, |handle| {
        // SAFETY: the handle is of pam_start, and not ended yet; libpam copies the string.
        let steps = unsafe {
            [
                pam_set_item(handle, PAM_RUSER, user.as_ptr().cast()),
                pam_authenticate(handle, PAM_DISALLOW_NULL_AUTHTOK),
            ]
        };
        if let Some(code) = steps.into_iter().find(|code| *code != PAM_SUCCESS) {
            return code;
        }
        // SAFETY: as above.
        let code = unsafe { pam_acct_mgmt(handle, PAM_DISALLOW_NULL_AUTHTOK) };
        match code == PAM_SUCCESS && !is_still(handle, user) {
            true => PAM_SYSTEM_ERR,
            false => code,
        }
    })
}

/// Whether the account is the one that was asked about: modules may put another there.
fn is_still(handle: *const Opaque, user: &CStr) -> bool {
    let mut item: *const c_void = ptr::null();
    // SAFETY: the handle is not ended yet; the item is libpam's and lasts as long.
    let code = unsafe { pam_get_item(handle, PAM_USER, &raw mut item) };
    // SAFETY: of PAM_USER, what is not null is a string that ends in NUL (pam_get_item(3)).
    code == PAM_SUCCESS && !item.is_null() && unsafe { CStr::from_ptr(item.cast()) } == user
}

fn transaction(
    service: &CStr,
    user: &CStr,
    mut person: &mut dyn Person,
    work: impl FnOnce(*mut Opaque) -> c_int,
) -> Said {
    // A thin pointer to the fat one.
    let data: *mut &mut dyn Person = &raw mut person;
    let conversation = Conversation { converse, data: data.cast() };
    let mut handle: *mut Opaque = ptr::null_mut();
    // SAFETY: both strings end in NUL; the conversation, who it is with and the place of
    // the handle outlive pam_end below, which is the last that libpam does with them.
    let started = unsafe {
        pam_start(service.as_ptr(), user.as_ptr(), &raw const conversation, &raw mut handle)
    };
    if started != PAM_SUCCESS {
        return Said { code: started, words: words(ptr::null_mut(), started) };
    }
    let code = work(handle);
    let words = words(handle, code);
    // SAFETY: pam_start made the handle; it is not used again.
    unsafe { pam_end(handle, code) };
    Said { code, words }
}

/// What modules call. A panic is a conversation that failed.
unsafe extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    let Some(count) =
        usize::try_from(count).ok().filter(|count| (1..=MESSAGES_MAX).contains(count))
    else {
        return PAM_CONV_ERR;
    };
    if messages.is_null() || responses.is_null() || data.is_null() {
        return PAM_CONV_ERR;
    }
    // SAFETY: libpam hands back the pointer of `transaction`, which waits for this call, and
    // nobody else has it meanwhile.
    let person = unsafe { &mut *data.cast::<&mut dyn Person>() };
    let answered = catch_unwind(AssertUnwindSafe(|| {
        (0..count)
            .map(|index| {
                // SAFETY: Linux-PAM gives an array of `count` pointers to messages.
                let message = unsafe { &**messages.add(index) };
                answer(message, *person)
            })
            .collect::<Option<Vec<_>>>()
    }));
    let Ok(Some(answers)) = answered else {
        return PAM_CONV_ERR;
    };
    // SAFETY: plain memory of C's, which the module frees.
    let array: *mut Response = unsafe { libc::calloc(count, size_of::<Response>()) }.cast();
    if array.is_null() {
        return PAM_BUF_ERR;
    }
    for (index, answer) in answers.into_iter().enumerate() {
        let Some(mut answer) = answer else { continue };
        answer.push(0);
        // SAFETY: the array has `count` places, zeroed; the answer ends in NUL.
        unsafe { (*array.add(index)).text = libc::strdup(answer.as_ptr().cast()) };
        answer.fill(0);
    }
    // SAFETY: not null, and libpam's to read when this has returned.
    unsafe { *responses = array };
    PAM_SUCCESS
}

/// `None` where nobody answers; no text where none is wanted.
fn answer(message: &Message, person: &mut dyn Person) -> Option<Option<Vec<u8>>> {
    let text = match message.text.is_null() {
        true => String::new(),
        // SAFETY: of a message, what is not null is a string that ends in NUL.
        false => unsafe { CStr::from_ptr(message.text) }.to_string_lossy().into_owned(),
    };
    match message.style {
        PAM_PROMPT_ECHO_OFF | PAM_PROMPT_ECHO_ON => {
            person.asked(&text, message.style == PAM_PROMPT_ECHO_ON).map(Some)
        }
        PAM_ERROR_MSG | PAM_TEXT_INFO => person.told(&text).then_some(None),
        _ => None,
    }
}

fn words(handle: *mut Opaque, code: c_int) -> String {
    // SAFETY: pam_strerror does not look at the handle, and gives a string that ends in
    // NUL and is constant.
    let text = unsafe { pam_strerror(handle, code) };
    if text.is_null() {
        return "no words".to_owned();
    }
    // SAFETY: not null, and as above.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A word of the command line, for libpam; `None` if it has a NUL in it.
pub(crate) fn word(text: &str) -> Option<CString> {
    CString::new(text).ok()
}
