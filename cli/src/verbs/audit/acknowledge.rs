//! `writ audit acknowledge`: root's way out of a broken ledger.

use writ_protocol::calls::AcknowledgeBreak;
use writ_protocol::text::shown;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::print;

/// Acknowledge that the ledger is broken, so that the agent goes on
///
/// Where the ledger's chain is broken, the agent refuses everything. Root looks at
/// the place (`writ audit verify`), finds out how it came about, and acknowledges
/// it: the broken part is kept as it is, what was open in it ends, and a new part
/// begins with your comment on record.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Say what you found; it goes on record
    #[arg(long, value_name = "TEXT")]
    comment: String,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let accepted =
        Agent::connect(host)?.call(&AcknowledgeBreak { comment: arguments.comment.clone() })?;
    print(&format!("The agent goes on. The broken part is kept as {}.\n", shown(&accepted.kept)))?;
    Ok(Exit::Done)
}
