//! Bodies: JSON, up to a length, within a time.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::limits::{BODY_BYTES_MAX, BODY_WAIT_MAX};
use crate::problem::{Kind, Problem};

/// A body of JSON as the text that came, of at most so many bytes.
#[derive(Debug)]
pub struct Text<const BYTES_MAX: usize>(pub String);

/// A body of JSON, read.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Sync, const BYTES_MAX: usize> FromRequest<S> for Text<BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        is_json(request.headers())?;
        read(request.into_body(), BYTES_MAX).await.map(Self)
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Text(text) = Text::<BODY_BYTES_MAX>::from_request(request, state).await?;
        serde_json::from_str(&text).map(Self).map_err(|error| {
            Kind::Malformed.because(format!("the body is not understood: {error}"))
        })
    }
}

/// A form of another site could send any other type without being asked first.
fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Kind::Malformed
        .because("the body is taken as JSON only; send it with Content-Type: application/json"))
}

async fn read(body: Body, bytes_max: usize) -> Result<String, Problem> {
    let read = Limited::new(body, bytes_max).collect();
    let Ok(read) = tokio::time::timeout(BODY_WAIT_MAX, read).await else {
        return Err(Kind::TooSlow
            .because(format!("the body did not come within {} seconds", BODY_WAIT_MAX.as_secs())));
    };
    match read {
        Ok(bytes) => String::from_utf8(bytes.to_bytes().into())
            .map_err(|_| Kind::Malformed.because("the body is no UTF-8")),
        Err(error) if error.is::<LengthLimitError>() => Err(Kind::TooLarge
            .because(format!("the body is longer than the {bytes_max} bytes that are taken here"))),
        Err(_) => Err(Kind::Malformed.because("the body broke off")),
    }
}
