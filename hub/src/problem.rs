//! What goes wrong, as RFC 9457 has it: a status and a sentence for whoever reads it.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::secret::NoRandomness;
use crate::store::StoreError;

/// A problem document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Problem {
    /// Which kind, as `urn:writ:problem:KIND`: what programs go by.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The status of HTTP.
    pub status: u16,
    /// What happened here, and what to do about it.
    pub detail: String,
}

/// The kinds, each with its status and title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read.
    Malformed,
    /// Nobody is logged in, or with credentials that are none.
    NotLoggedIn,
    /// It is not the caller's to do.
    NotYours,
    /// It came from another site's page.
    CrossSite,
    /// There is no such thing.
    NotFound,
    /// There is, and it takes no such method.
    Method,
    /// Something signed that does not check.
    NotVerified,
    /// It was before, or is over.
    Conflict,
    /// It is longer than is taken.
    TooLarge,
    /// It took too long to come.
    TooSlow,
    /// It comes too often.
    TooOften,
    /// A fault of the hub's own.
    Fault,
}

impl Kind {
    const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotLoggedIn => StatusCode::UNAUTHORIZED,
            Self::NotYours | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotVerified => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooOften => StatusCode::TOO_MANY_REQUESTS,
            Self::Fault => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotLoggedIn => "not-logged-in",
            Self::NotYours => "not-yours",
            Self::CrossSite => "cross-site",
            Self::NotFound => "not-found",
            Self::Method => "method",
            Self::NotVerified => "not-verified",
            Self::Conflict => "conflict",
            Self::TooLarge => "too-large",
            Self::TooSlow => "too-slow",
            Self::TooOften => "too-often",
            Self::Fault => "fault",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::NotLoggedIn => "Nobody is logged in",
            Self::NotYours => "Not yours to do",
            Self::CrossSite => "It came from another site",
            Self::NotFound => "There is no such thing",
            Self::Method => "Not with this method",
            Self::NotVerified => "The signature does not verify",
            Self::Conflict => "It was decided otherwise before",
            Self::TooLarge => "Too large",
            Self::TooSlow => "Too slow",
            Self::TooOften => "Too often",
            Self::Fault => "A fault of the hub's own",
        }
    }

    /// A problem of this kind, with the sentence that says what happened and what to do.
    #[must_use]
    pub fn because(self, detail: impl Into<String>) -> Problem {
        Problem {
            kind: format!("urn:writ:problem:{}", self.name()),
            title: self.title().to_owned(),
            status: self.status().as_u16(),
            detail: detail.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

/// What the store says goes to the hub's log; who called hears that it was not him.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        eprintln!("writ-hub: {error}");
        Kind::Fault.because("the hub's store does not answer; nothing was taken; try again")
    }
}

impl From<NoRandomness> for Problem {
    fn from(error: NoRandomness) -> Self {
        eprintln!("writ-hub: {error}");
        Kind::Fault.because(error.to_string())
    }
}
