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

/// Whether a text is a pattern of hosts' names: one of them, in which `*` stands for anything.
#[must_use]
pub fn is_host_pattern(text: &str) -> bool {
    text.contains('*') && is_host_name(&format!("x{}", text.replace('*', ""))) || is_host_name(text)
}

/// Whether a name is like a pattern, in which `*` stands for anything.
#[must_use]
pub fn is_like(name: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // The first place that fits leaves the most for what follows.
        let Some((_, after)) = name.split_once(part) else { return false };
        name = after;
    }
    name.ends_with(last)
}

fn is_name(text: &str, bytes_max: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let begins =
        text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    begins && text.len() <= bytes_max && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::{is_host_pattern, is_like};

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in [
            ("web-1", "web-1"),
            ("web-*", "web-1"),
            ("*", ""),
            ("*-db-*", "a-db-db-b"),
            ("a*a", "aa"),
        ] {
            assert!(is_like(name, pattern), "{pattern} {name}");
        }
        for (pattern, name) in
            [("web-1", "web-10"), ("web-*", "db-1"), ("a*a", "a"), ("*x*y", "yx")]
        {
            assert!(!is_like(name, pattern), "{pattern} {name}");
        }
    }
    #[test]
    fn a_pattern_is_a_name_with_stars() {
        for pattern in ["*", "web-*", "*.example.com", "*db*", "web-1"] {
            assert!(is_host_pattern(pattern), "{pattern}");
        }
        for text in ["", "-x", "web 1", "web-[12]", "%", "a,b"] {
            assert!(!is_host_pattern(text), "{text}");
        }
    }
}
