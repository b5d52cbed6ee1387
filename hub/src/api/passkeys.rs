//! Enrolling a passkey, with the link that an admin gave; the first also by a login at the
//! provider, if somebody has no key yet. What the authenticator says of
//! itself is not asked (no attestation): whoever has the link is trusted with his own key, and
//! a host's admin pins it or does not.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use writ_signed::{Algorithm, Origin, Passkey};

use crate::challenge;
use crate::clock::{in_ms, now_ms};
use crate::hub::Hub;
use crate::limits::{CHALLENGE_LASTS, FIRST_PASSKEY_WITHIN};
use crate::problem::{Kind, Problem};
use crate::secret;
use crate::store::Added;
use crate::web::body::Json;
use crate::web::who::{PersonCaller, Stranger};

/// Flags of authenticator data (WebAuthn, 6.1): present, verified, with credential.
const WANTED_FLAGS: u8 = 0x01 | 0x04 | 0x40;

/// Where they are, and where the credential's ID begins: after the digest of the RP ID, the
/// flags, the counter and the AAGUID.
const FLAGS_AT: usize = 32;
const ID_LENGTH_AT: usize = 53;
const ID_AT: usize = 55;

/// COSE's numbers of the algorithms (RFC 9053).
const ES256: i32 = -7;
const EDDSA: i32 = -8;

/// An invitation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invited {
    invitation: String,
}

/// An invitation of one's own.
#[derive(Debug, Serialize)]
pub struct First {
    invitation: String,
}

/// `POST /v1/passkeys/first`: somebody who has no key yet has logged in at the provider, and
/// may make his first. Whoever has one needs a link of the admin's, as ever.
///
/// # Errors
/// When he has one, or his login was too long ago.
pub async fn first(
    State(hub): State<Arc<Hub>>,
    caller: PersonCaller,
) -> Result<axum::Json<First>, Problem> {
    let person = &caller.session.person;
    if !hub.store.lines(person).await?.is_empty() {
        return Err(Kind::NotYours.because(
            "you have a key at this hub already; another takes a link, which its admin makes (`writ-hub people invite`)",
        ));
    }
    let (invitation, now) = (secret::secret()?, now_ms());
    let since = now.saturating_sub(in_ms(FIRST_PASSKEY_WITHIN));
    let expires = now.saturating_add(in_ms(CHALLENGE_LASTS));
    let digest = secret::digest(&invitation);
    if hub.store.invite_first(&caller.digest, since, &digest, expires).await? {
        return Ok(axum::Json(First { invitation }));
    }
    Err(Kind::NotYours.because(format!(
        "your login was more than {} minutes ago; log out and in again, then make the passkey",
        FIRST_PASSKEY_WITHIN.as_secs() / 60
    )))
}

/// What the browser needs to make a passkey.
#[derive(Debug, Serialize)]
pub struct Begun {
    /// The name that he is known by.
    person: String,
    /// What authenticators know him by, base64url.
    user_id: String,
    /// What is made into the challenge, by its SHA-256.
    challenge: String,
    /// IDs of passkeys that he has, base64url.
    passkeys: Vec<String>,
}

/// `POST /v1/passkeys/challenge`
///
/// # Errors
/// When the invitation does not stand.
pub async fn begin(
    State(hub): State<Arc<Hub>>,
    _: Stranger,
    Json(sent): Json<Invited>,
) -> Result<axum::Json<Begun>, Problem> {
    let now = now_ms();
    let Some(person) = hub.store.invited(&secret::digest(&sent.invitation), now).await? else {
        return Err(not_invited());
    };
    let made = challenge::make(&hub, now).await?;
    Ok(axum::Json(Begun {
        user_id: secret::encode(person.id.as_bytes()),
        passkeys: hub.store.passkey_ids(&person).await?,
        person: person.name,
        challenge: made.text,
    }))
}

/// A passkey that was made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    invitation: String,
    challenge: String,
    /// The credential's ID, base64url.
    id: String,
    /// COSE's number of its algorithm.
    algorithm: i32,
    /// The key, SPKI in DER, base64url.
    public_key: String,
    /// As the browser made them, base64url.
    client_data: String,
    authenticator_data: String,
}

