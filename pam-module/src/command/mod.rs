//! The command that sudo-rs or doas is about to run, told as sudo's plugin tells it.
//!
//! These programs hand no plugin what they made of their command line. It is read the
//! same way here, and what could be read in two ways is refused: what an approver sees
//! must be what runs.

mod doas;
mod resolve;
mod sudo;

use writ_protocol::calls::{Command, RunAs};
use writ_protocol::text;

use crate::accounts::{self, User};
use crate::program::{self, Kind};

/// Why a command line cannot be asked about. Display is the sentence that the person
/// reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommandError {
    /// It cannot be read.
    #[error("the command line is too long to be asked about; put the command into a script")]
    Unreadable,
    /// An option that is not read here, or in a form that is not.
    #[error(
        "{0} cannot be asked about here; write the options apart and plainly, such as `-u USER`"
    )]
    Option(String),
    /// Files are to be edited.
    #[error("sudoedit cannot be asked about here; use sudo with Writ's plugin for it")]
    Edit,
    /// There is no command.
    #[error("no command was named")]
    NoCommand,
    /// A word before the command that may be an assignment or the command.
    #[error(
        "it cannot be told whether {0} is a variable or the command; name the command by its path"
    )]
    Assignment(String),
    /// No such user.
    #[error("there is no user {0}")]
    NoUser(String),
    /// Nothing is found.
    #[error("the command {0} is not found; name it by its whole path")]
    NotFound(String),
    /// It depends on the search path which file it is.
    #[error("it cannot be told which {0} would run; name it by its whole path")]
    Ambiguous(String),
    /// The working directory is gone.
    #[error("the working directory cannot be told; change to one that exists and try again")]
    NoDirectory,
}

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Call {
    /// No command: a list, a check, a forgotten ticket.
    NoCommand,
    /// Something runs.
    Run {
        /// The user that was named.
        user: Option<Vec<u8>>,
        /// The group that was named.
        group: Option<Vec<u8>>,
        /// What runs.
        what: What,
    },
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// A command with its arguments.
    Words(Vec<Vec<u8>>),
    /// A shell of who asks, with what it is given to run.
    Shell(Vec<Vec<u8>>),
    /// A login shell of the target, with what it is given to run.
    Login(Vec<Vec<u8>>),
}

/// The command of this process, whom `uid` started; none where it runs nothing.
///
/// # Errors
/// When it cannot be told for certain what would run.
pub(crate) fn of(kind: Kind, words: &[Vec<u8>], uid: u32) -> Result<Option<Command>, CommandError> {
    let call = match kind {
        Kind::Doas => doas::read(words)?,
        Kind::Sudo | Kind::Su | Kind::Other => sudo::read(words)?,
    };
    match call {
        Call::NoCommand => Ok(None),
        Call::Run { user, group, what } => {
            let target = target(user.as_deref(), group.as_deref(), uid)?;
            command(kind, what, &target, group, uid).map(Some)
        }
    }
}

/// Who the command is to run as: root, or with a group alone who asks (sudo(8), `-g`).
fn target(user: Option<&[u8]>, group: Option<&[u8]>, uid: u32) -> Result<User, CommandError> {
    let (found, name) = match (user, group) {
        (Some(user), _) => (named(user), text::encode(user)),
        (None, Some(_)) => (accounts::by_uid(uid), format!("#{uid}")),
        (None, None) => (accounts::by_uid(0), "root".to_owned()),
    };
    found.ok_or(CommandError::NoUser(name))
}

/// By name, or by `#` and a number.
fn named(user: &[u8]) -> Option<User> {
    match user.strip_prefix(b"#") {
        Some(number) => accounts::by_uid(str::from_utf8(number).ok()?.parse().ok()?),
        None => accounts::by_name(user),
    }
}

fn command(
    kind: Kind,
    what: What,
    target: &User,
    group: Option<Vec<u8>>,
    uid: u32,
) -> Result<Command, CommandError> {
    let here = || program::directory().ok_or(CommandError::NoDirectory);
    let (path, argv, cwd) = match what {
        What::Words(words) => {
            let cwd = here()?;
            let name = words.first().ok_or(CommandError::NoCommand)?;
            (resolve::path(kind, name, &cwd)?, words, cwd)
        }
        What::Shell(words) => {
            let shell = own_shell(uid)?;
            (shell.clone(), with_script(shell, words), here()?)
        }
        What::Login(words) => {
            let name = target.shell.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let called = [b"-", name].concat();
            (target.shell.clone(), with_script(called, words), target.home.clone())
        }
    };
    Ok(Command {
        path: text::encode(&path),
        argv: argv.iter().map(|word| text::encode(word)).collect(),
        cwd: text::encode(&cwd),
        run_as: RunAs {
            user: target.name.clone(),
            uid: target.uid,
            group: group.map(|group| text::encode(&group)),
        },
        edit: false,
    })
}

/// The shell of who asks. These programs take it from his environment, or else from his
/// entry: only where both say the same is it certain.
fn own_shell(uid: u32) -> Result<Vec<u8>, CommandError> {
    use std::os::unix::ffi::OsStringExt;
    let entry = accounts::by_uid(uid).ok_or_else(|| CommandError::NoUser(format!("#{uid}")))?;
    match std::env::var_os("SHELL").map(OsStringExt::into_vec) {
        Some(shell) if !shell.is_empty() && shell != entry.shell => {
            Err(CommandError::Ambiguous("shell".to_owned()))
        }
        _ => Ok(entry.shell),
    }
}

/// As sudo does it: one text for `-c`, in which everything is escaped that a shell might
/// take for more than itself (sudo(8), `-i`).
fn with_script(shell: Vec<u8>, words: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    if words.is_empty() {
        return vec![shell];
    }
    let mut script = Vec::new();
    for (place, word) in words.iter().enumerate() {
        if place > 0 {
            script.push(b' ');
        }
        for byte in word {
            if !byte.is_ascii_alphanumeric() && !b"_-$".contains(byte) {
                script.push(b'\\');
            }
            script.push(*byte);
        }
    }
    vec![shell, b"-c".to_vec(), script]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<Vec<u8>> {
        words.iter().map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn a_command_is_told_as_the_plugin_tells_it() {
        let typed = words(&["sudo", "-n", "/bin/sh", "-c", "id; \u{1b}"]);
        let command = of(Kind::Sudo, &typed, 1000).unwrap().unwrap();
        assert_eq!(command.path, "/bin/sh");
        assert_eq!(command.argv, ["/bin/sh", "-c", "id; \u{1b}"]);
        assert_eq!((command.run_as.user.as_str(), command.run_as.uid), ("root", 0));
        assert!(!command.edit);
    }

    #[test]
    fn a_login_shell_is_the_targets_and_its_script_is_escaped() {
        let typed = words(&["sudo", "-i", "echo", "a b;c"]);
        let command = of(Kind::Sudo, &typed, 1000).unwrap().unwrap();
        assert_eq!(command.argv[0], "-bash");
        assert_eq!(text::decode(&command.argv[2]).unwrap(), b"echo a\\ b\\;c");
        assert_eq!(command.cwd, "/root");
    }

    #[test]
    fn a_user_that_is_not_there_is_nobody() {
        let typed = words(&["doas", "-u", "no-such-user", "id"]);
        let nobody = CommandError::NoUser("no-such-user".to_owned());
        assert_eq!(of(Kind::Doas, &typed, 1000), Err(nobody));
    }
}
