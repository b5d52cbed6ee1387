//! What crosses with a `Run`: which variables and which descriptors.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, StatxFlags, statx};
use rustix::net::AddressFamily;
use rustix::net::sockopt::socket_domain;

/// Standard input, output and error.
pub const DESCRIPTORS: usize = 3;

/// The variables of the caller's environment that a command keeps; of those with a `*`,
/// what begins so. The rest comes from the user database.
pub const ENVIRONMENT_KEPT: [&str; 7] =
    ["TERM", "COLORTERM", "NO_COLOR", "TZ", "LANG", "LANGUAGE", "LC_*"];

/// The longest value of a variable that is kept, in bytes.
const VALUE_BYTES_MAX: usize = 1024;

/// Whether a command keeps a variable.
#[must_use]
pub fn keeps(name: &str, value: &str) -> bool {
    let known = ENVIRONMENT_KEPT.iter().any(|kept| match kept.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *kept,
    });
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    known && plain && value.len() <= VALUE_BYTES_MAX && !value.chars().any(char::is_control)
}

/// A descriptor that is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not of a kind that can be closed in an instant, whoever made it.
    #[error("it is neither a pipe, nor a Unix socket, nor a terminal")]
    Kind,
    /// A terminal of another user.
    #[error("it is a terminal of another user")]
    Foreign,
}

/// The devices without a driver that could wait: null, zero, full, random, urandom (mem(4),
/// null(4), random(4)).
const MEMORY_MAJOR: u32 = 1;
const MEMORY_MINORS: [u32; 5] = [3, 5, 7, 8, 9];

/// Whether a descriptor may be handed to a privileged process: one whose file answers to
/// a file system of the user's making could make it wait for ever, at its close if not
/// before. So only what the kernel alone answers for is taken, and nothing is asked of
/// the file system to find out (`AT_STATX_DONT_SYNC`, statx(2)).
///
/// # Errors
/// Why it may not.
pub fn passable(descriptor: impl AsFd, uid: u32) -> Result<(), Unfit> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let wanted = StatxFlags::TYPE | StatxFlags::UID;
    let file = statx(&descriptor, c"", flags, wanted).map_err(|_| Unfit::Kind)?;
    match FileType::from_raw_mode(u32::from(file.stx_mode)) {
        FileType::Fifo => Ok(()),
        FileType::Socket if socket_domain(&descriptor) == Ok(AddressFamily::UNIX) => Ok(()),
        FileType::CharacterDevice => {
            let (major, minor) = (file.stx_rdev_major, file.stx_rdev_minor);
            if major == MEMORY_MAJOR && MEMORY_MINORS.contains(&minor) {
                Ok(())
            } else if file.stx_uid != uid {
                Err(Unfit::Foreign)
            } else if rustix::termios::isatty(&descriptor) {
                Ok(())
            } else {
                Err(Unfit::Kind)
            }
        }
        _ => Err(Unfit::Kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::net::TcpListener;
    use std::os::unix::net::UnixStream;

    fn me() -> u32 {
        rustix::process::getuid().as_raw()
    }

    #[test]
    fn pipes_unix_sockets_and_the_null_device_are_passed() {
        let (reader, writer) = std::io::pipe().unwrap();
        let (one, _other) = UnixStream::pair().unwrap();
        assert_eq!(passable(&reader, me()), Ok(()));
        assert_eq!(passable(&writer, me()), Ok(()));
        assert_eq!(passable(&one, me()), Ok(()));
        assert_eq!(passable(File::open("/dev/null").unwrap(), me()), Ok(()));
    }

    #[test]
    fn files_folders_and_network_sockets_are_not() {
        assert_eq!(passable(File::open("/etc/passwd").unwrap(), me()), Err(Unfit::Kind));
        assert_eq!(passable(File::open("/").unwrap(), me()), Err(Unfit::Kind));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(passable(&listener, me()), Err(Unfit::Kind));
    }

    #[test]
    fn a_terminal_is_its_owners_alone() {
        let flags = rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY;
        let master = rustix::pty::openpt(flags).unwrap();
        rustix::pty::unlockpt(&master).unwrap();
        let terminal = rustix::pty::ioctl_tiocgptpeer(&master, flags).unwrap();
        assert_eq!(passable(&terminal, me()), Ok(()));
        assert_eq!(passable(&terminal, me() + 1), Err(Unfit::Foreign));
    }

    #[test]
    fn only_what_describes_a_terminal_or_a_language_is_kept() {
        for (name, value) in [("TERM", "xterm"), ("LC_ALL", "C.UTF-8"), ("TZ", "Europe/Berlin")] {
            assert!(keeps(name, value), "{name}");
        }
        for (name, value) in [
            ("LD_PRELOAD", "/tmp/x.so"),
            ("PATH", "/tmp"),
            ("TERM", "x\ny"),
            ("LC_A=B", "x"),
            ("LANGX", "C"),
        ] {
            assert!(!keeps(name, value), "{name}");
        }
        assert!(!keeps("TERM", &"x".repeat(VALUE_BYTES_MAX + 1)));
    }
}
