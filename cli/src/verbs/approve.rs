//! `writ approve`: a person says yes to the question that he saw.

mod proof;

use std::io::{self, BufRead, IsTerminal};
use std::time::Duration;

use rustix::termios::{QueueSelector, tcflush};
use writ_engine::id::RequestId;
use writ_protocol::ErrorReply;
use writ_protocol::answers::Decided;
use writ_protocol::calls::{Decide, Verdict};

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::question::CheckedQuestion;
use crate::screen::{Screen, print};
use crate::span::{in_ms, parse_span};
use crate::view;

/// Approve a request
///
/// Shows the whole question first and asks whether to approve it. Without a terminal
/// nothing can be asked: then give --yes, or the --digest of the question that
/// `writ show ID --json` showed. The decision counts for exactly the question that
/// was shown. Where the question says that who approves proves who he is first, PAM asks
/// for that, service "writ", at the terminal: as a rule for the password.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The request, such as 7K3M-Q2
    id: RequestId,

    /// Let the grant stand for this long only, or only this much longer: 90s, 30m,
    /// 1h30m, 2d
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    lasts: Option<Duration>,

    /// Let a command be run only this often
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    uses: Option<u32>,

    /// Say something about it; it goes on record
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,

    /// Approve without being asked again
    #[arg(short, long)]
    yes: bool,

    /// Approve only the question with this digest, without being asked again
    #[arg(long, value_name = "HEX", conflicts_with = "yes")]
    digest: Option<String>,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut agent = Agent::connect(host)?;
    let checked = CheckedQuestion::fetch(&mut agent, arguments.id)?;
    print(&view::question::text(&checked, Screen::of_stdout()))?;
    if let Some(why_not) = checked.request.why_not.filter(|_| !checked.request.may_decide) {
        let reply = ErrorReply::NotYours { message: why_not };
        return Err(writ_protocol::CallError::from(reply).into());
    }
    if !is_meant(arguments, &checked.digest)? {
        print("Nothing was decided.\n")?;
        return Ok(Exit::Open);
    }
    if checked.question.reauth && !proof::prove(&mut agent, arguments.id, &checked.digest)? {
        print("Nothing was decided.\n")?;
        return Ok(Exit::Open);
    }
    let decided = agent.call(&Decide {
        id: arguments.id.to_string(),
        digest: checked.digest,
        verdict: Verdict::Approve,
        comment: arguments.comment.clone(),
        lasts_ms: arguments.lasts.map(in_ms),
        uses: arguments.uses,
    })?;
    print(&outcome(arguments.id, decided))?;
    Ok(Exit::Done)
}

/// Whether the approver means the question with that digest.
fn is_meant(arguments: &Arguments, digest: &str) -> Result<bool, Failure> {
    if let Some(meant) = &arguments.digest {
        if meant.eq_ignore_ascii_case(digest) {
            return Ok(true);
        }
        let id = arguments.id.to_string();
        return Err(writ_protocol::CallError::from(ErrorReply::WrongDigest { id }).into());
    }
    if arguments.yes {
        return Ok(true);
    }
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        let sentence = "there is no terminal to ask on; give --yes, or --digest with what \
                        `writ show --json` showed";
        return Err(Failure::verb(Exit::Usage, sentence));
    }
    // What was typed before the question was seen is no answer to it.
    tcflush(io::stdin(), QueueSelector::IFlush).map_err(|errno| unread(errno.into()))?;
    print("Approve this? [y/N] ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(unread)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn unread(error: io::Error) -> Failure {
    let sentence = format!("the answer cannot be read: {error}; nothing was decided");
    Failure::verb(Exit::Failed, sentence)
}

fn outcome(id: RequestId, decided: Decided) -> String {
    if decided.granted {
        return format!("{id} is approved.\n");
    }
    let (approvals, needed) = (decided.approvals, decided.needed);
    format!("Your approval of {id} counts: {approvals} of {needed}.\n")
}
