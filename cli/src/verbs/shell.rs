//! `writ shell`: the user's own shell with what a role lends him.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::Duration;

use nix::unistd::{User, getuid};

use crate::asking::Grounds;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::running::{Command, run_under};
use crate::span::parse_span;

/// Start your login shell with what a role lends
///
/// It runs as you, with the groups and the capabilities of the role, until you leave it
/// or the role's window ends. Where no window is open, one is asked for first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: the shell's own, 128 and its number where a signal ended it. Before it
starts: 3 denied, 4 still open, or nobody answered in time, 6 agent unreachable.

Example: writ shell packet-capture --reason 'packets get lost'")]
pub(crate) struct Arguments {
    /// The role
    #[arg(value_name = "ROLE")]
    role: String,

    /// Ask that a window stand this long at most: 90s, 30m, 1h30m, 2d
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    lasts: Option<Duration>,

    #[command(flatten)]
    grounds: Grounds,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let user = User::from_uid(getuid())
        .map_err(|errno| Failure::verb(Exit::Failed, format!("you cannot be looked up: {errno}")))?
        .ok_or_else(|| Failure::verb(Exit::Failed, "you are nobody whom this host knows"))?;
    // passwd(5): an empty field means this one.
    let shell = match user.shell.as_os_str() {
        none if none.is_empty() => OsString::from("/bin/sh"),
        shell => shell.to_owned(),
    };
    // With a dash before its name it is a login shell (login(1)).
    let name = shell.as_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let words = vec![OsString::from_vec([b"-", name].concat())];
    let command = Command::new(shell.into(), words)?;
    run_under(host, &arguments.role, arguments.lasts, &arguments.grounds, &command)
}
