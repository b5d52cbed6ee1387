//! Who is logged in, with what he needs: the second secret, and his lines for approvers.d.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::hub::Hub;
use crate::problem::Problem;
use crate::store::Session;
use crate::web::who::{PersonCaller, cookie_name};

/// A session, for its owner.
#[derive(Debug, Serialize)]
pub struct Described {
    /// His name, as approvers.d has it.
    person: String,
    /// What the page sends along; empty for programs, which need none.
    csrf: String,
    expires_wall_ms: i64,
    /// His keys, as lines for approvers.d.
    lines: Vec<String>,
    /// The IDs of his passkeys, base64url.
    passkeys: Vec<String>,
    /// The key that push services know the hub by, where it wakes browsers.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_key: Option<String>,
}

/// `GET /v1/session`
///
/// # Errors
/// When nobody is logged in.
pub async fn show(
    State(hub): State<Arc<Hub>>,
    caller: PersonCaller,
) -> Result<axum::Json<Described>, Problem> {
    describe(&hub, &caller.session).await.map(axum::Json)
}

/// `DELETE /v1/session`
///
/// # Errors
/// When nobody is logged in.
pub async fn end(State(hub): State<Arc<Hub>>, caller: PersonCaller) -> Result<Response, Problem> {
    hub.store.end_session(&caller.digest).await?;
    let secure = if hub.config.is_https() { "; Secure" } else { "" };
    let gone =
        format!("{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}", cookie_name(&hub));
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(gone) = HeaderValue::from_str(&gone) {
        response.headers_mut().insert(header::SET_COOKIE, gone);
    }
    Ok(response)
}

/// What its owner is told of a session.
pub(super) async fn describe(hub: &Hub, session: &Session) -> Result<Described, Problem> {
    Ok(Described {
        person: session.person.name.clone(),
        csrf: session.csrf.clone(),
        expires_wall_ms: session.expires_ms,
        lines: hub.store.lines(&session.person).await?,
        passkeys: hub.store.passkey_ids(&session.person).await?,
        push_key: hub.push.public_key(),
    })
}
