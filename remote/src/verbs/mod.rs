//! The verbs, each in a file of its own.

mod approve;
mod complaints;
mod deny;
mod inbox;
mod logout;
mod pending;
mod show;
mod watch;

use clap::Subcommand;
use writ_desk::exit::Exit;

use crate::Desk;
use crate::failure::Failure;
use crate::question::Which;

/// What can be done from afar.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Pending(pending::Arguments),
    Show(show::Arguments),
    Approve(approve::Arguments),
    Deny(deny::Arguments),
    Watch(watch::Arguments),
    Logout(logout::Arguments),
}

/// Which question is meant.
#[derive(Debug, clap::Args)]
struct Meant {
    /// The request, such as 7K3M-Q2, or the digest of its question
    #[arg(value_name = "ID")]
    which: Which,

    /// Its host, where several have one of that ID
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
}

impl Verb {
    /// Does it.
    pub(crate) fn run(&self, desk: &mut Desk) -> Result<Exit, Failure> {
        match self {
            Self::Pending(arguments) => pending::run(desk, arguments),
            Self::Show(arguments) => show::run(desk, arguments),
            Self::Approve(arguments) => approve::run(desk, arguments),
            Self::Deny(arguments) => deny::run(desk, arguments),
            Self::Watch(arguments) => watch::run(desk, arguments),
            Self::Logout(arguments) => logout::run(desk, arguments),
        }
    }
}
