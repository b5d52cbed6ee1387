//! HTTP to a hub: one origin, no redirects, no proxy but the one of the settings, and
//! bounds on how long a reply may take and how long it may be.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Response};
use serde::Deserialize;
use writ_protocol::courier::HubSettings;
use writ_protocol::text::shown;

use crate::tls::{self, TlsError};

/// How long a connection may take to come about, TLS and look-ups included.
pub const CONNECT_MAX: Duration = Duration::from_secs(15);

/// How long the hub may take for a whole reply, where nothing else is said.
pub const REPLY_MAX: Duration = Duration::from_secs(30);

/// The longest reply of the hub, in bytes.
pub const REPLY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The longest sentence of the hub's that is passed on, in characters.
const DETAIL_CHARS_MAX: usize = 300;

/// What `localhost` is, whatever a name server says. The port is that of the address.
const HERE: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
];

/// Why nothing can be asked of a hub.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The rest.
    #[error("the connection cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// Why a reply is not had.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The connection was lost, or it took too long.
    #[error("it cannot be reached")]
    Lost(#[source] reqwest::Error),
    /// More than the longest.
    #[error("what it answers is longer than {} KiB", REPLY_BYTES_MAX / 1024)]
    Long,
}

/// A problem document (RFC 9457), as far as it is told on.
#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    title: Option<String>,
}

/// What calls that hub and nothing else. A connection that nothing goes over is kept for
/// `idle_max`.
///
/// # Errors
/// When the settings' certificates or proxy cannot be used.
pub fn client(
    settings: &HubSettings,
    user_agent: &str,
    idle_max: Duration,
) -> Result<Client, SetUpError> {
    let tls = tls::config(settings.ca.as_deref().map(Path::new), &settings.pins)?;
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(settings.url.starts_with("https://"))
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_MAX)
        .timeout(REPLY_MAX)
        .pool_idle_timeout(idle_max)
        .pool_max_idle_per_host(2)
        .user_agent(user_agent)
        .resolve_to_addrs("localhost", &HERE)
        .no_proxy();
    if let Some(proxy) = &settings.proxy {
        builder = builder.proxy(Proxy::all(proxy).map_err(SetUpError::Client)?);
    }
    builder.build().map_err(SetUpError::Client)
}

/// The whole body of a reply.
///
/// # Errors
/// When it is too long, or does not come whole.
pub async fn body(mut response: Response) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > REPLY_BYTES_MAX {
            return Err(BodyError::Long);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error without its address: that has no secret in it, but is long.
pub fn lost(error: reqwest::Error) -> BodyError {
    BodyError::Lost(error.without_url())
}

/// The hub's sentence in a problem document, with nothing in it that acts.
#[must_use]
pub fn detail(body: &[u8]) -> String {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let said = problem.detail.or(problem.title);
    let said = said.unwrap_or_else(|| "it does not say why".to_owned());
    shown(&said.chars().take(DETAIL_CHARS_MAX).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_of_the_hub_is_short_and_does_nothing() {
        let said = |detail: &str| detail_of(&format!(r#"{{"detail":{detail:?},"x":1}}"#));
        fn detail_of(body: &str) -> String {
            detail(body.as_bytes())
        }
        assert_eq!(said("over"), "over");
        assert_eq!(detail(br#"{"detail":"a\u001b[2Jb"}"#), "a\\e[2Jb");
        assert_eq!(detail(br#"{"title":"Too large"}"#), "Too large");
        assert_eq!(detail(b"<html>"), "it does not say why");
        assert_eq!(said(&"x".repeat(1000)).len(), DETAIL_CHARS_MAX);
    }
}
