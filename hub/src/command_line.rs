//! The command line of `writ-hub`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::config::{PATH, parse_span};

/// Where remote approvers see what hosts ask, and answer it.
///
/// Hosts bring their questions, approvers sign their answers on their own devices, and hosts
/// verify these with keys that their own admin has pinned: the hub carries both and can decide
/// nothing.
#[derive(Debug, Parser)]
#[command(name = "writ-hub", version, propagate_version = true)]
pub struct CommandLine {
    /// The configuration
    #[arg(long, global = true, default_value = PATH, value_name = "FILE")]
    pub config: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Serve hosts and approvers, until a signal ends it
    Serve,
    /// Say whether the configuration can be used, and do nothing
    Check,
    /// Make tokens with which hosts enrol, once each
    Token(Tokens),
    /// List or remove hosts
    #[command(subcommand)]
    Hosts(Hosts),
    /// Add, list or remove approvers, and print their lines for approvers.d
    #[command(subcommand)]
    People(People),
    /// Print what the hub has on record, the newest first
    Audit(Audit),
}

/// Tokens.
#[derive(Debug, Args)]
pub struct Tokens {
    /// The hosts' names, as `hostname` prints them there
    #[arg(required = true, value_name = "HOST")]
    pub hosts: Vec<String>,
    /// How long each is good for, such as 30m or 7d
    #[arg(long, default_value = "1d", value_name = "SPAN", value_parser = span)]
    pub valid: Duration,
}

/// Hosts.
#[derive(Debug, Subcommand)]
pub enum Hosts {
    /// List them, with their keys and when they were heard of last
    List,
    /// Take a host's credential away and close what it asked
    Remove {
        /// Its name
        host: String,
    },
}

/// Approvers.
#[derive(Debug, Subcommand)]
pub enum People {
    /// Add an approver: with an SSH key, with his account at the login provider, or with a
    /// link for enrolling a passkey
    Add {
        /// His name, as approvers.d of the hosts has it
        name: String,
        /// His public key, an OpenSSH line such as that in ~/.ssh/id_ed25519.pub
        #[arg(long, value_name = "LINE")]
        ssh_key: Option<String>,
        /// What the provider of [oidc] calls him in the claim that hub.toml names, such as
        /// bob@example.com; who comes by it first has it from then on
        #[arg(long, value_name = "ACCOUNT")]
        oidc: Option<String>,
        /// Which hosts he sees, names in which * stands for anything; may be given several
        /// times, and replaces what was said before ('*': all, as when it was never said)
        #[arg(long, value_name = "PATTERN")]
        hosts: Vec<String>,
        /// How long the link is good for
        #[arg(long, default_value = "1d", value_name = "SPAN", value_parser = span)]
        valid: Duration,
    },
    /// Make a link for enrolling one more passkey
    Invite {
        /// His name
        name: String,
        /// How long it is good for
        #[arg(long, default_value = "1d", value_name = "SPAN", value_parser = span)]
        valid: Duration,
    },
    /// List them, with how many keys each has
    List,
    /// Print the lines for approvers.d of the hosts
    Lines {
        /// His name
        name: String,
    },
    /// Remove one key, by its line as `lines` prints it
    RemoveKey {
        /// His name
        name: String,
        /// The line
        line: String,
    },
    /// Take his account at the login provider away, with his sessions; he keeps his keys
    RemoveOidc {
        /// His name
        name: String,
    },
    /// Remove an approver, with keys and sessions; hosts keep what their files say
    Remove {
        /// His name
        name: String,
    },
}

/// The record.
#[derive(Debug, Args)]
pub struct Audit {
    /// How many entries
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub limit: u32,
}

fn span(text: &str) -> Result<Duration, String> {
    parse_span(text)
        .filter(|span| !span.is_zero())
        .ok_or_else(|| "write a span such as 30m, 12h or 7d".to_owned())
}
