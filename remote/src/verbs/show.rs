//! `show`: one question, whole, as its host has signed it.

use serde::Serialize;
use writ_desk::exit::Exit;
use writ_desk::moment::now_wall_ms;
use writ_desk::screen::{Screen, print, print_json};
use writ_signed::Fingerprint;

use super::Meant;
use crate::Desk;
use crate::failure::Failure;
use crate::known;
use crate::login::log_in;
use crate::question::{Checked, Given, Line};
use crate::view;

/// Show one question, whole
///
/// It is shown when its host, which is known here, has signed it. Nothing is left out, and
/// whatever acts on a terminal or cannot be seen is shown escaped. Who has answered, and
/// whether it is over, is the hub's word.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    meant: Meant,

    /// Print JSON: "question", the exact text that the host has signed, "signature", "host_key",
    /// and by the hub's word "hub" and "answers"
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    question: &'a str,
    signature: &'a str,
    digest: String,
    host_key: Fingerprint,
    hub: &'a Line,
    answers: &'a [Given],
}

pub(crate) fn run(desk: &mut Desk, arguments: &Arguments) -> Result<Exit, Failure> {
    let Meant { which, host } = &arguments.meant;
    let mut session = log_in(desk)?;
    let checked = Checked::find(desk, &mut session, which, host.as_deref())?;
    known::host(desk, &checked)?;
    if arguments.json {
        print_json(&Shown {
            question: &checked.signed.question,
            signature: &checked.signed.signature,
            digest: checked.digest.to_string(),
            host_key: checked.host_key.fingerprint(),
            hub: &checked.line,
            answers: &checked.answers,
        })?;
    } else {
        print(&view::question(&checked, now_wall_ms(), Screen::of_stdout()))?;
    }
    Ok(Exit::Done)
}
