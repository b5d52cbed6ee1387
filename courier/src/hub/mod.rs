//! The hub: questions go to it, and what comes back is handed to the agent.
//!
//! Three things go on at once: the agent tells what is asked ([`outbox`]), the hub is told
//! of it ([`sending`]), and the hub is asked for answers ([`answers`]). What the hub says
//! is bytes for the agent: nothing here reads an answer.

mod answers;
mod client;
mod credential;
mod desk;
mod outbox;
mod sending;

use std::path::PathBuf;
use std::rc::Rc;

use tokio::time::sleep;
use writ_protocol::courier::HubSettings;

pub(crate) use self::client::{HubClient, HubError};
pub(crate) use self::credential::{Credential, keep as keep_credential};
use self::desk::Desk;
use crate::limits::{NOT_ENROLLED_REST, Pace};
use crate::sentence;
use crate::standing::Standing;

/// What the hub is served with.
pub(crate) struct Hub {
    /// Where it is, and how to get there.
    pub settings: HubSettings,
    /// The agent's socket.
    pub socket: PathBuf,
    /// What is kept.
    pub state: PathBuf,
    /// How it fares.
    pub standing: Rc<Standing>,
    /// How fast things go.
    pub pace: Pace,
}

impl Hub {
    /// Serves it until the task is ended.
    pub(crate) async fn serve(self) {
        let client = self.client().await;
        let desk = Rc::new(Desk::read(&self.state));
        tokio::join!(
            outbox::follow(&self, &desk),
            sending::send(&self, &client, &desk),
            answers::fetch(&self, &client),
        );
    }

    /// Once the host is enrolled there and the certificates can be read.
    async fn client(&self) -> HubClient {
        loop {
            let made = Credential::read(&self.state, &self.settings.url)
                .and_then(|credential| HubClient::new(&self.settings, Some(credential)));
            match made {
                Ok(client) => return client,
                Err(error) => {
                    self.standing.hub_failed(sentence(&error));
                    sleep(NOT_ENROLLED_REST).await;
                }
            }
        }
    }
}
