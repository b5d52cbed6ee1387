//! `writ revoke`: an approver or root takes a grant back.

use writ_engine::id::RequestId;
use writ_protocol::calls::Revoke;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::print;

/// Take back a grant that you, or others you approve with, have made
///
/// Root may take back every grant. What was not started under it can no longer
/// start.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The grant, such as 7K3M-Q2
    id: RequestId,

    /// Say why; it goes on record
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    Agent::connect(host)?
        .call(&Revoke { id: arguments.id.to_string(), comment: arguments.comment.clone() })?;
    print(&format!("{} is revoked.\n", arguments.id))?;
    Ok(Exit::Done)
}
