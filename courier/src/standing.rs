//! How it goes, for the agent to tell people.

use std::cell::RefCell;
use std::path::Path;

use tokio::sync::Notify;
use writ_protocol::courier::{CollectorState, CourierState, HubState};
use writ_uplink::Backoff;

use crate::agent::Agent;
use crate::limits::{Pace, REPORT_EVERY};

/// How each thing that is carried fares.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    collectors: RefCell<Vec<CollectorState>>,
    hub: RefCell<Option<HubState>>,
    changed: Notify,
}

impl Standing {
    /// These are the collectors now.
    pub(crate) fn expect(&self, urls: &[String]) {
        let mut collectors = self.collectors.borrow_mut();
        collectors.retain(|known| urls.contains(&known.url));
        drop(collectors);
        self.changed.notify_one();
    }

    /// A collector was sent the event of that number, and all before it.
    pub(crate) fn sent(&self, url: &str, seq: u64) {
        self.set(url, |state| {
            state.sent = seq;
            state.error = None;
        });
    }

    /// A collector has the event of that number, as far as can be known.
    pub(crate) fn settled(&self, url: &str, seq: u64) {
        self.set(url, |state| {
            state.sent = state.sent.max(seq);
            state.error = None;
        });
    }

    /// A collector takes events again.
    pub(crate) fn reached(&self, url: &str) {
        self.set(url, |state| state.error = None);
    }

    /// A collector gets nothing.
    pub(crate) fn failed(&self, url: &str, error: String) {
        self.set(url, |state| state.error = Some(error));
    }

    /// The hub answers.
    pub(crate) fn hub_reached(&self) {
        self.set_hub(HubState { error: None });
    }

    /// The hub does not get what it should. In the journal it stands once.
    pub(crate) fn hub_failed(&self, error: String) {
        let known = self.hub.borrow().as_ref().and_then(|state| state.error.clone());
        if known.as_ref() != Some(&error) {
            eprintln!("the hub: {error}");
        }
        self.set_hub(HubState { error: Some(error) });
    }

    fn set_hub(&self, state: HubState) {
        if self.hub.replace(Some(state.clone())) != Some(state) {
            self.changed.notify_one();
        }
    }

    fn set(&self, url: &str, change: impl FnOnce(&mut CollectorState)) {
        let mut collectors = self.collectors.borrow_mut();
        let place = collectors.iter().position(|known| known.url == url);
        let before = place.and_then(|place| collectors.get(place)).cloned();
        let blank = CollectorState { url: url.to_owned(), sent: 0, error: None };
        let mut state = before.clone().unwrap_or(blank);
        change(&mut state);
        if before.as_ref() == Some(&state) {
            return;
        }
        match place.and_then(|place| collectors.get_mut(place)) {
            Some(known) => *known = state,
            None => collectors.push(state),
        }
        drop(collectors);
        self.changed.notify_one();
    }

    /// Tells the agent of each change, for ever.
    pub(crate) async fn report(&self, socket: &Path, pace: Pace) {
        let mut backoff = Backoff::from(pace.first_wait);
        loop {
            self.changed.notified().await;
            loop {
                let state = CourierState {
                    collectors: self.collectors.borrow().clone(),
                    hub: self.hub.borrow().clone(),
                };
                match Agent::ask(socket, &state).await {
                    Ok(_) => break,
                    Err(_) => tokio::time::sleep(backoff.wait()).await,
                }
            }
            backoff.reset();
            tokio::time::sleep(REPORT_EVERY).await;
        }
    }
}
