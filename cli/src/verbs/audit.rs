//! `writ audit`: who asked, why, who allowed it, what ran, how it ended.

mod acknowledge;
mod event;
mod journal;
mod list;
mod review;
mod show;
mod signatures;
mod source;
mod subjects;
mod verify;

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;

pub(crate) use journal::newest_head;
pub(crate) use list::{Since, parse_since};
pub(crate) use source::{LEDGER, lines, newest_record_wall_ms};

/// Read and check the record
///
/// The ledger is for root and the members of the group adm to read.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    List(list::Arguments),
    Show(show::Arguments),
    Verify(verify::Arguments),
    Review(review::Arguments),
    Acknowledge(acknowledge::Arguments),
}

pub(crate) fn run(host: &Host, verb: &Verb) -> Result<Exit, Failure> {
    match verb {
        Verb::List(arguments) => list::run(host, arguments),
        Verb::Show(arguments) => show::run(host, arguments),
        Verb::Verify(arguments) => verify::run(host, arguments),
        Verb::Review(arguments) => review::run(host, arguments),
        Verb::Acknowledge(arguments) => acknowledge::run(host, arguments),
    }
}
