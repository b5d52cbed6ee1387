//! Telling people beside the page: each notice is a link to the page and never a button that
//! decides. What is told is who asks and where, and what for only where the admin says so:
//! these services are somebody else's.

pub mod address;
mod channel;
mod deliver;
mod mail;
mod message;
mod vapid;
mod worker;

use std::sync::Arc;

use reqwest::Client;
use tokio::sync::Notify;

pub use self::channel::{Channel, ChannelKind};
use self::vapid::Vapid;
use crate::clock::now_ms;
use crate::config::Config;
use crate::hub::Hub;
use crate::limits::NOTICE_WAIT_MAX;
use crate::problem::Problem;
use crate::store::{Host, Store};

/// The channel of all browsers that want to be woken.
pub(crate) const BROWSERS: &str = "browsers";

/// Who is told, and how they are reached.
#[derive(Debug)]
pub struct Push {
    channels: Vec<Ready>,
    vapid: Option<Vapid>,
    /// Reaches the Internet, and nothing that is near the hub.
    outward: Client,
    /// Reaches whatever the admin named.
    anywhere: Client,
    due: Notify,
}

/// Whether the file that the channel names can be used.
pub(crate) fn check(channel: &Channel) -> Result<(), String> {
    channel.read_secret().map(drop)
}

/// A channel with its secrets read.
#[derive(Debug)]
struct Ready {
    channel: Channel,
    secret: Option<Vec<u8>>,
}

impl Push {
    /// Reads what the channels need.
    ///
    /// # Errors
    /// When a secret cannot be read, or TLS cannot be set up.
    pub async fn new(config: &Config, store: &Store) -> Result<Self, String> {
        let channels = config
            .notify
            .iter()
            .map(|channel| Ok(Ready { channel: channel.clone(), secret: channel.read_secret()? }));
        let vapid = match config.web_push {
            true => Some(Vapid::load(store, config.url.as_str()).await?),
            false => None,
        };
        let outward = client().dns_resolver(Arc::new(address::Outward));
        Ok(Self {
            channels: channels.collect::<Result<_, String>>()?,
            vapid,
            outward: outward.build().map_err(|error| no_client(&error))?,
            anywhere: client().build().map_err(|error| no_client(&error))?,
            due: Notify::new(),
        })
    }

    /// The key that push services know the hub by.
    #[must_use]
    pub fn public_key(&self) -> Option<String> {
        self.vapid.as_ref().map(Vapid::public_key)
    }

    /// A question came: tells who is to be told.
    ///
    /// # Errors
    /// When the store does not do it.
    pub async fn asked(&self, hub: &Hub, host: &Host, digest: &str) -> Result<(), Problem> {
        let mut channels = self.names(host, |_| true);
        if self.vapid.is_some() {
            channels.push(BROWSERS.to_owned());
        }
        self.add(hub, digest, "asked", &channels).await
    }

    /// A question is over: takes back what can be taken back.
    ///
    /// # Errors
    /// When the store does not do it.
    pub async fn over(&self, hub: &Hub, host: &Host, digest: &str) -> Result<(), Problem> {
        let channels = self.names(host, ChannelKind::hears_of_the_end);
        self.add(hub, digest, "over", &channels).await
    }

    /// Sends what is due, until the hub ends.
    pub async fn work(&self, hub: &Arc<Hub>) {
        worker::work(self, hub).await;
    }

    async fn add(
        &self,
        hub: &Hub,
        digest: &str,
        event: &str,
        channels: &[String],
    ) -> Result<(), Problem> {
        if !channels.is_empty() {
            hub.store.add_notices(digest, event, channels, now_ms()).await?;
            self.due.notify_one();
        }
        Ok(())
    }

    fn names(&self, host: &Host, wanted: impl Fn(ChannelKind) -> bool) -> Vec<String> {
        let for_host =
            self.channels.iter().map(|ready| &ready.channel).filter(|it| it.is_for(&host.name));
        for_host.filter(|it| wanted(it.kind)).map(|it| it.name.clone()).collect()
    }
}

/// Follows nobody elsewhere, and asks no proxy of the environment's.
fn client() -> reqwest::ClientBuilder {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(NOTICE_WAIT_MAX)
        .connect_timeout(NOTICE_WAIT_MAX)
        .pool_max_idle_per_host(1)
        .user_agent(concat!("writ-hub/", env!("CARGO_PKG_VERSION")))
}

fn no_client(error: &reqwest::Error) -> String {
    format!(
        "nobody can be told beside the page, for TLS cannot be set up: {error}; is ca-certificates installed?"
    )
}
