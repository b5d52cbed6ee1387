//! Actions of polkit (polkit(8)).

/// The longest name of an action, in bytes: with a prefix it is the name of a group.
const ACTION_BYTES_MAX: usize = 200;

/// Actions that let whoever may do them do anything as root, and how.
const ROOTLY: [(&str, &str); 6] = [
    ("org.freedesktop.policykit.exec", "runs any program as root"),
    ("org.freedesktop.systemd1.manage-units", "starts any service, of any program, as root"),
    ("org.freedesktop.systemd1.manage-unit-files", "lets any file be a service of root's"),
    ("org.freedesktop.machine1.host-shell", "opens a shell of any user"),
    ("org.freedesktop.machine1.host-open-pty", "reaches any login of this host"),
    ("org.freedesktop.packagekit.package-install-untrusted", "installs any package"),
];

/// What an action can do that is as good as root, where that is known.
#[must_use]
pub fn action_power(action: &str) -> Option<&'static str> {
    ROOTLY.iter().find(|(name, _)| *name == action).map(|(_, power)| *power)
}

/// Whether a text can be the name of an action: letters, digits, `.` and `-`.
pub(crate) fn is_action(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    text.len() <= ACTION_BYTES_MAX
        && text.contains('.')
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_read_as_more_than_a_name_is_none() {
        assert!(is_action("org.freedesktop.systemd1.manage-units"));
        for other in
            ["", "a", ".a", "a.b:c", "a.b/c", "a.b c", "a.\u{e9}", "a.*", &"a.".repeat(150)]
        {
            assert!(!is_action(other), "{other}");
        }
    }
}
