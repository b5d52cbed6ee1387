//! A host enrols: it shows a token of the admin's and that it has its key.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use writ_signed::{Namespace, PublicKey, Sshsig};

use crate::clock::now_ms;
use crate::hub::Hub;
use crate::live::Event;
use crate::name::is_host_name;
use crate::problem::{Kind, Problem};
use crate::secret;
use crate::store::Enrolment;
use crate::web::body::Json;
use crate::web::who::Stranger;

/// What a host sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enroll {
    /// The token, as `writ-hub token` gave it.
    token: String,
    /// The host's name, as its questions have it.
    host: String,
    /// Its public key, an OpenSSH line.
    key: String,
    /// Its signature of [`text`], armoured.
    signature: String,
}

/// What it gets.
#[derive(Debug, Serialize)]
pub struct Enrolled {
    /// The hub's name for it.
    host: String,
    /// What it shows from now on.
    credential: String,
}

/// What a host signs with its key: that it wants to enrol at this hub, with this token.
#[must_use]
pub fn text(origin: &str, token: &str, host: &str) -> String {
    format!("{origin}\n{token}\n{host}")
}

/// `POST /v1/enroll`
///
/// # Errors
/// When token, name or signature do not hold.
pub async fn enroll(
    State(hub): State<Arc<Hub>>,
    Stranger(address): Stranger,
    Json(sent): Json<Enroll>,
) -> Result<(StatusCode, axum::Json<Enrolled>), Problem> {
    if !is_host_name(&sent.host) {
        return Err(Kind::Malformed
            .because("a host's name is up to 253 letters, digits, dots, dashes and underscores"));
    }
    let key = PublicKey::from_line(&sent.key)
        .map_err(|error| Kind::Malformed.because(error.to_string()))?;
    let signature = Sshsig::parse(&sent.signature)
        .map_err(|error| Kind::Malformed.because(error.to_string()))?;
    if *signature.key() != key {
        return Err(Kind::NotVerified.because("the signature is of another key than the one sent"));
    }
    let text = text(hub.config.url.as_str(), &sent.token, &sent.host);
    signature.verify(Namespace::Enroll, text.as_bytes()).map_err(|error| {
        Kind::NotVerified.because(format!(
            "{error}; this hub is {}, which is the address to enrol at",
            hub.config.url.as_str()
        ))
    })?;

    let now = now_ms();
    let (id, credential) = (secret::name()?, secret::secret()?);
    let enrolment = Enrolment {
        token: &secret::digest(&sent.token),
        id: &id,
        name: &sent.host,
        key_line: &key.line(),
        fingerprint: &key.fingerprint().to_string(),
        credential: &secret::digest(&credential),
    };
    let Some(id) = hub.store.enrol(&enrolment, now).await? else {
        let who = format!("address {address}");
        hub.store.record(now, "host.refused", &who, &sent.host, "no such token").await?;
        return Err(Kind::NotYours.because(format!(
            "the token lets no host {:?} enrol: it is unknown, used, expired, or another host's; \
             make one with `writ-hub token {}`",
            sent.host, sent.host
        )));
    };
    hub.tell(Event::Hosts).await;
    Ok((StatusCode::CREATED, axum::Json(Enrolled { host: id, credential })))
}
