//! `writ show`: one request with its whole question.

use writ_engine::id::RequestId;
use writ_protocol::calls::Show;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::question::CheckedQuestion;
use crate::screen::{Screen, print, print_json};
use crate::view;

/// Show a request or grant with its whole question
///
/// Nothing is left out: of a command every argument, the working directory, whom it
/// runs as, the digest of the program; of a role all that it lends. Whatever acts on
/// a terminal or cannot be seen is shown escaped. Where you may decide it, whoever
/// waits is told that you have seen it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The request or grant, such as 7K3M-Q2
    id: RequestId,

    /// Print JSON: {"request": {…}, "question": "…", "digest": "…"}, as of
    /// io.writ.Agent's Show
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut agent = Agent::connect(host)?;
    if arguments.json {
        let id = arguments.id.to_string();
        print_json(&agent.call(&Show { id })?)?;
    } else {
        let checked = CheckedQuestion::fetch(&mut agent, arguments.id)?;
        print(&view::question::text(&checked, Screen::of_stdout()))?;
    }
    Ok(Exit::Done)
}
