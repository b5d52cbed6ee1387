//! HTTP to the hub, one call after the other.

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use writ_desk::exit::Exit;
use writ_protocol::text::shown;
use writ_signed::Origin;
use writ_uplink::http::{self, BodyError, SetUpError};

use crate::events::{Event, Parser};
use crate::failure::Failure;
use crate::limits::{EVENTS_MAX, IDLE_MAX, Pace};
use crate::settings::Settings;

const USER_AGENT: &str = concat!("writ-remote/", env!("CARGO_PKG_VERSION"));

/// Why the hub did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HubError {
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    #[error("no event loop")]
    Runtime(#[from] std::io::Error),
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("it has said nothing for {} seconds", .0.as_secs())]
    Silent(Duration),
    #[error("it has ended the connection")]
    Ended,
    #[error("what it answers is not of the protocol: {0}")]
    Malformed(String),
    #[error(
        "it sends elsewhere ({0}), and nobody is followed there; is this the address of the hub itself?"
    )]
    Elsewhere(StatusCode),
    #[error("it refuses this ({status}): {detail}")]
    Refused { status: StatusCode, detail: String },
    #[error("it cannot answer at present ({status}): {detail}")]
    Unwell { status: StatusCode, detail: String },
}

impl HubError {
    /// What it comes to.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::SetUp(_) | Self::Runtime(_) | Self::Malformed(_) | Self::Elsewhere(_) => {
                Exit::Failed
            }
            Self::Body(BodyError::Long) => Exit::Failed,
            Self::Body(BodyError::Lost(_))
            | Self::Silent(_)
            | Self::Ended
            | Self::Unwell { .. } => Exit::Unreachable,
            Self::Refused { status, .. } => match *status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::NotYours,
                StatusCode::CONFLICT => Exit::Denied,
                _ => Exit::Failed,
            },
        }
    }

    /// Whether it was refused with that status.
    pub(crate) fn is(&self, wanted: StatusCode) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == wanted)
    }

    /// Whether it may be otherwise another time.
    pub(crate) fn may_pass(&self) -> bool {
        self.exit() == Exit::Unreachable
    }
}

/// One hub.
pub(crate) struct Hub {
    origin: Origin,
    client: Client,
    runtime: Rc<Runtime>,
    pace: Pace,
    token: Option<String>,
}

impl fmt::Debug for Hub {
    /// Without the token.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Hub").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Hub {
    /// The hub of that origin; nothing is sent yet.
    pub(crate) fn at(origin: Origin, settings: &Settings, pace: Pace) -> Result<Self, Failure> {
        let failed = |error| Failure::Hub { origin: origin.clone(), error };
        let client =
            http::client(&settings.way, USER_AGENT, IDLE_MAX).map_err(|e| failed(e.into()))?;
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().map_err(|e| failed(e.into()))?;
        Ok(Self { origin, client, runtime: Rc::new(runtime), pace, token: None })
    }

    /// What it is called.
    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How fast things go.
    pub(crate) const fn pace(&self) -> Pace {
        self.pace
    }

    /// What further calls show.
    pub(crate) fn show_token(&mut self, token: Option<String>) {
        self.token = token;
    }

    /// An error with the name of the hub before it.
    pub(crate) fn failure(&self, error: HubError) -> Failure {
        Failure::Hub { origin: self.origin.clone(), error }
    }

    /// Asks for a value.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, HubError> {
        value(&self.call(self.request(Method::GET, path))?)
    }

    /// Hands a value in, and gets one.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        sent: &impl Serialize,
    ) -> Result<T, HubError> {
        let json = serde_json::to_string(sent).map_err(|e| HubError::Malformed(e.to_string()))?;
        self.post_text(path, json)
    }

    /// Hands in JSON as it is, and gets a value.
    pub(crate) fn post_text<T: DeserializeOwned>(
        &self,
        path: &str,
        json: String,
    ) -> Result<T, HubError> {
        let request = self.request(Method::POST, path);
        value(&self.call(request.header("content-type", "application/json").body(json))?)
    }

    /// Takes something away.
    pub(crate) fn delete(&self, path: &str) -> Result<(), HubError> {
        self.call(self.request(Method::DELETE, path)).map(drop)
    }

    /// Listens to what changes.
    pub(crate) fn listen(&self) -> Result<Listening, HubError> {
        let request = self.request(Method::GET, "/v1/events").timeout(EVENTS_MAX);
        let silence_max = self.pace.silence_max;
        let response = self.runtime.block_on(async {
            let response = timeout(self.pace.reply_max, request.send()).await;
            let response = response.map_err(|_| HubError::Silent(silence_max))?;
            refused_or(response.map_err(http::lost)?).await
        })?;
        Ok(Listening {
            runtime: Rc::clone(&self.runtime),
            silence_max,
            response,
            parser: Parser::default(),
            waiting: VecDeque::new(),
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.origin.as_str()));
        let request = request.timeout(self.pace.reply_max);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    fn call(&self, request: RequestBuilder) -> Result<Vec<u8>, HubError> {
        self.runtime.block_on(async {
            let response = request.send().await.map_err(http::lost)?;
            Ok(http::body(refused_or(response).await?).await?)
        })
    }
}

/// What the hub tells, as it does.
#[derive(Debug)]
pub(crate) struct Listening {
    runtime: Rc<Runtime>,
    silence_max: Duration,
    response: Response,
    parser: Parser,
    /// What came in one piece; as many as fit into it.
    waiting: VecDeque<Event>,
}

impl Listening {
    /// The next, however long it takes, as long as the hub is heard of.
    pub(crate) fn next(&mut self) -> Result<Event, HubError> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(event);
            }
            let chunk = async { timeout(self.silence_max, self.response.chunk()).await };
            let chunk = self.runtime.block_on(chunk);
            let chunk = chunk.map_err(|_| HubError::Silent(self.silence_max))?;
            let chunk = chunk.map_err(http::lost)?.ok_or(HubError::Ended)?;
            let events = self.parser.take(&chunk);
            self.waiting.extend(events.map_err(|error| HubError::Malformed(error.to_string()))?);
        }
    }
}

/// The response, where it is not one that says no.
async fn refused_or(response: Response) -> Result<Response, HubError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    if status.is_redirection() {
        return Err(HubError::Elsewhere(status));
    }
    let detail = http::detail(&http::body(response).await?);
    Err(match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            HubError::Unwell { status, detail }
        }
        status if status.is_client_error() => HubError::Refused { status, detail },
        status => HubError::Unwell { status, detail },
    })
}

fn value<T: DeserializeOwned>(body: &[u8]) -> Result<T, HubError> {
    // What it says of the value may quote it.
    serde_json::from_slice(body).map_err(|error| HubError::Malformed(shown(&error.to_string())))
}
