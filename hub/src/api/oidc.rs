//! Logging in at a provider: the page asks where, the browser goes there and comes back, and
//! what it brings is exchanged for who he is. Only the browser that went can come back: it
//! has a cookie for it, and the answer counts once.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::api::login::set_cookie;
use crate::clock::{in_ms, now_ms};
use crate::hub::Hub;
use crate::limits::OIDC_LOGIN_LASTS;
use crate::oidc::{Account, Login, Provider, Returned};
use crate::problem::{Kind, Problem};
use crate::secret;
use crate::store::{Binding, Person, Session, SessionKind};
use crate::web::params::Query;
use crate::web::who::{Address, Stranger, cookie};

/// Where the page shows why a login did not go.
const FAILED: &str = "/#/login/failed";

/// What can be logged in with, beside passkeys and SSH keys.
#[derive(Debug, Serialize)]
pub struct Ways {
    /// What people call the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc: Option<String>,
}

/// `GET /v1/login`
pub async fn ways(State(hub): State<Arc<Hub>>, _: Stranger) -> axum::Json<Ways> {
    axum::Json(Ways { oidc: hub.oidc.as_ref().map(|it| it.name().to_owned()) })
}

/// Where the browser goes.
#[derive(Debug, Serialize)]
pub struct Begun {
    location: String,
}

