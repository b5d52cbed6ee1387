//! `writ pending`: what waits for the caller's answer.

use writ_protocol::calls::{List, Scope};

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::now_wall_ms;
use crate::screen::{Screen, print, print_json};
use crate::view::listing;

/// List the requests that wait for your answer
///
/// Oldest first: who asks, for how long already, how long is left, and the command
/// or the role. `writ show ID` shows the whole question of one. Whoever waits is told
/// that you have seen what is listed here.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON: {"requests": […]}, with the fields of io.writ.Agent's Request
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let listed = Agent::connect(host)?.call(&List { scope: Scope::Decidable })?;
    if arguments.json {
        print_json(&listed)?;
    } else if listed.requests.is_empty() {
        print("Nothing waits for your answer.\n")?;
    } else {
        let screen = Screen::of_stdout();
        print(&listing::to_decide(&listed.requests, now_wall_ms(), screen))?;
    }
    Ok(Exit::Done)
}
