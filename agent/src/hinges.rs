//! The doors are watched while the agent runs: one that is opened, closed or taken off its
//! hinges is on record, whoever did it.

use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use rustix::fs::inotify::WatchFlags;
use writ_engine::Event;
use writ_hinges::hang::{self, Look};
use writ_hinges::host::Host;

use crate::agent::Agent;
use crate::folder_changes::FolderChanges;

/// After a change, how long others that belong to it may follow: an editor or a package
/// writes a file in several steps.
const SETTLE: Duration = Duration::from_millis(200);

/// Who reads a file changes nothing; all else may.
const CHANGES: WatchFlags = WatchFlags::ATTRIB
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF);

/// Puts on record how the doors hang, now and after each change, until the agent ends.
pub(crate) async fn watch(agent: Rc<Agent>) {
    let watched = watch_while_possible(&agent).await;
    if let Err(error) = watched {
        eprintln!("changes of sudo.conf and of PAM's files are not seen: {error}");
    }
}

async fn watch_while_possible(agent: &Agent) -> io::Result<()> {
    let changes = FolderChanges::new()?;
    let mut look = looked().await?;
    loop {
        for folder in &look.folders {
            match changes.watch(folder, CHANGES) {
                // A host may be without PAM.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                watched => watched?,
            }
        }
        // Again, now that no change is missed; and what is not on record yet may be now.
        look = looked().await?;
        let _ = agent.core.submit(Event::DoorsSeen(look.doors.clone()));
        changes.next().await?;
        tokio::time::sleep(SETTLE).await;
    }
}

/// # Errors
/// When nobody could look: that is not that all doors are off.
async fn looked() -> io::Result<Look> {
    let look = tokio::task::spawn_blocking(|| hang::doors(&Host::at(Path::new("/")))).await;
    look.map_err(io::Error::other)
}
