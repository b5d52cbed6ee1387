//! The agent takes into its ledger what was let pass while it was not there.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use rustix::fs::inotify::WatchFlags;

use super::spool::Spool;
use crate::agent::Agent;
use crate::folder_changes::FolderChanges;

/// After the ledger, or the folder, did not take something: when it is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Takes all that there is, and what comes while an agent that hung is back, until it ends.
pub(crate) async fn keep_taking(agent: Rc<Agent>) {
    let spool = Spool::at(agent.places.without_agent());
    let changes = watch(&spool);
    if let Err(error) = &changes {
        let folder = spool.folder().display();
        eprintln!("what passes without the agent is taken only at its start ({folder}: {error})");
    }
    loop {
        match take_all(&agent, &spool) {
            Ok(()) => {
                let Ok(changes) = &changes else { return };
                if changes.next().await.is_err() {
                    return;
                }
            }
            Err(why) => {
                eprintln!("what has passed without the agent is not in the ledger yet: {why}");
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
}

fn watch(spool: &Spool) -> io::Result<FolderChanges> {
    let changes = FolderChanges::new()?;
    // An entry is renamed into its place.
    changes.watch(spool.folder(), WatchFlags::MOVED_TO)?;
    Ok(changes)
}

/// Each in its order: first on record, then forgotten. What is told twice because the
/// agent was lost in between, the engine knows.
fn take_all(agent: &Agent, spool: &Spool) -> Result<(), String> {
    loop {
        let names = spool.names().map_err(|error| error.to_string())?;
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            match spool.read(&name) {
                Ok(entry) => {
                    agent.core.submit(entry.event()).map_err(|error| error.to_string())?;
                    spool.remove(&name).map_err(|error| format!("{name}: {error}"))?;
                }
                Err(error) => {
                    eprintln!(
                        "{name} is no record of what has passed without the agent ({error}) and is put aside"
                    );
                    spool.put_aside(&name).map_err(|error| format!("{name}: {error}"))?;
                }
            }
        }
    }
}
