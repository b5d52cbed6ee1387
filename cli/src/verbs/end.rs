//! `writ end`: the requester gives his grant back.

use writ_engine::id::RequestId;
use writ_protocol::calls::End;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::print;

/// Give back a grant of yours before its time
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The grant, such as 7K3M-Q2
    id: RequestId,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    Agent::connect(host)?.call(&End { id: arguments.id.to_string() })?;
    print(&format!("{} is given back.\n", arguments.id))?;
    Ok(Exit::Done)
}
