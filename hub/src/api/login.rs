//! Logging in: a challenge is signed, by a passkey in the browser or by an SSH key.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use writ_signed::{ApproverKey, Assertion, Namespace, Presence, PublicKey, Sshsig};

use crate::api::session::{self, Described};
use crate::challenge;
use crate::clock::{in_ms, now_ms};
use crate::hub::Hub;
use crate::limits::BEARER_LASTS;
use crate::problem::{Kind, Problem};
use crate::secret;
use crate::store::{Person, Session, SessionKind};
use crate::web::body::Json;
use crate::web::who::{Stranger, cookie_name};

/// What is to be signed.
#[derive(Debug, Serialize)]
pub struct Begun {
    challenge: String,
    expires_wall_ms: i64,
}

/// `POST /v1/login/challenge`
///
/// # Errors
/// When too many have begun.
pub async fn begin(State(hub): State<Arc<Hub>>, _: Stranger) -> Result<axum::Json<Begun>, Problem> {
    let made = challenge::make(&hub, now_ms()).await?;
    Ok(axum::Json(Begun { challenge: made.text, expires_wall_ms: made.expires_ms }))
}

/// A challenge that an SSH key has signed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BySsh {
    challenge: String,
    /// The public key, an OpenSSH line.
    key: String,
    /// The signature, armoured.
    signature: String,
}

/// What a program shows from now on.
#[derive(Debug, Serialize)]
pub struct Token {
    token: String,
    person: String,
    expires_wall_ms: i64,
}

/// `POST /v1/login/ssh`
///
/// # Errors
/// When the signature is nobody's, or the challenge does not stand.
pub async fn ssh(
    State(hub): State<Arc<Hub>>,
    Stranger(address): Stranger,
    Json(sent): Json<BySsh>,
) -> Result<axum::Json<Token>, Problem> {
    let now = now_ms();
    let person = match signed_by(&hub, &sent).await {
        Ok(person) => person,
        Err(problem) => return Err(refused(&hub, address, problem, now).await),
    };
    challenge::take(&hub, &sent.challenge, now).await?;
    let token = secret::secret()?;
    let expires_ms = now.saturating_add(in_ms(BEARER_LASTS));
    let session = Session { person, csrf: String::new(), expires_ms };
    let digest = secret::digest(&token);
    hub.store.add_session(&digest, SessionKind::Bearer, &session, "by SSH key", now).await?;
    Ok(axum::Json(Token { token, person: session.person.name, expires_wall_ms: expires_ms }))
}

async fn signed_by(hub: &Hub, sent: &BySsh) -> Result<Person, Problem> {
    let no = |error: &dyn std::fmt::Display| Kind::NotVerified.because(error.to_string());
    let sent_key = PublicKey::from_line(&sent.key)
        .map_err(|error| Kind::Malformed.because(error.to_string()))?;
    let signature = Sshsig::parse(&sent.signature)
        .map_err(|error| Kind::Malformed.because(error.to_string()))?;
    if *signature.key() != sent_key {
        return Err(no(&"the signature is of another key than the one sent"));
    }
    let presence = signature
        .verify(Namespace::Login, sent.challenge.as_bytes())
        .map_err(|error| no(&error))?;
    let fingerprint = sent_key.fingerprint().to_string();
    let Some((person, line)) = hub.store.ssh_key(&fingerprint).await? else {
        return Err(no(&format!("the hub knows nobody with the key {fingerprint}")));
    };
    let verify =
        matches!(line.parse::<ApproverKey>(), Ok(ApproverKey::Ssh { verify_required: true, .. }));
    match presence {
        Presence::Untouched => Err(no(&"the security key was not touched when it signed")),
        Presence::Touched if verify => {
            Err(no(&"the security key did not verify who touched it, which is required of it"))
        }
        Presence::Untold | Presence::Touched | Presence::Verified => Ok(person),
    }
}

/// A challenge that a passkey has signed: the assertion's challenge is its SHA-256.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByPasskey {
    challenge: String,
    /// The credential's ID, base64url.
    id: String,
    assertion: Assertion,
}

/// `POST /v1/login/passkey`
///
/// # Errors
/// When the passkey is nobody's or does not verify, or the challenge does not stand.
pub async fn passkey(
    State(hub): State<Arc<Hub>>,
    Stranger(address): Stranger,
    Json(sent): Json<ByPasskey>,
) -> Result<Response, Problem> {
    let now = now_ms();
    let person = match asserted_by(&hub, &sent).await {
        Ok(person) => person,
        Err(problem) => return Err(refused(&hub, address, problem, now).await),
    };
    challenge::take(&hub, &sent.challenge, now).await?;
    let secret = secret::secret()?;
    let expires_ms = now.saturating_add(in_ms(hub.config.session));
    let session = Session { person, csrf: secret::secret()?, expires_ms };
    let digest = secret::digest(&secret);
    hub.store.add_session(&digest, SessionKind::Cookie, &session, "by passkey", now).await?;
    let described: Described = session::describe(&hub, &session).await?;
    let mut response = axum::Json(described).into_response();
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(&hub, &secret)?);
    Ok(response)
}

async fn asserted_by(hub: &Hub, sent: &ByPasskey) -> Result<Person, Problem> {
    let Some(passkey) = hub.store.passkey(&sent.id).await? else {
        return Err(Kind::NotVerified.because(
            "the hub does not know this passkey; ask its admin for a link to enrol one (`writ-hub people add`)",
        ));
    };
    let Ok(ApproverKey::Passkey(key)) = passkey.line.parse::<ApproverKey>() else {
        return Err(Kind::Fault.because("what the hub has of this passkey is none"));
    };
    sent.assertion
        .verify(&key, sent.challenge.as_bytes())
        .map_err(|error| Kind::NotVerified.because(error.to_string()))?;
    Ok(passkey.person)
}

async fn refused(hub: &Hub, address: IpAddr, problem: Problem, now: i64) -> Problem {
    match hub.login_refused(address, &problem.detail, now).await {
        Ok(()) => problem,
        Err(error) => error.into(),
    }
}

/// For the session's time; a page of another site never sends it, and no script reads it.
pub(super) fn set_cookie(hub: &Hub, secret: &str) -> Result<HeaderValue, Problem> {
    let secure = if hub.config.is_https() { "; Secure" } else { "" };
    let value = format!(
        "{}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
        cookie_name(hub),
        hub.config.session.as_secs()
    );
    HeaderValue::from_str(&value).map_err(|error| Kind::Fault.because(error.to_string()))
}
