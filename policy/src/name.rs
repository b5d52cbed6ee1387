//! Names that a policy file gives, and names of the system that it uses.

/// The longest name of a role, a rule or an approver, in characters.
pub const NAME_CHARS_MAX: usize = 64;

/// The longest name of a user or group (`useradd(8)` takes 32; directories give
/// longer ones).
const ACCOUNT_BYTES_MAX: usize = 256;

/// The longest name of a host or tag: that of a DNS name (RFC 1035).
const HOST_BYTES_MAX: usize = 253;

/// Why a text cannot be used as a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing stands there.
    #[error("names nothing")]
    Empty,
    /// More characters than are taken.
    #[error("is too long for a name")]
    TooLong,
    /// A character that such a name cannot have.
    #[error("cannot have {0:?} in it")]
    Character(char),
    /// `ALL`, which sudoers knows and this grammar does not.
    #[error("is a word of sudoers and means nothing here")]
    All,
}

/// A role or an approver: letters, digits, `-`, `_` and `.`, so that it can be
/// typed in a shell and stand in a line of a log without quotes. It does not begin
/// with `-` or `.`, so that it is no option, and no hidden file when one is named
/// after it.
pub(crate) fn check_handle(name: &str) -> Result<(), NameError> {
    if let Some(first) = name.chars().next().filter(|first| "-.".contains(*first)) {
        return Err(NameError::Character(first));
    }
    check(name, NAME_CHARS_MAX, |c| c.is_alphanumeric() || "-_.".contains(c))
}

/// A rule or a team: as a role, and blanks between the words.
pub(crate) fn check_title(name: &str) -> Result<(), NameError> {
    if name.starts_with(' ') || name.ends_with(' ') {
        return Err(NameError::Character(' '));
    }
    check(name, NAME_CHARS_MAX, |c| !writ_protocol::text::is_hidden(c) && c != '"' && c != '\\')
}

/// A user or group as the system's database may have it: not what would end a
/// field of passwd(5), nor what other places read as something else. Nothing is
/// looked up.
pub(crate) fn check_account(name: &str) -> Result<(), NameError> {
    if name == "ALL" {
        return Err(NameError::All);
    }
    if let Some(first) = name.chars().next().filter(|first| "-%@#+!".contains(*first)) {
        return Err(NameError::Character(first));
    }
    check(name, ACCOUNT_BYTES_MAX, |c| {
        !c.is_whitespace() && !writ_protocol::text::is_hidden(c) && !":/,*?[]".contains(c)
    })
}

/// A user of `run_as`: as [`check_account`], or `#` and a number.
pub(crate) fn check_run_as(name: &str) -> Result<(), NameError> {
    match name.strip_prefix('#') {
        // One way to write a number, because it is compared as text.
        Some(digits) if digits.parse().is_ok_and(|uid: u32| uid.to_string() == digits) => Ok(()),
        _ => check_account(name),
    }
}

/// A service of PAM: PAM itself takes it in small letters, as the name of a file.
pub(crate) fn check_service(name: &str) -> Result<(), NameError> {
    if let Some(first) = name.chars().next().filter(|first| "-.".contains(*first)) {
        return Err(NameError::Character(first));
    }
    check(name, NAME_CHARS_MAX, |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c)
    })
}

/// A tag of hosts.
pub(crate) fn check_tag(tag: &str) -> Result<(), NameError> {
    check(tag, HOST_BYTES_MAX, |c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
}

/// The name of a host, in which `*` stands for any run of characters.
pub(crate) fn check_host_pattern(pattern: &str) -> Result<(), NameError> {
    if pattern == "ALL" {
        return Err(NameError::All);
    }
    check(pattern, HOST_BYTES_MAX, |c| c.is_ascii_alphanumeric() || "-_.*".contains(c))
}

fn check(name: &str, longest: usize, fits: impl Fn(char) -> bool) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.chars().count() > longest {
        return Err(NameError::TooLong);
    }
    name.chars().find(|c| !fits(*c)).map_or(Ok(()), |c| Err(NameError::Character(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_mean_something_else_elsewhere_is_no_account() {
        for name in ["alice", "www-data", "_apt", "alice@example.com", "DOMAIN\\alice", "jürgen"] {
            assert_eq!(check_account(name), Ok(()), "{name}");
        }
        for name in ["", "%wheel", "-rf", "a b", "a:b", "a/b", "a,b", "ALL", "#0", "a\u{202e}b"] {
            assert!(check_account(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_target_user_may_be_a_number() {
        for name in ["root", "#0", "#4294967295"] {
            assert_eq!(check_run_as(name), Ok(()), "{name}");
        }
        for name in ["#", "#-1", "#+1", "#4294967296", "#0x0", "#033"] {
            assert!(check_run_as(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn handles_have_no_blanks_and_titles_no_controls() {
        assert_eq!(check_handle("web-operator"), Ok(()));
        assert_eq!(check_handle("web operator"), Err(NameError::Character(' ')));
        assert_eq!(check_handle("x/y"), Err(NameError::Character('/')));
        assert_eq!(check_title("root shell"), Ok(()));
        assert_eq!(check_title("root\nshell"), Err(NameError::Character('\n')));
        assert_eq!(check_title(&"x".repeat(65)), Err(NameError::TooLong));
    }

    #[test]
    fn hosts_and_tags_are_plain() {
        assert_eq!(check_host_pattern("web-*.example.com"), Ok(()));
        assert_eq!(check_host_pattern("web-[12]"), Err(NameError::Character('[')));
        assert_eq!(check_host_pattern("ALL"), Err(NameError::All));
        assert_eq!(check_tag("env:prod"), Ok(()));
        assert_eq!(check_tag("a b"), Err(NameError::Character(' ')));
    }
}
