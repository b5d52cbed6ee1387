//! `writ audit review`: somebody else has looked at a use of break-glass.

use std::collections::BTreeMap;

use writ_engine::id::RequestId;
use writ_engine::record::{Record, What};
use writ_protocol::calls::Review;

use super::subjects::{Known, Subjects};
use super::{event, source};
use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::local;
use crate::screen::{Screen, print};
use crate::table::Table;

/// Say that you have looked at what another did with break-glass
///
/// Without ID, those are listed that wait for it; that needs a ledger that you may read.
/// Nobody reviews his own, whichever account he acts through; who may review is root, and
/// whom `from` in [ask] of writ.toml names.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The use of break-glass, such as 7K3M-Q2
    id: Option<RequestId>,

    /// What you have to say about it; it goes on record
    #[arg(long, value_name = "TEXT", requires = "id")]
    comment: Option<String>,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let Some(id) = arguments.id else { return list(host) };
    let comment = arguments.comment.clone();
    Agent::connect(host)?.call(&Review { id: id.to_string(), comment })?;
    print(&format!("{id} is reviewed.\n"))?;
    Ok(Exit::Done)
}

fn list(host: &Host) -> Result<Exit, Failure> {
    let mut open: BTreeMap<RequestId, (u64, String)> = BTreeMap::new();
    let mut subjects = Subjects::default();
    let mut fault = None;
    for line in source::lines(host)? {
        let record = match line {
            Ok(line) => line.record,
            Err(error) => {
                fault = Some(error);
                continue;
            }
        };
        let Some(Record { at, id: Some(id), what }) = &record else { continue };
        match what {
            What::BreakGlassUsed(_) => {
                let known = record.as_ref().map_or(Known::default(), |record| subjects.of(record));
                open.insert(*id, (at.wall.0, event::sentence(what, known)));
            }
            What::BreakGlassReviewed { .. } => {
                open.remove(id);
            }
            _ => {}
        }
    }
    if open.is_empty() {
        print("Nothing waits for a review.\n")?;
    } else {
        let mut table = Table::new(["ID", "WHEN"], "WHAT");
        for (id, (wall_ms, sentence)) in open {
            table.row([id.to_string(), local(wall_ms)], vec![sentence]);
        }
        print(&table.render(Screen::of_stdout()))?;
    }
    match fault {
        Some(error) => Err(error.into()),
        None => Ok(Exit::Done),
    }
}
