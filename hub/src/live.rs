//! Who waits, and what wakes him: hosts for answers, pages for changes. Of several replicas
//! each hears of what happened at the others by PostgreSQL's LISTEN and NOTIFY.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};

use crate::limits::EVENTS_WAITING_MAX;
use crate::store::{Kind, Store};

/// The name of the channel in PostgreSQL.
const CHANNEL: &str = "writ_hub";

/// Between two tries to listen again.
const LISTEN_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Calls of one host that may wait at one time: a courier that lost its connection comes
/// again before the hub has noticed.
const WAITING_PER_HOST_MAX: usize = 4;

/// Something that somebody may wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A question came, or changed.
    Question(String),
    /// A question is over.
    Over(String),
    /// An answer waits for a host, by the hub's name for it.
    Answer(String),
    /// Hosts came or went.
    Hosts,
    /// A notice is due.
    Notice,
    /// Something may have been missed: look at everything anew.
    Resync,
}

impl std::fmt::Display for Event {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Question(digest) => write!(to, "question {digest}"),
            Self::Over(digest) => write!(to, "over {digest}"),
            Self::Answer(host) => write!(to, "answer {host}"),
            Self::Hosts => to.write_str("hosts"),
            Self::Notice => to.write_str("notice"),
            Self::Resync => to.write_str("resync"),
        }
    }
}

impl FromStr for Event {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(' ').unwrap_or((text, "")) {
            ("question", digest) => Ok(Self::Question(digest.to_owned())),
            ("over", digest) => Ok(Self::Over(digest.to_owned())),
            ("answer", host) => Ok(Self::Answer(host.to_owned())),
            ("hosts", "") => Ok(Self::Hosts),
            ("notice", "") => Ok(Self::Notice),
            ("resync", "") => Ok(Self::Resync),
            _ => Err(()),
        }
    }
}

/// Everybody who waits at this replica.
#[derive(Debug)]
pub struct Live {
    hosts: Mutex<HashMap<String, Arc<Notify>>>,
    events: broadcast::Sender<Event>,
}

/// A host's place to wait at.
#[derive(Debug)]
pub struct Waiting<'a> {
    live: &'a Live,
    host: String,
    notify: Arc<Notify>,
}

impl Live {
    /// Nobody waits yet.
    #[must_use]
    pub fn new() -> Self {
        Self { hosts: Mutex::default(), events: broadcast::Sender::new(EVENTS_WAITING_MAX) }
    }

    /// Tells everybody whom it concerns, at every replica.
    pub async fn tell(&self, store: &Store, event: Event) {
        if store.kind() == Kind::Postgres {
            match store.notify(CHANNEL, &event.to_string()).await {
                Ok(()) => return,
                Err(error) => eprintln!("writ-hub: the other replicas are not told: {error}"),
            }
        }
        self.wake(&event);
    }

    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// A place for a host to wait at, while there is one.
    #[must_use]
    pub fn wait(&self, host: &str) -> Option<Waiting<'_>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let notify = hosts.entry(host.to_owned()).or_default();
        // One of the references is the table's.
        if Arc::strong_count(notify) > WAITING_PER_HOST_MAX {
            return None;
        }
        Some(Waiting { live: self, host: host.to_owned(), notify: Arc::clone(notify) })
    }

    /// Hosts that wait here now.
    #[must_use]
    pub fn is_waiting(&self, host: &str) -> bool {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).contains_key(host)
    }

    /// Hears what other replicas tell, until the task is ended.
    pub async fn listen(&self, store: &Store) {
        loop {
            if let Err(error) = self.listen_once(store.address()).await {
                eprintln!("writ-hub: the other replicas are not heard: {error}");
            }
            tokio::time::sleep(LISTEN_AGAIN_AFTER).await;
        }
    }

    async fn listen_once(&self, address: &str) -> Result<(), sqlx::Error> {
        let mut listener = sqlx::postgres::PgListener::connect(address).await?;
        listener.listen(CHANNEL).await?;
        // What was told before is looked for.
        self.wake(&Event::Resync);
        loop {
            match listener.try_recv().await? {
                Some(notification) => match notification.payload().parse() {
                    Ok(event) => self.wake(&event),
                    Err(()) => self.wake(&Event::Resync),
                },
                // The connection was lost and is there again; what was told meanwhile is not.
                None => self.wake(&Event::Resync),
            }
        }
    }

    fn wake(&self, event: &Event) {
        match event {
            Event::Answer(host) => {
                let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(notify) = hosts.get(host) {
                    notify.notify_waiters();
                }
                return;
            }
            Event::Resync => {
                let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
                hosts.values().for_each(|notify| notify.notify_waiters());
            }
            _ => {}
        }
        // Nobody may be there to hear it.
        let _ = self.events.send(event.clone());
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Waiting<'_> {
    /// What is notified.
    #[must_use]
    pub fn notify(&self) -> &Notify {
        &self.notify
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut hosts = self.live.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // The table's and this one's: nobody else waits.
        if Arc::strong_count(&self.notify) <= 2 {
            hosts.remove(&self.host);
        }
    }
}