/// `POST /v1/login/oidc`
///
/// # Errors
/// When there is no provider, or it cannot be asked.
pub async fn begin(State(hub): State<Arc<Hub>>, _: Stranger) -> Result<Response, Problem> {
    let provider = provider(&hub)?;
    let login = Login::begin()?;
    let location = provider.begin(&login).await;
    let location = location
        .map_err(|trouble| Kind::Fault.because(format!("{}: {trouble}", provider.name())))?;
    let now = now_ms();
    let expires = now.saturating_add(in_ms(OIDC_LOGIN_LASTS));
    if !hub.store.begin_oidc_login(&login.digest(), now, expires).await? {
        return Err(Kind::TooOften.because("too many logins have begun; wait some minutes"));
    }
    let mut response = axum::Json(Begun { location: location.into() }).into_response();
    let cookie = browser_cookie(&hub, login.secret(), OIDC_LOGIN_LASTS.as_secs())?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `GET /v1/login/oidc/callback`: always sends the browser to the page, which then is logged
/// in or says why not. Nothing of the request says where to.
///
/// # Errors
/// When the store does not answer.
pub async fn callback(
    State(hub): State<Arc<Hub>>,
    Address(address): Address,
    headers: HeaderMap,
    returned: Result<Query<Returned>, Problem>,
) -> Result<Response, Problem> {
    let login = cookie(&headers, cookie_name(&hub)).map(Login::of);
    let now = now_ms();
    let entered = match (hub.stranger(address), returned) {
        (Ok(()), Ok(Query(returned))) => enter(&hub, login.as_ref(), &returned, now).await,
        (Err(problem), _) | (_, Err(problem)) => Err(problem),
    };
    match entered {
        Ok((person, how)) => {
            let secret = secret::secret()?;
            let expires_ms = now.saturating_add(in_ms(hub.config.session));
            let session = Session { person, csrf: secret::secret()?, expires_ms };
            let digest = secret::digest(&secret);
            hub.store.add_session(&digest, SessionKind::Cookie, &session, &how, now).await?;
            let mut response = to("/");
            response.headers_mut().append(header::SET_COOKIE, set_cookie(&hub, &secret)?);
            response.headers_mut().append(header::SET_COOKIE, browser_cookie(&hub, "", 0)?);
            Ok(response)
        }
        Err(problem) => {
            failed(&hub, login.as_ref(), address, &problem, now).await?;
            Ok(to(FAILED))
        }
    }
}

/// Why the last login at the provider did not go.
#[derive(Debug, Serialize)]
pub struct Failure {
    why: String,
}

/// `GET /v1/login/oidc/failure`
///
/// # Errors
/// When the store does not answer.
pub async fn failure(
    State(hub): State<Arc<Hub>>,
    _: Stranger,
    headers: HeaderMap,
) -> Result<axum::Json<Failure>, Problem> {
    let why = match cookie(&headers, cookie_name(&hub)).map(Login::of) {
        Some(login) => hub.store.oidc_login_failure(&login.digest(), now_ms()).await?,
        None => None,
    };
    Ok(axum::Json(Failure { why: why.unwrap_or_else(|| not_begun().detail) }))
}

/// Who comes back, and how, for the record.
async fn enter(
    hub: &Hub,
    login: Option<&Login>,
    returned: &Returned,
    now: i64,
) -> Result<(Person, String), Problem> {
    let provider = provider(hub)?;
    let login = login.ok_or_else(not_begun)?;
    // Digests, so that the time that it takes tells nothing.
    let state = returned.state.as_deref().unwrap_or_default();
    if secret::digest(state) != secret::digest(&login.state()) {
        return Err(not_begun());
    }
    if !hub.store.use_oidc_login(&login.digest(), now).await? {
        return Err(not_begun());
    }
    let seconds = u64::try_from(now / 1_000).unwrap_or(0);
    let account = provider.finish(login, returned, seconds).await;
    let account = account
        .map_err(|trouble| Kind::NotVerified.because(format!("{}: {trouble}", provider.name())))?;
    let how = format!("by OIDC, as {} at {}", account.subject, account.issuer);
    Ok((person(hub, provider, account, now).await?, how))
}

/// Whose account that is.
async fn person(
    hub: &Hub,
    provider: &Provider,
    account: Account,
    now: i64,
) -> Result<Person, Problem> {
    let Account { issuer, subject, name } = account;
    if let Some(person) = hub.store.person_of_account(&issuer, &subject).await? {
        return Ok(person);
    }
    let name =
        name.map_err(|trouble| Kind::NotYours.because(format!("{}: {trouble}", provider.name())))?;
    // Into a command that an admin may copy, it goes as one word.
    let shown = writ_protocol::text::shown_command([name.as_str()]);
    match hub.store.bind_account(&name, &issuer, &subject, now).await? {
        Binding::Bound(person) => Ok(person),
        Binding::Another => Err(Kind::NotYours.because(format!(
            "{shown} is another account at {provider} than that which logged in here first. If it was made anew, ask the hub's admin to let it in (`writ-hub people remove-oidc`, then `people add … --oidc {shown}`)",
            provider = provider.name()
        ))),
        Binding::Nobody => Err(Kind::NotYours.because(format!(
            "{provider} knows you as {shown}, and the hub knows nobody by that. Ask the hub's admin to add you (`writ-hub people add NAME --oidc {shown}`)",
            provider = provider.name()
        ))),
    }
}

/// Kept for the page, where this browser has begun the login, and put on record.
async fn failed(
    hub: &Hub,
    login: Option<&Login>,
    address: IpAddr,
    problem: &Problem,
    now: i64,
) -> Result<(), Problem> {
    hub.login_refused(address, &problem.detail, now).await?;
    // An answer that is not to this login leaves what is known of it alone.
    if let Some(login) = login
        && problem.detail != not_begun().detail
    {
        hub.store.fail_oidc_login(&login.digest(), &problem.detail).await?;
    }
    Ok(())
}

fn provider(hub: &Hub) -> Result<&Provider, Problem> {
    hub.oidc.as_ref().ok_or_else(|| {
        Kind::NotFound
            .because("this hub has no login provider; its admin may name one in [oidc] of hub.toml")
    })
}

fn not_begun() -> Problem {
    Kind::NotVerified.because(
        "this login was begun in another browser, was answered before, or took longer than 10 minutes; begin anew",
    )
}

fn to(place: &'static str) -> Response {
    let location = (header::LOCATION, HeaderValue::from_static(place));
    (StatusCode::SEE_OTHER, [location]).into_response()
}

/// With its prefix, no other host of the domain can plant it (RFC 6265bis, 4.1.3.2).
fn cookie_name(hub: &Hub) -> &'static str {
    if hub.config.is_https() { "__Host-writ-login" } else { "writ-login" }
}

/// For the way to the provider and back: what comes from there is another site's link, with
/// which browsers send no cookie that is `Strict`.
fn browser_cookie(hub: &Hub, secret: &str, seconds: u64) -> Result<HeaderValue, Problem> {
    let secure = if hub.config.is_https() { "; Secure" } else { "" };
    let value = format!(
        "{}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}",
        cookie_name(hub)
    );
    HeaderValue::from_str(&value).map_err(|error| Kind::Fault.because(error.to_string()))
}
