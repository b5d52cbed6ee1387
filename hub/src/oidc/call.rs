//! Calls of the provider: its answers have a bound and a time, and it sends nobody elsewhere.
//!
//! The issuer is who the admin named, wherever that is. What it names in turn, on another
//! host than its own, must be on the Internet: a provider that is somebody else's does not
//! get to have the hub call what is near it.

use std::sync::Arc;

use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;
use writ_protocol::text::shown;

use super::settings::{Settings, is_protected};
use super::{Part, Trouble};
use crate::limits::{OIDC_REPLY_BYTES_MAX, OIDC_WAIT_MAX, OIDC_WORDS_CHARS_MAX};
use crate::push::address;

/// Who calls.
#[derive(Debug)]
pub(super) struct Caller {
    issuer: Url,
    anywhere: Client,
    outward: Client,
}

impl Caller {
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let issuer = Url::parse(&settings.issuer).map_err(|error| error.to_string())?;
        let roots = settings.read_ca()?;
        let client = |outward: Option<Arc<address::Outward>>| {
            let mut builder = Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .timeout(OIDC_WAIT_MAX)
                .connect_timeout(OIDC_WAIT_MAX)
                .pool_max_idle_per_host(1)
                .user_agent(concat!("writ-hub/", env!("CARGO_PKG_VERSION")));
            if let Some(roots) = &roots {
                builder = builder.tls_certs_only(roots.clone());
            }
            if let Some(outward) = outward {
                builder = builder.dns_resolver(outward);
            }
            builder.build().map_err(|error| format!("[oidc]: TLS cannot be set up: {error}"))
        };
        Ok(Self {
            issuer,
            anywhere: client(None)?,
            outward: client(Some(Arc::new(address::Outward)))?,
        })
    }

    /// The client for an address that the provider has named.
    pub(super) fn client(&self, part: Part, url: &Url) -> Result<&Client, Trouble> {
        if url.host_str() == self.issuer.host_str() {
            return Ok(&self.anywhere);
        }
        if address::is_inward_url(url) {
            return Err(Trouble::Unusable {
                part,
                why: format!("{url} points to this machine or its own network"),
            });
        }
        Ok(&self.outward)
    }

    /// Gets a document.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        part: Part,
        url: &Url,
    ) -> Result<T, Trouble> {
        self.json(part, self.client(part, url)?.get(url.clone())).await
    }

    /// Sends a call whose answer is JSON.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        part: Part,
        request: RequestBuilder,
    ) -> Result<T, Trouble> {
        let (status, bytes) = self.send(part, request.header("accept", "application/json")).await?;
        if !status.is_success() {
            return Err(Trouble::Unreachable { part, why: format!("it answers {status}") });
        }
        parse(part, &bytes)
    }

    /// Sends a call: its status and the whole of its answer.
    pub(super) async fn send(
        &self,
        part: Part,
        request: RequestBuilder,
    ) -> Result<(StatusCode, Vec<u8>), Trouble> {
        let broken = |error: &reqwest::Error| Trouble::Unreachable { part, why: whole(error) };
        let mut reply = request.send().await.map_err(|error| broken(&error))?;
        let mut bytes = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(|error| broken(&error))? {
            if bytes.len() + chunk.len() > OIDC_REPLY_BYTES_MAX {
                let why =
                    format!("it is longer than the {OIDC_REPLY_BYTES_MAX} bytes that are read");
                return Err(Trouble::Unusable { part, why });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok((reply.status(), bytes))
    }
}

/// JSON of the provider's.
pub(super) fn parse<T: DeserializeOwned>(part: Part, bytes: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(bytes)
        .map_err(|error| Trouble::Unusable { part, why: words(&error.to_string()) })
}

/// An address in the provider's metadata: nobody between can change what is sent there. Only
/// a provider without TLS, which is on this machine, names others without.
pub(super) fn endpoint(part: Part, issuer: &str, text: &str) -> Result<Url, Trouble> {
    let url = Url::parse(text).ok().filter(|url| match issuer.starts_with("https://") {
        true => url.scheme() == "https",
        false => is_protected(url),
    });
    url.filter(|url| url.username().is_empty() && url.password().is_none()).ok_or_else(|| {
        Trouble::Unusable { part, why: format!("{} is no https:// address", words(text)) }
    })
}

/// What the provider says, for people: no longer than they read, and nothing that acts.
pub(super) fn words(text: &str) -> String {
    let mut words: String = shown(text).chars().take(OIDC_WORDS_CHARS_MAX).collect();
    if words.len() < shown(text).len() {
        words.push('…');
    }
    words
}

/// The error with its causes.
fn whole(error: &reqwest::Error) -> String {
    let mut text = match (error.is_timeout(), error.is_connect()) {
        (true, _) => return format!("it took longer than {} s", OIDC_WAIT_MAX.as_secs()),
        (_, true) => "no connection".to_owned(),
        _ => "the connection broke off".to_owned(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    words(&text)
}
