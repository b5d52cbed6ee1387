//! The ssh client that logs people in: it runs in the host's network and nothing
//! else of it, as if it came from another machine.

use std::path::Path;
use std::process::Command;

/// Where sshd listens, in the host's own network.
const ADDRESS: &str = "127.0.0.1";

/// ssh's options: nothing of the machine outside, no question, no word of its own.
const OPTIONS: [&str; 6] = [
    "BatchMode=yes",
    "ConnectTimeout=20",
    "IdentitiesOnly=yes",
    "LogLevel=ERROR",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
];

/// Whether the session gets a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tty {
    /// A new one, which becomes the session's own.
    Yes,
    /// The one that the command is run on.
    Here,
    No,
}

/// An ssh login of `user` on the host of `leader`; the remote command is yet to
/// be added, without one it is the user's login shell.
pub(crate) fn ssh(leader: u32, key: &Path, user: &str, tty: Tty) -> Command {
    // With a terminal, its own session with our pty as the controlling terminal:
    // ssh must hear of a new window size.
    let mut command = match tty {
        Tty::Yes => {
            let mut setsid = Command::new("setsid");
            setsid.args(["--ctty", "nsenter"]);
            setsid
        }
        Tty::Here | Tty::No => Command::new("nsenter"),
    };
    command
        .env_remove("SSH_AUTH_SOCK")
        .env("TERM", "xterm-256color")
        .arg(format!("--net=/proc/{leader}/ns/net"))
        .args(["ssh", "-F", "none", "-i"])
        .arg(key);
    for option in OPTIONS {
        command.args(["-o", option]);
    }
    command.arg(match tty {
        Tty::Yes | Tty::Here => "-tt",
        Tty::No => "-T",
    });
    command.arg(format!("{user}@{ADDRESS}"));
    command
}
