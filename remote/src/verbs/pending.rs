//! `pending`: what the hub has open.

use writ_desk::exit::Exit;
use writ_desk::screen::{Screen, print, print_json};

use crate::Desk;
use crate::failure::Failure;
use crate::login::{log_in, logged_in};
use crate::question::Lines;
use crate::view;

/// List the questions that are open
///
/// Of all hosts, by the hub's word: the list is for finding a question. `show` and `approve`
/// look at what its host has signed.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON: {"now_ms": …, "more": …, "questions": […]}, as of the hub's /v1/questions
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(desk: &mut Desk, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut session = log_in(desk)?;
    let mut lines = logged_in(desk, &mut session, Lines::open)?;
    // The oldest first, as on a host.
    lines.questions.sort_by_key(|line| line.received_ms);
    if arguments.json {
        print_json(&lines)?;
    } else if lines.questions.is_empty() {
        print("Nothing is open at the hub.\n")?;
    } else {
        print(&view::pending(&lines, Screen::of_stdout()))?;
    }
    Ok(Exit::Done)
}
