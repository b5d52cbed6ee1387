//! `deny`: a no.

use writ_desk::exit::Exit;
use writ_desk::moment::now_wall_ms;
use writ_desk::screen::{Screen, print};
use writ_signed::Verdict;

use super::Meant;
use crate::Desk;
use crate::decision::{Bounds, Remarks, answer};
use crate::failure::Failure;
use crate::known;
use crate::login::log_in;
use crate::question::Checked;
use crate::view;

/// Deny a request
///
/// One denial ends it, however many have approved. Shows the question, and does not ask
/// again.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    meant: Meant,

    #[command(flatten)]
    remarks: Remarks,
}

pub(crate) fn run(desk: &mut Desk, arguments: &Arguments) -> Result<Exit, Failure> {
    let Meant { which, host } = &arguments.meant;
    let mut session = log_in(desk)?;
    let checked = Checked::find(desk, &mut session, which, host.as_deref())?;
    known::host(desk, &checked)?;
    print(&view::question(&checked, now_wall_ms(), Screen::of_stdout()))?;
    answer(desk, &mut session, &checked, Verdict::Deny, Bounds::default(), &arguments.remarks)
}
