//! Logging in: the hub gives a text, which is read before it is signed.

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use writ_desk::exit::Exit;
use writ_desk::moment::now_wall_ms;
use writ_signed::{Namespace, Sshsig};

use crate::Desk;
use crate::challenge;
use crate::failure::Failure;
use crate::hub::HubError;
use crate::limits::{NAME_BYTES_MAX, TOKEN_BYTES_MAX, TOKEN_LASTS_MS_MAX};
use crate::session::{self, Session};
use crate::signer::Signer;

#[derive(Serialize)]
struct Nothing {}

#[derive(Deserialize)]
struct Begun {
    challenge: String,
}

#[derive(Serialize)]
struct BySsh<'a> {
    challenge: &'a str,
    key: &'a str,
    signature: &'a str,
}

#[derive(Deserialize)]
struct Token {
    token: String,
    person: String,
    expires_wall_ms: u64,
}

/// The login that is kept, or a new one.
pub(crate) fn log_in(desk: &mut Desk) -> Result<Session, Failure> {
    let named = desk.settings.key.as_deref();
    let kept = session::kept(desk.hub.origin(), now_wall_ms());
    if let Some(kept) = kept.filter(|kept| kept.signer.is_meant(named)) {
        desk.hub.show_token(Some(kept.token.clone()));
        return Ok(kept);
    }
    anew(desk)
}

/// A new login, whatever is kept.
pub(crate) fn anew(desk: &mut Desk) -> Result<Session, Failure> {
    desk.hub.show_token(None);
    let mut refused = None;
    for signer in Signer::candidates(desk.settings.key.as_deref())? {
        match with(desk, signer) {
            Ok(session) => {
                desk.hub.show_token(Some(session.token.clone()));
                if let Err(error) = session::keep(desk.hub.origin(), &session) {
                    eprintln!("writ: the login is not kept for the next call: {error}");
                }
                return Ok(session);
            }
            // The hub knows nobody by this key; perhaps by the next.
            Err(Failure::Hub { error, .. }) if error.is(StatusCode::UNPROCESSABLE_ENTITY) => {
                refused = Some(error);
            }
            Err(failure) => return Err(failure),
        }
    }
    let why = refused.map_or_else(String::new, |error| error.to_string());
    let origin = desk.hub.origin();
    let sentence = format!(
        "the hub {origin} lets nobody in by your key: {why}. Its admin adds the key with `writ-hub people`; another is named with --key"
    );
    Err(Failure::verb(Exit::NotYours, sentence))
}

/// Does a thing as whoever is logged in; where the hub does not know the kept login any
/// more, logs in anew, once.
pub(crate) fn logged_in<T>(
    desk: &mut Desk,
    session: &mut Session,
    mut call: impl FnMut(&Desk) -> Result<T, HubError>,
) -> Result<T, Failure> {
    match call(desk) {
        Err(error) if error.is(StatusCode::UNAUTHORIZED) => {
            *session = anew(desk)?;
            call(desk).map_err(|error| desk.hub.failure(error))
        }
        done => done.map_err(|error| desk.hub.failure(error)),
    }
}

fn with(desk: &Desk, signer: Signer) -> Result<Session, Failure> {
    let hub = &desk.hub;
    let failed = |error| hub.failure(error);
    let Begun { challenge } = hub.post("/v1/login/challenge", &Nothing {}).map_err(failed)?;
    challenge::check(&challenge, hub.origin(), now_wall_ms()).map_err(|error| {
        Failure::verb(Exit::Failed, format!("the hub {}: {error}", hub.origin()))
    })?;
    let what = format!("to log in at {}", hub.origin());
    let signature = signer.sign(Namespace::Login, &challenge, &what)?;
    let parsed = Sshsig::parse(&signature).map_err(|error| Failure::verb(Exit::Failed, error))?;
    let key = parsed.key().line();
    let sent = BySsh { challenge: &challenge, key: &key, signature: &signature };
    let token: Token = hub.post("/v1/login/ssh", &sent).map_err(failed)?;
    let session = session(hub.origin().as_str(), signer, token);
    session.ok_or_else(|| failed(HubError::Malformed("the token is none".to_owned())))
}

/// A login, where it is one that can be shown.
fn session(hub: &str, signer: Signer, said: Token) -> Option<Session> {
    let Token { token, person, expires_wall_ms } = said;
    let is_token = (1..=TOKEN_BYTES_MAX).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    let is_person = (1..=NAME_BYTES_MAX).contains(&person.len());
    let latest = now_wall_ms().saturating_add(TOKEN_LASTS_MS_MAX);
    (is_token && is_person).then(|| Session {
        hub: hub.to_owned(),
        person,
        token,
        expires_wall_ms: expires_wall_ms.min(latest),
        signer,
    })
}
