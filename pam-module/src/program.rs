//! The program that called PAM: what it is, and what it was called with.
//!
//! Read from the kernel: a person chooses what stands in argv\[0\] and in the environment
//! of a setuid program, not which file it is, nor the words behind its name.

use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;

use crate::abi;
use crate::trial::Options;

/// The longest command line that is read, in bytes: more cannot be asked about.
const CMDLINE_BYTES_MAX: u64 = 256 * 1024;

/// How much room a file of `/proc` is given first, in bytes.
const FILE_BYTES_USUAL: usize = 4096;

/// The plugin of sudo, as it is called in its folder.
const PLUGIN: &[u8] = b"/sudo_writ.so";

/// How sshd calls the process in which it talks with a person through PAM
/// (setproctitle(3) in `sshpam_thread` of OpenSSH).
const SSHD_TALKS: &[u8] = b" [pam]";

/// Which program it is, as far as that makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// sudo or sudo-rs.
    Sudo,
    /// doas of OpenDoas.
    Doas,
    /// A program whose command line is what the person typed, and that opens a session.
    Su,
    /// Another.
    Other,
}

impl Kind {
    /// The kind of the calling program.
    pub(crate) fn of_this_process(options: &Options) -> Self {
        options.program.as_deref().map_or_else(Self::of_own_file, Self::of)
    }

    /// The same, whatever a test says. The file of a process does not change.
    pub(crate) fn of_own_file() -> Self {
        static OWN: OnceLock<Kind> = OnceLock::new();
        *OWN.get_or_init(|| {
            let file = std::fs::read_link("/proc/self/exe").unwrap_or_default();
            Self::of(file.as_os_str().as_bytes())
        })
    }

    fn of(file: &[u8]) -> Self {
        let file = file.strip_suffix(b" (deleted)").unwrap_or(file);
        Self::named(file.rsplit(|byte| *byte == b'/').next().unwrap_or_default())
    }

    fn named(name: &[u8]) -> Self {
        match name {
            b"sudo" | b"sudo-rs" | b"sudo.ws" | b"sudo-ws" => Self::Sudo,
            b"doas" | b"opendoas" => Self::Doas,
            b"su" | b"su-rs" => Self::Su,
            _ => Self::Other,
        }
    }
}

/// The words of the command line; `None` where it cannot be read, or not whole.
pub(crate) fn command_line(options: &Options) -> Option<Vec<Vec<u8>>> {
    let path = options.cmdline.clone().unwrap_or_else(|| "/proc/self/cmdline".into());
    let bytes = read(&path, CMDLINE_BYTES_MAX)?;
    let words = bytes.strip_suffix(b"\0")?;
    Some(words.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect())
}

/// Whether sudo's plugin is in this very process: then it asks, whatever sudo.conf says
/// by now.
pub(crate) fn has_plugin() -> bool {
    abi::is_loaded(PLUGIN)
}

/// Whether this is the process of sshd that can ask the person who logs in.
pub(crate) fn is_sshd_that_talks(options: &Options) -> bool {
    let path = options.cmdline.clone().unwrap_or_else(|| "/proc/self/cmdline".into());
    let title = read(&path, CMDLINE_BYTES_MAX).unwrap_or_default();
    let end = title.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    title.get(..end).is_some_and(|title| title.ends_with(SSHD_TALKS))
}

/// The working directory of the process.
pub(crate) fn directory() -> Option<Vec<u8>> {
    std::env::current_dir().ok().map(|path| path.as_os_str().as_bytes().to_vec())
}

/// The whole of a file of `/proc`, if it is no longer than that.
fn read(path: &std::path::Path, bytes_max: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(FILE_BYTES_USUAL);
    let read = File::open(path).ok()?.take(bytes_max + 1).read_to_end(&mut bytes).ok()?;
    (u64::try_from(read).ok()? <= bytes_max).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_by_their_files() {
        for (name, kind) in [
            ("sudo", Kind::Sudo),
            ("sudo-rs", Kind::Sudo),
            ("doas", Kind::Doas),
            ("su", Kind::Su),
            ("sshd-session", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::named(name.as_bytes()), kind, "{name}");
        }
    }

    #[test]
    fn this_process_has_a_command_line_and_no_plugin_of_sudo() {
        assert!(!command_line(&Options::of(&[])).unwrap().is_empty());
        assert!(!has_plugin());
        assert!(!is_sshd_that_talks(&Options::of(&[])));
    }
}
