//! Browsers that want to be woken when a question comes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use crate::clock::now_ms;
use crate::hub::Hub;
use crate::problem::{Kind, Problem};
use crate::push::address::is_public_https;
use crate::web::body::Json;
use crate::web::who::PersonCaller;

/// Bytes of an address.
const ENDPOINT_BYTES_MAX: usize = 1_024;

/// A browser, as its push service names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Browser {
    endpoint: String,
}

/// `PUT /v1/subscriptions`
///
/// # Errors
/// When the hub wakes nobody, or the address is none that it would call.
pub async fn add(
    State(hub): State<Arc<Hub>>,
    caller: PersonCaller,
    Json(browser): Json<Browser>,
) -> Result<StatusCode, Problem> {
    if hub.push.public_key().is_none() {
        return Err(Kind::NotFound.because("this hub does not wake browsers (web_push = false)"));
    }
    if browser.endpoint.len() > ENDPOINT_BYTES_MAX || !is_public_https(&browser.endpoint) {
        return Err(Kind::Malformed.because("a push service has an https address on the Internet"));
    }
    hub.store.subscribe(&caller.session.person, &browser.endpoint, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /v1/subscriptions`
///
/// # Errors
/// When nobody is logged in.
pub async fn remove(
    State(hub): State<Arc<Hub>>,
    _: PersonCaller,
    Json(browser): Json<Browser>,
) -> Result<StatusCode, Problem> {
    hub.store.unsubscribe(&browser.endpoint).await?;
    Ok(StatusCode::NO_CONTENT)
}
