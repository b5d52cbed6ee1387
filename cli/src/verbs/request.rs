//! `writ request`: asks in advance, for a role or for a command.

mod opened;
pub(super) mod resolve;

use std::ffi::OsString;
use std::time::Duration;

use writ_protocol::answers::Answer;
use writ_protocol::calls;
use writ_protocol::text::{shown, shown_command};

use crate::asking::{self, Manner};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::span::{in_ms, in_words, parse_span};
use crate::view::command;

/// Ask for a role, or for a command in advance
///
/// A role is asked for as a whole: while it is open, the commands that its rules ask
/// about pass without a further question where those who approved are enough for
/// them, and the groups of the role are lent to you. `writ roles` lists what you may
/// ask for.
///
/// A command is asked for so that the same sudo passes later. It is resolved as sudo
/// does it: a name without a slash is looked up in sudo's usual secure_path
/// (/usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin, /sbin, /bin), and the
/// working directory counts. Once it is approved, run it with sudo from the same
/// directory.
#[derive(Debug, clap::Args)]
#[command(override_usage = "writ request [OPTIONS] <ROLE | -- COMMAND...>")]
#[command(after_help = "\
Exit codes: 0 approved (with --no-wait: asked), 3 denied, 4 still open, or
nobody answered in time.

Examples: writ request packet-capture --for 30m --reason 'packets get lost'
          writ request --reason 'nginx hangs' -- systemctl restart nginx")]
pub(crate) struct Arguments {
    /// The role to open
    #[arg(value_name = "ROLE")]
    role: Option<String>,

    /// The command and its arguments, as you will give them to sudo
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,

    /// Ask to run the command as this user, as with sudo -u; left out: root
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,

    /// Ask that it stand this long at most: 90s, 30m, 1h30m, 2d
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    lasts: Option<Duration>,

    /// Ask that the command may be run this often; left out: once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    uses: Option<u32>,

    #[command(flatten)]
    manner: Manner,
}

/// A command line that asks for nothing that can be asked for.
#[derive(Debug, thiserror::Error)]
enum UsageError {
    #[error("name what you ask for: a role (`writ roles` lists yours), or a command behind `--`")]
    Neither,
    #[error(
        "a role and a command cannot be asked for at once; name the role alone, or the command alone behind `--`"
    )]
    Both,
    #[error("--user is for a command; a role is opened for yourself")]
    UserOfRole,
    #[error(
        "--uses is for a command; a role is open for any number of them, and --for says how long"
    )]
    UsesOfRole,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let usage = |error| Err(Failure::verb(Exit::Usage, error));
    match (&arguments.role, arguments.command.as_slice()) {
        (None, []) => usage(UsageError::Neither),
        (Some(_), [_, ..]) => usage(UsageError::Both),
        (Some(_), []) if arguments.user.is_some() => usage(UsageError::UserOfRole),
        (Some(_), []) if arguments.uses.is_some() => usage(UsageError::UsesOfRole),
        (Some(role), []) => {
            let wanted = calls::Request { role: Some(role.clone()), ..wish(arguments) };
            asking::ask(host, wanted, &arguments.manner, |answer, _| opened::text(host, answer))
        }
        (None, words) => {
            let user = arguments.user.as_deref().unwrap_or("root");
            let command = resolve::command(host, words, user)
                .map_err(|error| Failure::verb(error.exit(), error))?;
            let wanted = calls::Request { command: Some(command.clone()), ..wish(arguments) };
            asking::ask(host, wanted, &arguments.manner, |answer, _| approved(answer, &command))
        }
    }
}

fn wish(arguments: &Arguments) -> calls::Request {
    calls::Request {
        command: None,
        role: None,
        reason: None,
        ticket: None,
        lasts_ms: arguments.lasts.map(in_ms),
        uses: arguments.uses,
    }
}

fn approved(answer: &Answer, command: &calls::Command) -> String {
    let sudo = sudo_line(command);
    let message = match &answer.message {
        Some(message) => shown(message),
        None => format!("{} is approved.", asking::id(answer)),
    };
    let within = match answer.remaining_ms {
        0 => String::new(),
        remaining_ms => format!(" within {}", in_words(remaining_ms)),
    };
    format!("{message}\nRun it{within} from {}:\n  {sudo}\n", shown_command([command.cwd.as_str()]))
}

/// What to type so that the grant is used.
fn sudo_line(command: &calls::Command) -> String {
    let words = command.argv.iter().map(String::as_str);
    let typed = shown_command(words);
    if command.run_as.uid == 0 {
        format!("sudo {typed}")
    } else {
        format!("sudo -u {} {typed}", command::run_as(command))
    }
}
