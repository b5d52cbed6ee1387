//! What is asked, as the agent tells it.

use tokio::time::sleep;
use writ_protocol::calls::Replies;
use writ_protocol::courier::Outbox;
use writ_uplink::Backoff;

use super::Hub;
use super::desk::Desk;
use crate::agent::{Agent, AgentError};
use crate::sentence;

/// Follows it, over each loss of the agent.
pub(super) async fn follow(hub: &Hub, desk: &Desk) {
    let mut backoff = Backoff::from(hub.pace.first_wait);
    loop {
        let error = listen(hub, desk, &mut backoff).await;
        eprintln!("the hub {}: no questions come: {}", hub.settings.url, sentence(&error));
        sleep(backoff.wait()).await;
    }
}

async fn listen(hub: &Hub, desk: &Desk, backoff: &mut Backoff) -> AgentError {
    let mut agent = match Agent::call(&hub.socket, &Outbox {}, Replies::More).await {
        Ok(agent) => agent,
        Err(error) => return error,
    };
    desk.begin();
    loop {
        match agent.reply::<Outbox>().await {
            Err(error) => return error,
            Ok((reply, _)) => {
                backoff.reset();
                reply.opened.into_iter().for_each(|question| desk.opened(question));
                reply.closed.into_iter().for_each(|question| desk.closed(question));
                if reply.current {
                    desk.current();
                }
            }
        }
    }
}
