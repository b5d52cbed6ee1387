//! `approve`: a yes to the question that was shown.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use writ_desk::exit::Exit;
use writ_desk::moment::now_wall_ms;
use writ_desk::screen::{Screen, print};
use writ_desk::span::parse_span;
use writ_desk::terminal::Terminal;
use writ_protocol::text::shown;
use writ_signed::Verdict;

use super::Meant;
use crate::Desk;
use crate::decision::{Bounds, Remarks, answer};
use crate::failure::Failure;
use crate::known;
use crate::login::log_in;
use crate::question::Checked;
use crate::view;

/// Approve a request
///
/// Shows the whole question, as its host has signed it, asks, signs, and waits for the host
/// to take it. Without a terminal nothing can be asked: then give --yes, or the --digest of
/// the question that `show` showed. The answer counts for exactly the question that was shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    meant: Meant,

    /// Let the grant stand for this long only, or only this much longer: 90s, 30m,
    /// 1h30m, 2d
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    lasts: Option<Duration>,

    /// Let a command be run only this often
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    uses: Option<u32>,

    #[command(flatten)]
    remarks: Remarks,

    /// Approve without being asked again
    #[arg(short, long)]
    yes: bool,

    /// Approve only the question with this digest, without being asked again
    #[arg(long, value_name = "HEX", conflicts_with = "yes")]
    digest: Option<String>,
}

pub(crate) fn run(desk: &mut Desk, arguments: &Arguments) -> Result<Exit, Failure> {
    let Meant { which, host } = &arguments.meant;
    let mut session = log_in(desk)?;
    let checked = Checked::find(desk, &mut session, which, host.as_deref())?;
    known::host(desk, &checked)?;
    print(&view::question(&checked, now_wall_ms(), Screen::of_stdout()))?;
    if !is_meant(arguments, &checked, &session.person)? {
        print("Nothing was signed.\n")?;
        return Ok(Exit::Open);
    }
    let bounds = Bounds { lasts: arguments.lasts, uses: arguments.uses };
    answer(desk, &mut session, &checked, Verdict::Approve, bounds, &arguments.remarks)
}

/// Whether the approver means the question that he saw.
fn is_meant(arguments: &Arguments, checked: &Checked, person: &str) -> Result<bool, Failure> {
    if let Some(meant) = &arguments.digest {
        if meant.eq_ignore_ascii_case(&checked.digest.to_string()) {
            return Ok(true);
        }
        let sentence = "the question is not the one with that digest; nothing was signed";
        return Err(Failure::verb(Exit::Failed, sentence));
    }
    if arguments.yes {
        return Ok(true);
    }
    // What was not seen is not asked about.
    let terminal = io::stdout().is_terminal().then(Terminal::open).and_then(Result::ok);
    let Some(mut terminal) = terminal else {
        let sentence = "there is no terminal to show it and to ask on; give --yes, or --digest with \
                        what `show --json` showed";
        return Err(Failure::verb(Exit::Usage, sentence));
    };
    let unread = |error| {
        let sentence = format!("the answer cannot be read: {error}; nothing was signed");
        Failure::verb(Exit::Failed, sentence)
    };
    // What was typed before the question was seen is no answer to it.
    terminal.forget_typed().map_err(unread)?;
    let said = terminal.ask(&format!("Approve this as {}? [y/n] ", shown(person)));
    Ok(matches!(said.map_err(unread)?.to_ascii_lowercase().as_str(), "y" | "yes"))
}
