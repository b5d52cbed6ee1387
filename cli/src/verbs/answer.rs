//! `writ answer`: hands in what an approver has signed.

use std::path::PathBuf;

use writ_protocol::signed::DecideSigned;
use writ_protocol::text::shown;
use writ_signed::limits::ANSWER_BYTES_MAX;
use writ_signed::{Answer, Verdict, armor};

use crate::agent::Agent;
use crate::carried;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::print;

/// Hand in an answer that an approver has signed
///
/// It counts as his, whoever hands it in: the agent verifies it against the keys of the
/// policy. Exits with 3 where it does not count, and 5 where it is not his to decide.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The block of `writ sign`; without it, or with -, it is pasted
    #[arg(default_value = carried::STDIN, hide_default_value = true, value_name = "FILE")]
    file: PathBuf,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let json = carried::read(&arguments.file, armor::ANSWER, ANSWER_BYTES_MAX)?;
    let failed = |error| Failure::verb(Exit::Failed, error);
    let answer = Answer::parse(&json).map_err(failed)?;
    let decision = answer.claimed().map_err(failed)?;
    let decided = Agent::connect(host)?.call(&DecideSigned { answer: json })?;
    let (id, approver) = (shown(&decision.id), shown(&decision.approver));
    let (approvals, needed) = (decided.approvals, decided.needed);
    print(&match decision.verdict {
        Verdict::Deny => format!("{id} is denied, by {approver}.\n"),
        Verdict::Approve if decided.granted => format!("{id} is approved, by {approver}.\n"),
        Verdict::Approve => {
            format!("The approval of {id} by {approver} counts: {approvals} of {needed}.\n")
        }
    })?;
    Ok(Exit::Done)
}
