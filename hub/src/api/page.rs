//! The page: files that are in the program.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::api::OPENAPI;
use crate::hub::Hub;
use crate::problem::{Kind, Problem};

/// A file of the page.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Where it is.
    pub path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! file {
    ($path:literal, $kind:literal, $name:literal) => {
        File { path: $path, kind: $kind, bytes: include_bytes!(concat!("../../page/", $name)) }
    };
}

/// Every file of the page.
pub const FILES: &[File] = &[
    file!("/", "text/html; charset=utf-8", "index.html"),
    file!("/style.css", "text/css; charset=utf-8", "style.css"),
    file!("/app.js", "text/javascript; charset=utf-8", "app.js"),
    file!("/api.js", "text/javascript; charset=utf-8", "api.js"),
    file!("/text.js", "text/javascript; charset=utf-8", "text.js"),
    file!("/answer.js", "text/javascript; charset=utf-8", "answer.js"),
    file!("/question.js", "text/javascript; charset=utf-8", "question.js"),
    file!("/views.js", "text/javascript; charset=utf-8", "views.js"),
    file!("/passkey.js", "text/javascript; charset=utf-8", "passkey.js"),
    file!("/element.js", "text/javascript; charset=utf-8", "element.js"),
    file!("/worker.js", "text/javascript; charset=utf-8", "worker.js"),
    file!("/manifest.webmanifest", "application/manifest+json", "manifest.webmanifest"),
    file!("/icon.svg", "image/svg+xml", "icon.svg"),
];

impl File {
    /// The file as an answer. It is small and may change with the program: asked for anew.
    #[must_use]
    pub fn answer(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.kind)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        ];
        (headers, self.bytes).into_response()
    }
}

/// `GET /v1/openapi.json`
pub async fn openapi() -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], OPENAPI).into_response()
}

/// `GET /v1/health`: whether the hub and its store answer, for balancers.
///
/// # Errors
/// When the store does not.
pub async fn health(State(hub): State<Arc<Hub>>) -> Result<StatusCode, Problem> {
    hub.store.next_notice().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is nowhere.
pub async fn nowhere() -> Problem {
    Kind::NotFound.because("there is nothing at this address; /v1/openapi.json says what there is")
}

/// What is there, and takes another method.
pub async fn other_method() -> Problem {
    Kind::Method.because("this address takes another method; /v1/openapi.json says which")
}
