//! Users of the host, as the calling program itself looks them up (getpwnam_r(3)).
#![allow(unsafe_code, reason = "the name service has no safe form")]

use std::ffi::{CStr, CString, c_char, c_int};
use std::mem::MaybeUninit;
use std::ptr;

use libc::passwd;

/// How much room an entry is given first, in bytes.
const ENTRY_BYTES_USUAL: usize = 1024;

/// How much it is given at most, in bytes.
const ENTRY_BYTES_MAX: usize = 256 * 1024;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// His name.
    pub(crate) name: String,
    /// His number.
    pub(crate) uid: u32,
    /// His folder.
    pub(crate) home: Vec<u8>,
    /// His shell.
    pub(crate) shell: Vec<u8>,
}

/// The user of that name.
pub(crate) fn by_name(name: &[u8]) -> Option<User> {
    let name = CString::new(name).ok()?;
    look_up(|entry, room, length, found| {
        // SAFETY: the name is a C string, and the rest is as `look_up` makes it.
        unsafe { libc::getpwnam_r(name.as_ptr(), entry, room, length, found) }
    })
}

/// The user of that number.
pub(crate) fn by_uid(uid: u32) -> Option<User> {
    look_up(|entry, room, length, found| {
        // SAFETY: as `look_up` makes it.
        unsafe { libc::getpwuid_r(uid, entry, room, length, found) }
    })
}

fn look_up(
    call: impl Fn(*mut passwd, *mut c_char, usize, *mut *mut passwd) -> c_int,
) -> Option<User> {
    let mut bytes = ENTRY_BYTES_USUAL;
    while bytes <= ENTRY_BYTES_MAX {
        let mut room: Vec<c_char> = vec![0; bytes];
        let mut entry = MaybeUninit::<passwd>::uninit();
        let mut found = ptr::null_mut();
        match call(entry.as_mut_ptr(), room.as_mut_ptr(), room.len(), &raw mut found) {
            libc::ERANGE => bytes *= 2,
            libc::EINTR => {}
            0 if !found.is_null() => {
                // SAFETY: the call succeeded, so that the entry is filled in, with strings
                // in `room`, which is still there.
                return unsafe { user(&entry.assume_init()) };
            }
            _ => return None,
        }
    }
    None
}

/// # Safety
/// The strings of the entry are null or C strings.
unsafe fn user(entry: &passwd) -> Option<User> {
    let text = |text: *const c_char| {
        // SAFETY: the caller says so.
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes().to_vec())
    };
    Some(User {
        name: String::from_utf8(text(entry.pw_name)?).ok()?,
        uid: entry.pw_uid,
        home: text(entry.pw_dir)?,
        shell: text(entry.pw_shell)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_found_by_name_and_number_and_nobody_by_nonsense() {
        let root = by_name(b"root").unwrap();
        assert_eq!((root.uid, root.name.as_str()), (0, "root"));
        assert_eq!(by_uid(0), Some(root));
        assert_eq!(by_name(b"ro\0ot"), None);
        assert_eq!(by_name(b"no-such-user"), None);
    }
}
