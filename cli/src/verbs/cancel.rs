//! `writ cancel`: the requester takes his request back.

use writ_engine::id::RequestId;
use writ_protocol::calls::Cancel;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::print;

/// Take back an open request of yours
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The request, such as 7K3M-Q2
    id: RequestId,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    Agent::connect(host)?.call(&Cancel { id: arguments.id.to_string() })?;
    print(&format!("{} is taken back.\n", arguments.id))?;
    Ok(Exit::Done)
}
