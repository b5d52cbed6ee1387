//! HTTP to the hub: one origin, no redirects, no proxy but the one of the settings, and
//! bounds on how long a reply may take and how long it may be.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, Proxy, Response, StatusCode};
use serde::{Deserialize, Serialize};
use writ_protocol::courier::HubSettings;
use writ_protocol::text::shown;

use super::credential::{Credential, CredentialError};
use crate::limits::{CONNECT_MAX, HUB_IDLE_MAX, HUB_REPLY_BYTES_MAX, HUB_REPLY_MAX};
use crate::tls::{self, TlsError};

/// The longest sentence of the hub's that is passed on, in characters.
const DETAIL_CHARS_MAX: usize = 300;

/// Why the hub was not spoken to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HubError {
    #[error(transparent)]
    Credential(#[from] CredentialError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("it cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("what it answers is longer than {} KiB", HUB_REPLY_BYTES_MAX / 1024)]
    Long,
    #[error("what it answers is not of the protocol: {0}")]
    Malformed(String),
    #[error("it does not take this host's credential ({detail}); enrol it anew with `writ enroll`")]
    NotKnown { detail: String },
    #[error("it refuses this ({status}): {detail}")]
    Refused { status: StatusCode, detail: String },
    #[error("it cannot answer at present ({status}): {detail}")]
    Unwell { status: StatusCode, detail: String },
}

impl HubError {
    /// Whether it would be the same another time: the hub will not have this.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// A problem document (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    title: Option<String>,
}

/// The way to the hub.
#[derive(Debug, Clone)]
pub(crate) struct HubClient {
    origin: String,
    client: Client,
    credential: Option<String>,
}

/// What `localhost` is, whatever a name server says. The port is that of the address.
const HERE: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
];

impl HubClient {
    /// With what the settings say of TLS and proxy.
    pub(crate) fn new(
        settings: &HubSettings,
        credential: Option<Credential>,
    ) -> Result<Self, HubError> {
        let tls = tls::config(settings.ca.as_deref().map(Path::new), &settings.pins)?;
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(settings.url.starts_with("https://"))
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_MAX)
            .timeout(HUB_REPLY_MAX)
            .pool_idle_timeout(HUB_IDLE_MAX)
            .pool_max_idle_per_host(2)
            .user_agent(concat!("writ-courier/", env!("CARGO_PKG_VERSION")))
            .resolve_to_addrs("localhost", &HERE)
            .no_proxy();
        if let Some(proxy) = &settings.proxy {
            builder = builder.proxy(Proxy::all(proxy).map_err(HubError::Unreachable)?);
        }
        Ok(Self {
            origin: settings.url.clone(),
            client: builder.build().map_err(HubError::Unreachable)?,
            credential: credential.map(|credential| credential.credential),
        })
    }

    /// Sends JSON as it is, and gives the reply's body.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        json: Option<String>,
        patience: Duration,
    ) -> Result<Vec<u8>, HubError> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.origin)).timeout(patience);
        if let Some(credential) = &self.credential {
            request = request.bearer_auth(credential);
        }
        if let Some(json) = json {
            request = request.header("content-type", "application/json").body(json);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = body(response).await?;
        if status.is_success() {
            return Ok(body);
        }
        let detail = detail(&body);
        Err(match status {
            StatusCode::UNAUTHORIZED => HubError::NotKnown { detail },
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                HubError::Unwell { status, detail }
            }
            status if status.is_client_error() => HubError::Refused { status, detail },
            status => HubError::Unwell { status, detail },
        })
    }

    /// The same, of a value.
    pub(crate) async fn post(
        &self,
        path: &str,
        value: &impl Serialize,
    ) -> Result<Vec<u8>, HubError> {
        let json =
            serde_json::to_string(value).map_err(|error| HubError::Malformed(error.to_string()))?;
        self.send(Method::POST, path, Some(json), HUB_REPLY_MAX).await
    }
}

/// An error without its address: that has the credential of nobody in it, but is long.
fn unreachable(error: reqwest::Error) -> HubError {
    HubError::Unreachable(error.without_url())
}

async fn body(mut response: Response) -> Result<Vec<u8>, HubError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > HUB_REPLY_BYTES_MAX {
            return Err(HubError::Long);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The hub's sentence, with nothing in it that acts.
fn detail(body: &[u8]) -> String {
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let said = problem.and_then(|problem| problem.detail.or(problem.title));
    let said = said.unwrap_or_else(|| "it does not say why".to_owned());
    shown(&said.chars().take(DETAIL_CHARS_MAX).collect::<String>())
}
