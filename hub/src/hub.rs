//! What every handler has: the store, who waits, what was configured.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use crate::config::Config;
use crate::limits::{
    HOST_BURST, HOST_PER_MINUTE, PERSON_BURST, PERSON_PER_MINUTE, REFUSED_ALL_BURST,
    REFUSED_ALL_PER_MINUTE, REFUSED_BURST, REFUSED_PER_MINUTE, STRANGER_BURST, STRANGER_PER_MINUTE,
    VIEWS_MAX, VIEWS_PER_PERSON_MAX,
};
use crate::live::{Event, Live};
use crate::oidc::Provider;
use crate::problem::{Kind, Problem};
use crate::push::Push;
use crate::rates::{Rate, Rates, caller};
use crate::store::{Store, StoreError};

const STRANGER: Rate = Rate { burst: STRANGER_BURST, per_minute: STRANGER_PER_MINUTE };
const PERSON: Rate = Rate { burst: PERSON_BURST, per_minute: PERSON_PER_MINUTE };
const HOST: Rate = Rate { burst: HOST_BURST, per_minute: HOST_PER_MINUTE };
const REFUSED: Rate = Rate { burst: REFUSED_BURST, per_minute: REFUSED_PER_MINUTE };
const REFUSED_ALL: Rate = Rate { burst: REFUSED_ALL_BURST, per_minute: REFUSED_ALL_PER_MINUTE };

/// The hub.
#[derive(Debug)]
pub struct Hub {
    /// What is kept.
    pub store: Store,
    /// Who waits.
    pub live: Live,
    /// What was configured.
    pub config: Config,
    /// Who is told beside the page.
    pub push: Push,
    /// Where people may log in, too.
    pub oidc: Option<Provider>,
    rates: Rates,
    seen: Mutex<HashMap<String, i64>>,
    views: Mutex<HashMap<String, usize>>,
    views_all: AtomicUsize,
    ending: watch::Sender<bool>,
}

/// A live view of somebody, as long as it is held.
#[derive(Debug)]
pub struct View {
    hub: Arc<Hub>,
    person: String,
}

impl Hub {
    /// A hub over a store.
    #[must_use]
    pub fn new(store: Store, config: Config, push: Push, oidc: Option<Provider>) -> Arc<Self> {
        Arc::new(Self {
            store,
            live: Live::new(),
            config,
            push,
            oidc,
            rates: Rates::default(),
            seen: Mutex::default(),
            views: Mutex::default(),
            views_all: AtomicUsize::new(0),
            ending: watch::Sender::new(false),
        })
    }

    /// Tells everybody whom it concerns.
    pub async fn tell(&self, event: Event) {
        self.live.tell(&self.store, event).await;
    }

    /// A call of an address that has shown nothing.
    ///
    /// # Errors
    /// When there were too many.
    pub fn stranger(&self, address: IpAddr) -> Result<(), Problem> {
        self.rate(&format!("address {}", caller(address)), STRANGER)
    }

    /// A call of a person.
    ///
    /// # Errors
    /// When there were too many.
    pub fn person(&self, id: &str) -> Result<(), Problem> {
        self.rate(&format!("person {id}"), PERSON)
    }

    /// A call of a host.
    ///
    /// # Errors
    /// When there were too many.
    pub fn host(&self, id: &str) -> Result<(), Problem> {
        self.rate(&format!("host {id}"), HOST)
    }

    /// Puts a login that was refused on record, unless there were too many of late.
    ///
    /// # Errors
    /// When the store does not do it.
    pub async fn login_refused(&self, by: IpAddr, why: &str, now: i64) -> Result<(), StoreError> {
        let take = |who: &str, rate| self.rates.take(who, rate, Instant::now());
        let of_one = format!("refused {}", caller(by));
        if !take(&of_one, REFUSED) || !take("refused", REFUSED_ALL) {
            return Ok(());
        }
        self.store.record(now, "login.refused", &format!("address {by}"), "", why).await
    }

    /// Who calls: the peer, or whom a proxy that is believed names.
    #[must_use]
    pub fn address(&self, peer: SocketAddr, forwarded: Option<&str>) -> IpAddr {
        let peer = peer.ip().to_canonical();
        if !self.config.proxies.contains(&peer) {
            return peer;
        }
        // The last is what the proxy itself has added; what is before it, anybody can write.
        let named = forwarded.and_then(|text| text.rsplit(',').next()?.trim().parse().ok());
        named.unwrap_or(peer)
    }

    /// A host was heard of.
    pub fn host_seen(&self, id: &str, at_ms: i64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(id.to_owned(), at_ms);
    }

    /// Puts on record when hosts were heard of since the last time.
    ///
    /// # Errors
    /// When the store does not do it.
    pub async fn write_seen(&self) -> Result<(), StoreError> {
        let seen: Vec<(String, i64)> = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.drain().collect()
        };
        if seen.is_empty() {
            return Ok(());
        }
        self.store.hosts_seen(&seen).await
    }

    /// A place for a live view of somebody.
    ///
    /// # Errors
    /// When there are too many.
    pub fn view(self: &Arc<Self>, person: &str) -> Result<View, Problem> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = views.entry(person.to_owned()).or_insert(0);
        if *mine >= VIEWS_PER_PERSON_MAX || self.views_all.load(Ordering::Relaxed) >= VIEWS_MAX {
            return Err(Kind::TooOften.because(
                "too many live views are open; close some of the pages that show the hub",
            ));
        }
        *mine += 1;
        self.views_all.fetch_add(1, Ordering::Relaxed);
        Ok(View { hub: Arc::clone(self), person: person.to_owned() })
    }

    /// Tells whoever waits that the hub ends.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Comes back when the hub ends.
    pub async fn ended(&self) {
        // The sender is this hub's own, so that it cannot be gone.
        let _ = self.ending.subscribe().wait_for(|ending| *ending).await;
    }

    fn rate(&self, who: &str, rate: Rate) -> Result<(), Problem> {
        if self.rates.take(who, rate, Instant::now()) {
            return Ok(());
        }
        Err(Kind::TooOften.because("too many calls; wait some seconds and go on more slowly"))
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let mut views = self.hub.views.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = views.get_mut(&self.person) {
            *mine = mine.saturating_sub(1);
            if *mine == 0 {
                views.remove(&self.person);
            }
        }
        self.hub.views_all.fetch_sub(1, Ordering::Relaxed);
    }
}
