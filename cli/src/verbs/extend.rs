//! `writ extend`: asks that a grant stand longer.

use std::time::Duration;

use writ_engine::id::RequestId;
use writ_protocol::answers::Answer;
use writ_protocol::calls::Extend;
use writ_protocol::text::shown;

use crate::asking::{self, Manner};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::span::{in_ms, parse_span};

/// Ask that a grant of yours stand longer
///
/// It is a question of its own to the same people, with an ID of its own. Until it is
/// answered, and where the answer is no, the old end stands.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 it stands longer (with --no-wait: asked), 3 denied, 4 still open, or
nobody answered in time.

Example: writ extend 7K3M-Q2 --for 15m --reason 'not found yet'")]
pub(crate) struct Arguments {
    /// The grant, such as 7K3M-Q2
    id: RequestId,

    /// How much longer than its present end: 90s, 30m, 1h30m, 2d; left out: as much
    /// as the policy gives at a time
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    lasts: Option<Duration>,

    #[command(flatten)]
    manner: Manner,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let extend = Extend {
        id: arguments.id.to_string(),
        lasts_ms: arguments.lasts.map(in_ms),
        reason: None,
        ticket: None,
    };
    asking::ask(host, extend, &arguments.manner, stands_longer)
}

fn stands_longer(answer: &Answer, extend: &Extend) -> String {
    match &answer.message {
        Some(message) => format!("{}\n", shown(message)),
        None => format!("{} stands longer.\n", extend.id),
    }
}
