//! Questions whose rule wants them refused when they cannot be carried to the hub
//! (`without_hub = "deny"`).

use std::rc::Rc;
use std::time::Duration;

use writ_engine::id::RequestId;
use writ_engine::policy::WithoutHub;
use writ_engine::{Event, Stage};

use crate::agent::Agent;

/// How long the courier may take to come back, as after an upgrade, before what waits for
/// it is refused.
const PATIENCE: Duration = Duration::from_secs(5);

/// Refuses them, until the agent ends.
pub(crate) async fn refuse_what_cannot_go(agent: Rc<Agent>) {
    let mut away = agent.core.hub_away.subscribe();
    let mut changed = agent.core.grants_changed.subscribe();
    loop {
        if !agent.courier.carries() && !concerned(&agent).is_empty() {
            tokio::time::sleep(PATIENCE).await;
            if !agent.courier.carries() {
                for id in concerned(&agent) {
                    if let Err(error) = agent.core.submit(Event::HubUnreachable { id }) {
                        eprintln!("{id} cannot go to the hub, and is open all the same: {error}");
                    }
                }
            }
        }
        tokio::select! {
            _ = changed.changed() => {}
            _ = away.changed() => {}
        }
    }
}

/// Open questions of such rules.
fn concerned(agent: &Agent) -> Vec<RequestId> {
    agent.core.look(|engine| {
        let open = engine.list().filter(|listed| listed.stage == Stage::Pending);
        let denied = open.filter(|listed| listed.opened.without_hub == WithoutHub::Deny);
        denied.map(|listed| listed.id).collect()
    })
}
