//! A window may end with the last login session of who has it: of the account that he
//! logged in to, where he became another since.
//!
//! logind keeps a file for each session (sd-login(3)); a change of them wakes the agent,
//! and only while such a window is open.

use std::collections::BTreeSet;
use std::rc::Rc;

use writ_engine::Event;
use writ_engine::facts::Uid;

use super::ending::looked_up;
use crate::agent::Agent;
use crate::folder_changes::FolderChanges;
use crate::sessions;

/// Ends windows with the sessions of their users, until the agent ends.
pub(crate) async fn watch(agent: Rc<Agent>) {
    let mut changed = agent.core.grants_changed.subscribe();
    loop {
        while accounts(&agent).is_empty() {
            let _ = changed.changed().await;
        }
        match sessions::changes() {
            Ok(changes) => watch_while_open(&agent, &mut changed, &changes).await,
            Err(error) => {
                // Without logind there are no sessions that could end.
                eprintln!("the end of login sessions is not seen: {error}");
                let _ = changed.changed().await;
            }
        }
    }
}

async fn watch_while_open(
    agent: &Rc<Agent>,
    changed: &mut tokio::sync::watch::Receiver<()>,
    changes: &FolderChanges,
) {
    loop {
        let concerned = accounts(agent);
        if concerned.is_empty() {
            return;
        }
        let logged_in: BTreeSet<Uid> = looked_up(sessions::logged_in).await.into_iter().collect();
        for account in concerned.difference(&logged_in) {
            let _ = agent.core.submit(Event::LoggedOut { account: *account });
        }
        tokio::select! {
            _ = changed.changed() => {}
            seen = changes.next() => {
                if seen.is_err() {
                    return;
                }
            }
        }
    }
}

/// Whose windows end with their sessions.
fn accounts(agent: &Agent) -> BTreeSet<Uid> {
    agent.core.look(|engine| engine.until_logout().collect())
}
