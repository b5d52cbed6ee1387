//! `writ deny`: a person says no.

use writ_engine::id::RequestId;
use writ_protocol::calls::{Decide, Verdict};

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::question::CheckedQuestion;
use crate::screen::print;

/// Deny a request
///
/// One denial ends it, however many have approved. Whoever asked sees your comment.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The request, such as 7K3M-Q2
    id: RequestId,

    /// Say why; the requester sees it, and it goes on record
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut agent = Agent::connect(host)?;
    let checked = CheckedQuestion::fetch(&mut agent, arguments.id)?;
    agent.call(&Decide {
        id: arguments.id.to_string(),
        digest: checked.digest,
        verdict: Verdict::Deny,
        comment: arguments.comment.clone(),
        lasts_ms: None,
        uses: None,
    })?;
    print(&format!("{} is denied.\n", arguments.id))?;
    Ok(Exit::Done)
}
