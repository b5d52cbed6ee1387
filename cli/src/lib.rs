//! The command-line tool of Writ: requesters, approvers, fleet managers and
//! auditors each find their verbs here.
//!
//! A verb is a file in [`verbs`]: its arguments, whose help texts are also the
//! manual, and what it does. Verbs talk to the agent over its socket and have no
//! privilege of their own: what a caller may do, the agent says. With `--hub`, another program
//! takes this one's place ([`remote`]). Those that work on
//! files (`init`, `enable`, `disable`, `doctor`, `audit`) do what the caller's
//! rights to the files let them.
//!
//! Invariants: whatever somebody else typed is escaped before it is printed
//! (`writ_protocol::text::shown`); what is approved is the text that was shown,
//! by its digest; nothing that is listed is cut off.
#![forbid(unsafe_code)]

mod agent;
mod asking;
mod carried;
mod exit;
mod failure;
mod local_user;
mod pam;
mod past;
mod question;
mod remote;
mod running;
mod sudo;
mod trial;
mod verbs;
mod view;

use std::ffi::OsString;
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use writ_desk::{moment, screen, sheet, span, table};
use writ_hinges::{host, replace};

use crate::exit::EXIT_CODES;
use crate::host::Host;
pub use crate::past::Source as LogSource;
use crate::verbs::{Verb, r#become};

/// Ask for, decide on, and look into just-in-time privilege on this host.
///
/// Admins type `sudo COMMAND` as always; where the policy wants a person to decide,
/// sudo waits, and `writ` is how that person sees and answers the question.
#[derive(Debug, Parser)]
#[command(name = "writ", version, after_help = EXIT_CODES, max_term_width = 100)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
struct Arguments {
    /// Take another folder for the root of the host, as tests do.
    #[arg(long, global = true, hide = true, default_value = "/")]
    root: PathBuf,

    /// Ask that hub, not the agent of this host: writ --hub URL pending, show, approve, deny,
    /// watch, logout; see writ-remote(1). It comes first. Needs no agent here
    #[arg(long, value_name = "URL")]
    hub: Option<String>,

    #[command(subcommand)]
    verb: Verb,
}

/// Runs `writ` with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let done = match words.split_first() {
        // Of no use to people, and so neither in the help nor in completions.
        Some((verb, words)) if verb == r#become::VERB => r#become::run(words),
        Some(_) if remote::is_meant(&words) => Err(remote::r#become(&words)),
        _ => {
            let arguments = Arguments::parse();
            match arguments.hub {
                None => arguments.verb.run(&Host::at(&arguments.root)),
                Some(_) => Err(remote::too_late()),
            }
        }
    };
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if let Some(sentence) = failure.sentence() {
                eprintln!("writ: {sentence}");
            }
            failure.exit().into()
        }
    }
}

/// How many acts `writ replay` makes of a log: for those who try it with files that nobody
/// thought of.
///
/// # Errors
/// When the log cannot be read on.
pub fn acts_in_log(source: LogSource, log: impl BufRead) -> io::Result<usize> {
    let mut acts = 0;
    past::read(source, log, &mut past::Passed::default(), |_| acts += 1)?;
    Ok(acts)
}

/// The whole command line, for those who make manual pages and shell completions
/// of it.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
