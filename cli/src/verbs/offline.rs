//! `writ offline`: a question as a block of text, to be carried to an approver.

mod qr;

use std::io::{self, IsTerminal};

use writ_engine::id::RequestId;
use writ_protocol::signed::Offline;
use writ_signed::{SignedQuestion, armor, code};

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::{Screen, print};

/// Show the question of a request as a block of text, to be signed elsewhere
///
/// For an approver whom no network reaches, or who answers on another machine. Give him
/// the block whichever way there is; he runs `writ sign`, and gives a block back, which
/// `writ answer` hands in. The code is for comparing by voice: it is the same on his
/// side if the question is. On a terminal that is wide enough, the same is shown as a QR
/// code. Who asked may carry his own question: his part in it counts for nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The request, such as 7K3M-Q2
    id: RequestId,

    /// Print the JSON that is in the block
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let reply = Agent::connect(host)?.call(&Offline { id: arguments.id.to_string() })?;
    let signed = SignedQuestion { question: reply.question, signature: reply.signature };
    let failed = |error| Failure::verb(Exit::Failed, error);
    // A question that nobody could verify is of no use to whoever carries it.
    signed.signer().map_err(failed)?;
    let json = signed.text().map_err(failed)?;
    if arguments.json {
        print(&format!("{json}\n"))?;
        return Ok(Exit::Done);
    }
    print(&armor::wrap(armor::QUESTION, json.as_bytes()))?;
    if io::stdout().is_terminal() {
        let code = code(&signed.question);
        if let Some(picture) = qr::fitting(&json, Screen::of_stdout().width) {
            print(&picture)?;
        }
        print(&format!(
            "\nThe code of this question is {code}.\nHave it signed with `writ sign`, and hand the answer in with `writ answer`.\n"
        ))?;
    }
    Ok(Exit::Done)
}
