//! Names of hosts and people: nothing that means something elsewhere (paths, headers, pages).

use crate::limits::NAME_BYTES_MAX;

/// Bytes of a person's name.
const PERSON_BYTES_MAX: usize = 64;

/// Whether a text can be a host's name.
#[must_use]
pub fn is_host_name(text: &str) -> bool {
    is_name(text, NAME_BYTES_MAX)
}

/// Whether a text can be a person's name, as approvers.d has it.
#[must_use]
pub fn is_person_name(text: &str) -> bool {
    is_name(text, PERSON_BYTES_MAX)
}

fn is_name(text: &str, bytes_max: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let begins =
        text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    begins && text.len() <= bytes_max && text.bytes().all(plain)
}
