//! One collector: events go from the agent's ledger to it, each at least once, in order.
//!
//! Nothing is kept here but places in the ledger. A syslog collector never says that it
//! has something; so an event counts as delivered when the connection that took it still
//! stands half a minute later ([`Pace::settles_after`]), and after a loss all is sent again
//! that does not count. What comes twice has the same `WRIT_LEDGER_SEQ`.

mod address;
mod link;
mod unsettled;

use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use rustls::ClientConfig;
use tokio::time::{sleep, timeout};
use writ_protocol::calls::Replies;
use writ_protocol::courier::{EventReply, Events};
use writ_uplink::{Backoff, tls};

pub(crate) use self::address::Address;
use self::link::{Link, LinkError};
use self::unsettled::Unsettled;
use crate::agent::{Agent, AgentError};
use crate::limits::{CONNECT_MAX, Pace, WRITE_MAX};
use crate::positions::{Position, Positions};
use crate::standing::Standing;
use crate::{sentence, syslog};

/// What a collector is served with.
pub(crate) struct Collector {
    /// As in the settings.
    pub url: String,
    /// The host's name, for the messages.
    pub host: String,
    /// The file with the authorities that may vouch for it.
    pub ca: Option<PathBuf>,
    /// The agent's socket.
    pub socket: PathBuf,
    /// How far it is.
    pub positions: Rc<Positions>,
    /// How it fares.
    pub standing: Rc<Standing>,
    /// How fast things go.
    pub pace: Pace,
}

/// Why a collector gets nothing.
#[derive(Debug, thiserror::Error)]
enum CollectorError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    #[error("it does not answer within {CONNECT_MAX:?}")]
    Silent,
    #[error("it did not take an event within {WRITE_MAX:?}")]
    Stalled,
    #[error("how far it is cannot be kept: {0}")]
    Position(io::Error),
}

impl Collector {
    /// Serves it until the task is ended.
    pub(crate) async fn serve(self) {
        let Some(address) = Address::parse(&self.url) else {
            self.standing.failed(&self.url, "its address cannot be read".to_owned());
            return;
        };
        let mut backoff = Backoff::from(self.pace.first_wait);
        let mut told = String::new();
        loop {
            let Err(error) = self.session(&address, &mut backoff).await;
            let error = sentence(&error);
            if told != error {
                eprintln!("the collector {}: {error}", self.url);
                told.clone_from(&error);
            }
            self.standing.failed(&self.url, error);
            sleep(backoff.wait()).await;
        }
    }

    /// From a connection to its loss.
    async fn session(
        &self,
        address: &Address,
        backoff: &mut Backoff,
    ) -> Result<Infallible, CollectorError> {
        // Read anew each time: the file may have been mended.
        let tls: Option<Arc<ClientConfig>> = match address.is_tls() {
            true => Some(Arc::new(tls::config(self.ca.as_deref(), &[])?)),
            false => None,
        };
        let connected = timeout(CONNECT_MAX, Link::open(address, tls)).await;
        let mut link = connected.map_err(|_| CollectorError::Silent)??;
        // Of a datagram one hears only when nobody took it, and a little later.
        if link.tells_of_losses() {
            self.standing.reached(&self.url);
        }
        let mut unsettled =
            Unsettled::behind(self.positions.of(&self.url), self.pace.settles_after);
        let mut agent_backoff = Backoff::from(self.pace.first_wait);
        loop {
            // The agent may be started anew while the collector stays.
            let lost = self.follow(&mut link, &mut unsettled, backoff, &mut agent_backoff).await?;
            eprintln!("the collector {}: no events come: {}", self.url, sentence(&lost));
            let wait = sleep(agent_backoff.wait());
            tokio::pin!(wait);
            loop {
                tokio::select! {
                    () = &mut wait => break,
                    error = link.ended() => return Err(error.into()),
                    position = unsettled.settled() => self.keep(position)?,
                }
            }
        }
    }

    /// Sends what comes until the agent is lost.
    async fn follow(
        &self,
        link: &mut Link,
        unsettled: &mut Unsettled,
        backoff: &mut Backoff,
        agent_backoff: &mut Backoff,
    ) -> Result<AgentError, CollectorError> {
        let Position { seq, digest } = unsettled.last().clone();
        let events =
            Events { after: seq, digest: Some(digest).filter(|digest| !digest.is_empty()) };
        let mut agent = match Agent::call(&self.socket, &events, Replies::More).await {
            Ok(agent) => agent,
            Err(error) => return Ok(error),
        };
        loop {
            tokio::select! {
                reply = agent.reply::<Events>() => match reply {
                    Ok((reply, _)) => {
                        agent_backoff.reset();
                        self.send(link, unsettled, reply).await?;
                    }
                    Err(error) => return Ok(error),
                },
                error = link.ended() => return Err(error.into()),
                position = unsettled.settled() => {
                    backoff.reset();
                    self.keep(position)?;
                }
            }
        }
    }

    async fn send(
        &self,
        link: &mut Link,
        unsettled: &mut Unsettled,
        reply: EventReply,
    ) -> Result<(), CollectorError> {
        let EventReply { event, missing, again } = reply;
        if again {
            eprintln!(
                "the collector {}: the ledger is another than it was; events from line {} on are sent again",
                self.url, event.seq
            );
        }
        if missing > 0 {
            eprintln!(
                "the collector {}: the ledger does not hold {missing} lines before line {} any more, which were never sent",
                self.url, event.seq
            );
            let message = syslog::missing(&self.host, &event, missing);
            write(link, &message).await?;
        }
        write(link, &syslog::message(&self.host, &event)).await?;
        if link.tells_of_losses() {
            self.standing.sent(&self.url, event.seq);
        }
        unsettled.add(Position { seq: event.seq, digest: event.digest });
        Ok(())
    }

    fn keep(&self, position: Position) -> Result<(), CollectorError> {
        self.standing.settled(&self.url, position.seq);
        self.positions.keep(&self.url, position).map_err(CollectorError::Position)
    }
}

async fn write(link: &mut Link, message: &str) -> Result<(), CollectorError> {
    let written = timeout(WRITE_MAX, link.send(message.as_bytes())).await;
    written.map_err(|_| CollectorError::Stalled)?.map_err(CollectorError::from)
}
