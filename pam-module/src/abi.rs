//! The shapes of PAM's interface, and its C strings; and what else is loaded.
//!
//! Source: `security/_pam_types.h` of Linux-PAM 1.5.2, pam_get_item(3), pam_conv(3),
//! pam_set_data(3), dl_iterate_phdr(3).
#![allow(unsafe_code, reason = "the border to C: PAM gives pointers")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

/// `PAM_SUCCESS`.
pub(crate) const SUCCESS: c_int = 0;
/// `PAM_SYSTEM_ERR`.
pub(crate) const SYSTEM_ERROR: c_int = 4;
/// `PAM_PERM_DENIED`.
pub(crate) const PERMISSION_DENIED: c_int = 6;
/// `PAM_SESSION_ERR`.
pub(crate) const SESSION_ERROR: c_int = 14;
/// `PAM_IGNORE`.
pub(crate) const IGNORE: c_int = 25;

/// `PAM_SILENT`.
pub(crate) const SILENT: c_int = 0x8000;

const ITEM_SERVICE: c_int = 1;
const ITEM_USER: c_int = 2;
const ITEM_TTY: c_int = 3;
const ITEM_REMOTE_HOST: c_int = 4;
const ITEM_CONVERSATION: c_int = 5;

const STYLE_PROMPT: c_int = 2;
const STYLE_ERROR: c_int = 3;

/// The name under which the module keeps its state with a handle.
const STATE: &CStr = c"writ";

/// The longest text that is taken from PAM, in bytes.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// `pam_handle_t`, which only PAM looks into.
#[repr(C)]
pub(crate) struct RawHandle {
    _opaque: [u8; 0],
}

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    _code: c_int,
}

#[repr(C)]
struct Conversation {
    call: Option<
        unsafe extern "C" fn(
            count: c_int,
            messages: *mut *const Message,
            responses: *mut *mut Response,
            data: *mut c_void,
        ) -> c_int,
    >,
    data: *mut c_void,
}

type Cleanup = unsafe extern "C" fn(handle: *mut RawHandle, data: *mut c_void, status: c_int);

unsafe extern "C" {
    fn pam_get_item(handle: *const RawHandle, item: c_int, found: *mut *const c_void) -> c_int;
    fn pam_set_data(
        handle: *mut RawHandle,
        name: *const c_char,
        data: *mut c_void,
        cleanup: Option<Cleanup>,
    ) -> c_int;
    fn pam_get_data(
        handle: *const RawHandle,
        name: *const c_char,
        data: *mut *const c_void,
    ) -> c_int;
}

/// The transaction that PAM called for.
pub(crate) struct Handle(*mut RawHandle);

/// The conversation gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoAnswer;

impl Handle {
    /// Of a call; none where PAM gave no handle.
    ///
    /// # Safety
    /// `raw` is null or the handle of a transaction that outlives what is returned.
    pub(crate) unsafe fn new(raw: *mut RawHandle) -> Option<Self> {
        (!raw.is_null()).then_some(Self(raw))
    }

    /// The service, as the program named itself to PAM.
    pub(crate) fn service(&self) -> Option<String> {
        String::from_utf8(self.text(ITEM_SERVICE)?).ok().filter(|service| !service.is_empty())
    }

    /// The user that the transaction is about now.
    pub(crate) fn user(&self) -> Option<Vec<u8>> {
        self.text(ITEM_USER)
    }

    /// The terminal, as the program tells it.
    pub(crate) fn tty(&self) -> Option<Vec<u8>> {
        self.text(ITEM_TTY)
    }

    /// Where the user comes from, as the program tells it.
    pub(crate) fn remote_host(&self) -> Option<Vec<u8>> {
        self.text(ITEM_REMOTE_HOST)
    }

    fn text(&self, item: c_int) -> Option<Vec<u8>> {
        let text = self.item(item)?.cast::<c_char>();
        // SAFETY: these items are C strings, which PAM keeps until they are set anew; the
        // module sets none.
        let text = unsafe { CStr::from_ptr(text) }.to_bytes();
        (text.len() <= TEXT_BYTES_MAX).then(|| text.to_vec())
    }

    fn item(&self, item: c_int) -> Option<*const c_void> {
        let mut found = ptr::null();
        // SAFETY: the handle is PAM's, and `found` may be written.
        let code = unsafe { pam_get_item(self.0, item, &raw mut found) };
        (code == SUCCESS && !found.is_null()).then_some(found)
    }

    /// Shows a line, beside what the program itself gives out.
    ///
    /// # Errors
    /// When the program has no way to show it.
    pub(crate) fn tell(&self, line: &str) -> Result<(), NoAnswer> {
        self.converse(STYLE_ERROR, line).map(|_| ())
    }

    /// Asks for a line.
    ///
    /// # Errors
    /// When the program has no way to ask, or nothing was said.
    pub(crate) fn ask(&self, label: &str) -> Result<Vec<u8>, NoAnswer> {
        self.converse(STYLE_PROMPT, label)?.ok_or(NoAnswer)
    }