/// What was enrolled.
#[derive(Debug, Serialize)]
pub struct Enrolled {
    /// The line for approvers.d.
    line: String,
}

/// `POST /v1/passkeys`
///
/// # Errors
/// When the invitation does not stand, or it is no passkey for this hub.
pub async fn enroll(
    State(hub): State<Arc<Hub>>,
    _: Stranger,
    Json(made): Json<Made>,
) -> Result<(StatusCode, axum::Json<Enrolled>), Problem> {
    let now = now_ms();
    let origin = &hub.config.url;
    check_client_data(&made, origin)?;
    check_authenticator_data(&made, origin)?;
    let algorithm = match made.algorithm {
        ES256 => Algorithm::Es256,
        EDDSA => Algorithm::EdDsa,
        other => {
            return Err(Kind::Malformed.because(format!(
                "the passkey is of algorithm {other}, and hosts verify ES256 ({ES256}) and EdDSA ({EDDSA})"
            )));
        }
    };
    let passkey = Passkey::new(algorithm, &bytes("public_key", &made.public_key)?, origin.clone())
        .map_err(|error| Kind::Malformed.because(error.to_string()))?;
    challenge::take(&hub, &made.challenge, now).await?;
    let line = passkey.line();
    let invitation = secret::digest(&made.invitation);
    match hub.store.add_passkey(&invitation, &made.id, &line, now).await? {
        Added::Added => Ok((StatusCode::CREATED, axum::Json(Enrolled { line }))),
        Added::Taken => Err(Kind::Conflict.because("this passkey is enrolled already")),
        Added::Full => Err(Kind::Conflict.because("you have as many passkeys as one may have")),
        Added::NotInvited | Added::Nobody => Err(not_invited()),
    }
}

/// What the browser says it was asked for.
#[derive(Debug, Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
}

fn check_client_data(made: &Made, origin: &Origin) -> Result<(), Problem> {
    let client_data: ClientData = serde_json::from_slice(&bytes("client_data", &made.client_data)?)
        .map_err(|error| Kind::Malformed.because(format!("client_data is none: {error}")))?;
    let challenge = secret::encode(&Sha256::digest(made.challenge.as_bytes()));
    let right = client_data.kind == "webauthn.create"
        && client_data.challenge == challenge
        && client_data.origin == origin.as_str()
        && !client_data.cross_origin;
    if right {
        return Ok(());
    }
    Err(Kind::NotVerified.because(format!(
        "the passkey was made for another challenge, or on another site ({:?}) than {}",
        client_data.origin,
        origin.as_str()
    )))
}

fn check_authenticator_data(made: &Made, origin: &Origin) -> Result<(), Problem> {
    let data = bytes("authenticator_data", &made.authenticator_data)?;
    let id = bytes("id", &made.id)?;
    let for_this_hub = data.starts_with(&Sha256::digest(origin.host().as_bytes()));
    let flags = data.get(FLAGS_AT).copied().unwrap_or(0);
    let length = data.get(ID_LENGTH_AT..ID_AT).and_then(|bytes| bytes.try_into().ok());
    let length = length.map_or(0, |bytes| usize::from(u16::from_be_bytes(bytes)));
    let same_id = length == id.len() && data.get(ID_AT..).is_some_and(|rest| rest.starts_with(&id));
    if !for_this_hub || !same_id || id.is_empty() {
        return Err(Kind::NotVerified
            .because("the authenticator made another passkey than that, or for another site"));
    }
    if flags & WANTED_FLAGS != WANTED_FLAGS {
        return Err(Kind::NotVerified.because(
            "the authenticator did not verify who you are; use one with a PIN, a fingerprint or the like",
        ));
    }
    Ok(())
}

fn bytes(what: &str, text: &str) -> Result<Vec<u8>, Problem> {
    secret::decode(text)
        .ok_or_else(|| Kind::Malformed.because(format!("{what:?} is no base64url without padding")))
}

fn not_invited() -> Problem {
    Kind::NotYours.because(
        "this link is unknown, used or expired; ask the hub's admin for another (`writ-hub people invite`)",
    )
}
