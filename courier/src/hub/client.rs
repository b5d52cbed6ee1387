//! What the courier asks of the hub, with the host's credential.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde::Serialize;
use writ_protocol::courier::HubSettings;
use writ_uplink::http::{self, BodyError, REPLY_MAX, SetUpError};

use super::credential::{Credential, CredentialError};
use crate::limits::HUB_IDLE_MAX;

const USER_AGENT: &str = concat!("writ-courier/", env!("CARGO_PKG_VERSION"));

/// Why the hub was not spoken to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HubError {
    #[error(transparent)]
    Credential(#[from] CredentialError),
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    #[error(transparent)]
    Body(#[from] BodyError),
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

/// The way to the hub.
#[derive(Debug, Clone)]
pub(crate) struct HubClient {
    origin: String,
    client: Client,
    credential: Option<String>,
}

impl HubClient {
    /// With what the settings say of TLS and proxy.
    pub(crate) fn new(
        settings: &HubSettings,
        credential: Option<Credential>,
    ) -> Result<Self, HubError> {
        Ok(Self {
            origin: settings.url.clone(),
            client: http::client(settings, USER_AGENT, HUB_IDLE_MAX)?,
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
        let response = request.send().await.map_err(http::lost)?;
        let status = response.status();
        let body = http::body(response).await?;
        if status.is_success() {
            return Ok(body);
        }
        let detail = http::detail(&body);
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
        self.send(Method::POST, path, Some(json), REPLY_MAX).await
    }
}
