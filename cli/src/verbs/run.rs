//! `writ run`: a command of one's own with what a role lends.

use std::ffi::OsString;
use std::time::Duration;

use crate::asking::Grounds;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::running::{Command, run_under};
use crate::span::parse_span;

/// Run a command with what a role lends
///
/// It runs as you, with the groups and the capabilities of the role and nothing else
/// that you do not have: a program that changes the user, such as sudo, does not work
/// in it. Where no window of the role is open, one is asked for first. When the window
/// ends, so does the command.
///
/// A name without a slash is looked up in /usr/local/sbin, /usr/local/bin, /usr/sbin,
/// /usr/bin, /sbin and /bin. Folder, umask, terminal and pipes are yours; of the
/// environment, TERM, TZ, LANG, LC_* and the like are kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: the command's own, 128 and its number where a signal ended it; 127 no such
command, 126 it cannot be executed. Before it starts: 3 denied, 4 still open, or nobody
answered in time, 6 agent unreachable.

Example: writ run packet-capture -- tcpdump -c 10 -i eth0")]
pub(crate) struct Arguments {
    /// The role
    #[arg(value_name = "ROLE")]
    role: String,

    /// The command and its arguments
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<OsString>,

    /// Ask that a window stand this long at most: 90s, 30m, 1h30m, 2d
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    lasts: Option<Duration>,

    #[command(flatten)]
    grounds: Grounds,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let command = Command::find(&arguments.command)?;
    run_under(host, &arguments.role, arguments.lasts, &arguments.grounds, &command)
}