    fn converse(&self, style: c_int, text: &str) -> Result<Option<Vec<u8>>, NoAnswer> {
        let conversation = self.item(ITEM_CONVERSATION).ok_or(NoAnswer)?.cast::<Conversation>();
        // SAFETY: the item is a `struct pam_conv`, which PAM keeps.
        let (call, data) = unsafe { ((*conversation).call, (*conversation).data) };
        let call = call.ok_or(NoAnswer)?;
        let text = CString::new(text).map_err(|_| NoAnswer)?;
        let message = Message { style, text: text.as_ptr() };
        let mut messages = [ptr::from_ref(&message)];
        let mut responses: *mut Response = ptr::null_mut();
        // SAFETY: one message, in a vector of one; both outlive the call, and the response
        // is ours to free (pam_conv(3)).
        let code = unsafe { call(1, messages.as_mut_ptr(), &raw mut responses, data) };
        if responses.is_null() {
            return if code == SUCCESS { Ok(None) } else { Err(NoAnswer) };
        }
        // SAFETY: a vector of one response, whose text is null or a C string from
        // malloc(3), as the vector is.
        let said = unsafe {
            let text = (*responses).text;
            let said = (!text.is_null()).then(|| CStr::from_ptr(text).to_bytes().to_vec());
            libc::free(text.cast());
            libc::free(responses.cast());
            said
        };
        if code == SUCCESS { Ok(said) } else { Err(NoAnswer) }
    }

    /// Keeps a state until the transaction ends, or another is kept.
    ///
    /// # Errors
    /// When PAM has no memory.
    pub(crate) fn keep<T>(&self, state: T) -> Result<(), ()> {
        let state = Box::into_raw(Box::new(state));
        // SAFETY: PAM hands the pointer to the cleanup once, which takes it back.
        let code =
            unsafe { pam_set_data(self.0, STATE.as_ptr(), state.cast(), Some(drop_state::<T>)) };
        if code == SUCCESS {
            return Ok(());
        }
        // SAFETY: PAM did not take it.
        drop(unsafe { Box::from_raw(state) });
        Err(())
    }

    /// The state that was kept.
    ///
    /// # Safety
    /// It was kept as a `T`, and no other reference to it is alive.
    pub(crate) unsafe fn kept<T>(&mut self) -> Option<&mut T> {
        let mut found = ptr::null();
        // SAFETY: as for `item`.
        let code = unsafe { pam_get_data(self.0, STATE.as_ptr(), &raw mut found) };
        if code != SUCCESS || found.is_null() {
            return None;
        }
        // SAFETY: it is what `keep` gave to PAM, which only hands it on; the caller says
        // that it is a `T` that nobody else refers to.
        Some(unsafe { &mut *found.cast_mut().cast::<T>() })
    }
}

/// PAM is done with a state. Also called in a child that goes on as the user: what is
/// dropped there is a copy.
unsafe extern "C" fn drop_state<T>(_handle: *mut RawHandle, data: *mut c_void, _status: c_int) {
    let taken_back = std::panic::AssertUnwindSafe(|| {
        // SAFETY: the pointer of `keep`, handed over once.
        drop(unsafe { Box::from_raw(data.cast::<T>()) });
    });
    if let Err(payload) = std::panic::catch_unwind(taken_back) {
        std::mem::forget(payload);
    }
}

/// The words of an argument vector.
///
/// # Safety
/// `words` are `count` C strings that live, unchanged, for `'a`.
pub(crate) unsafe fn words<'a>(count: c_int, words: *const *const c_char) -> Vec<&'a [u8]> {
    let count = usize::try_from(count).unwrap_or_default();
    if words.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller says that there are so many, and what they are.
    (0..count).map(|index| unsafe { CStr::from_ptr(*words.add(index)) }.to_bytes()).collect()
}

/// Whether an object whose path ends so is in this process.
pub(crate) fn is_loaded(ending: &[u8]) -> bool {
    let mut sought = Sought { ending, is_there: false };
    // SAFETY: `look` takes what it is given here, which outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut sought).cast()) };
    sought.is_there
}

/// The object that [`is_loaded`] looks for.
struct Sought<'a> {
    ending: &'a [u8],
    is_there: bool,
}

/// One object that is loaded; ends the walk when it is the one.
///
/// # Safety
/// `object` is what dl_iterate_phdr(3) hands over, `sought` a [`Sought`] that nobody else
/// refers to.
unsafe extern "C" fn look(
    object: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    sought: *mut c_void,
) -> c_int {
    // SAFETY: as the caller says; the name is null or a C string.
    let (name, sought) = unsafe { ((*object).dlpi_name, &mut *sought.cast::<Sought<'_>>()) };
    // SAFETY: as above.
    sought.is_there =
        !name.is_null() && unsafe { CStr::from_ptr(name) }.to_bytes().ends_with(sought.ending);
    c_int::from(sought.is_there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    #[test]
    fn what_is_loaded_is_known_by_its_path() {
        assert!(is_loaded(b"/libc.so.6"));
        assert!(!is_loaded(b"/sudo_writ.so"));
    }

    /// `sizeof` and `offsetof` as gcc gives them for `_pam_types.h` on 64 bits.
    #[test]
    fn the_structs_are_laid_out_as_in_c() {
        assert_eq!((size_of::<Message>(), offset_of!(Message, text)), (16, 8));
        assert_eq!((size_of::<Response>(), offset_of!(Response, _code)), (16, 8));
        assert_eq!((size_of::<Conversation>(), offset_of!(Conversation, data)), (16, 8));
    }
}
