//! Who calls: a host by its credential, a person by the page's cookie or a bearer token.
//! What a person changes by cookie needs the session's second secret, which no other site's
//! page can read.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use crate::clock::now_ms;
use crate::hub::Hub;
use crate::problem::{Kind, Problem};
use crate::secret;
use crate::store::{Host, Sees, Session, SessionKind};

/// The header of the session's second secret.
pub const CSRF: &str = "x-writ-csrf";

/// The other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The address of who calls.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub IpAddr);

/// Somebody who need not be known, and does not call too often.
#[derive(Debug, Clone, Copy)]
pub struct Stranger(pub IpAddr);

/// A host.
#[derive(Debug)]
pub struct HostCaller(pub Host);

/// A person.
#[derive(Debug)]
pub struct PersonCaller {
    /// His session.
    pub session: Session,
    /// The digest of its secret.
    pub digest: String,
    /// How it shows itself.
    pub kind: SessionKind,
    /// Which hosts he sees.
    pub sees: Sees,
}

impl<S: Sync> FromRequestParts<S> for Address
where
    Arc<Hub>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let hub = Arc::from_ref(state);
        let peer = parts.extensions.get::<Peer>().copied();
        let Some(Peer(peer)) = peer else {
            return Err(Kind::Fault.because("the hub does not know where the call comes from"));
        };
        // Each of several such headers may be what the caller wrote, but the last.
        let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
        Ok(Self(hub.address(peer, forwarded.and_then(|value| value.to_str().ok()))))
    }
}

impl<S: Sync> FromRequestParts<S> for Stranger
where
    Arc<Hub>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Address(address) = Address::from_request_parts(parts, state).await?;
        Arc::from_ref(state).stranger(address)?;
        Ok(Self(address))
    }
}

impl<S: Sync> FromRequestParts<S> for HostCaller
where
    Arc<Hub>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let hub = Arc::from_ref(state);
        let credential = bearer(&parts.headers).map(secret::digest);
        let host = match credential {
            Some(credential) => hub.store.host_by_credential(&credential).await?,
            None => None,
        };
        let Some(host) = host else {
            let Address(address) = Address::from_request_parts(parts, state).await?;
            hub.stranger(address)?;
            return Err(Kind::NotLoggedIn.because(
                "no host has this credential; if the host was removed from the hub, enrol it again with `writ enroll`",
            ));
        };
        hub.host(&host.id)?;
        hub.host_seen(&host.id, now_ms());
        Ok(Self(host))
    }
}

impl<S: Sync> FromRequestParts<S> for PersonCaller
where
    Arc<Hub>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let hub = Arc::from_ref(state);
        let (kind, secret) = match bearer(&parts.headers) {
            Some(token) => (SessionKind::Bearer, Some(token.to_owned())),
            None => (SessionKind::Cookie, cookie(&parts.headers, cookie_name(&hub))),
        };
        let digest = secret.map(|secret| secret::digest(&secret));
        let session = match &digest {
            Some(digest) => hub.store.session(digest, kind, now_ms()).await?,
            None => None,
        };
        let (Some(session), Some(digest)) = (session, digest) else {
            let Address(address) = Address::from_request_parts(parts, state).await?;
            hub.stranger(address)?;
            return Err(
                Kind::NotLoggedIn.because("nobody is logged in here, or not any more; log in")
            );
        };
        hub.person(&session.person.id)?;
        if kind == SessionKind::Cookie && changes(&parts.method) {
            let sent = parts.headers.get(CSRF).map(|value| value.as_bytes().to_owned());
            // Digests, so that the time that it takes tells nothing.
            let sent = sent.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
            if secret::digest(&sent) != secret::digest(&session.csrf) {
                return Err(Kind::CrossSite.because(format!(
                    "what changes something by cookie needs the session's second secret in the header {CSRF}; load the page anew"
                )));
            }
        }
        let sees = hub.store.sees(&session.person).await?;
        Ok(Self { session, digest, kind, sees })
    }
}

/// Whether a method changes something.
#[must_use]
pub fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The name of the page's cookie. With its prefix, browsers take it from this host by TLS
/// only, and no other host of the domain can plant it (RFC 6265bis, 4.1.3.2).
#[must_use]
pub fn cookie_name(hub: &Hub) -> &'static str {
    if hub.config.is_https() { "__Host-writ" } else { "writ" }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The value of a cookie.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then(|| value.to_owned()))
}
