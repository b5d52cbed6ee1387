//! writ-remote: what `writ --hub URL` becomes. Approvers see and answer the questions of
//! hosts from their own terminals, through a hub, with keys of SSH.
//!
//! It is a program of its own, so that `writ`, which root runs, links neither TLS nor HTTP.
//!
//! Invariants: nothing that the hub says is believed but what a signature shows. A question
//! is looked at when its digest is that of its text and its host's key, which the user
//! knows, has signed it; what is signed is a decision on that text, or a login to that hub.
//! Whatever the hub words itself is bounded, escaped, and said to be its word.
#![forbid(unsafe_code)]

mod challenge;
mod decision;
mod digest;
mod events;
mod failure;
mod hub;
mod known;
mod limits;
mod login;
mod question;
mod session;
mod settings;
mod signer;
mod verbs;
mod view;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use writ_desk::exit::Exit;
use writ_desk::hosts::KnownHosts;
use writ_protocol::text::shown;
use writ_signed::Origin;

use crate::failure::Failure;
use crate::hub::Hub;
use crate::limits::{Pace, REPLY_MAX};
use crate::settings::Settings;
use crate::verbs::Verb;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong usage
  3  denied, or over
  4  still pending, or timed out
  5  not yours to do
  6  hub unreachable";

const ABOUT: &str = "\
Answer what hosts ask from your own terminal, through a hub

Needs no agent here: ssh-agent or a key file signs. A host is known by its line in
~/.config/writ/hosts (`writ host-key` on the host prints it); one that is not known is asked
about once, at a terminal. Only what is signed by a host that is known is shown, and what is
signed here is what was shown. Everything else is the hub's word, and said to be.

Which key: --key, or `key` in ~/.config/writ/config.toml, or the first of ssh-agent that the
hub knows. For an hour after a login no key is needed to look; what the hub knows you by is
then in $XDG_RUNTIME_DIR/writ, where that is yours. It answers nothing.";

/// See [`ABOUT`].
#[derive(Debug, Parser)]
#[command(name = "writ-remote", bin_name = "writ", version, max_term_width = 100)]
#[command(about = "Answer what hosts ask from your own terminal, through a hub")]
#[command(long_about = ABOUT, after_help = EXIT_CODES)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
struct Arguments {
    /// The hub, as it calls itself: https://hub.example.com
    #[arg(long, value_name = "URL", value_parser = settings::origin)]
    hub: Origin,

    /// The key to sign with; the .pub file of one in ssh-agent
    #[arg(long, env = "WRIT_KEY", value_name = "PATH", global = true)]
    key: Option<PathBuf>,

    /// The file with the hosts that are known, in place of ~/.config/writ/hosts
    #[arg(long, value_name = "FILE", global = true)]
    hosts: Option<PathBuf>,

    /// For tests: how long the hub may take, and the first wait after a failure.
    #[arg(long, value_name = "MS", hide = true, global = true)]
    pace_ms: Option<u64>,

    #[command(subcommand)]
    verb: Verb,
}

/// What verbs work with.
#[derive(Debug)]
struct Desk {
    hub: Hub,
    settings: Settings,
    hosts: KnownHosts,
}

/// Runs it with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match do_it(arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if let Some(sentence) = failure.sentence() {
                eprintln!("writ: {}", shown(&sentence));
            }
            failure.exit().into()
        }
    }
}

fn do_it(arguments: Arguments) -> Result<Exit, Failure> {
    let Arguments { hub: origin, key, hosts, pace_ms, verb } = arguments;
    let settings = Settings::read(&origin, key)?;
    let pace = pace_ms.map_or_else(|| Pace::from(REPLY_MAX), Pace::of_test);
    let hub = Hub::at(origin, &settings, pace)?;
    let hosts = KnownHosts::open(hosts.as_deref())?;
    verb.run(&mut Desk { hub, settings, hosts })
}

/// The whole command line, for those who make manual pages of it.
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
