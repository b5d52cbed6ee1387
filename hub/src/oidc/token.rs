//! The ID token (OpenID Connect Core, 3.1.3.7): by a key of the provider, for this hub and
//! this login, now.

use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Trouble;
use super::call::words;
use super::signature::{ALLOWED, family};
use crate::limits::{OIDC_CLOCK_SECONDS_MAX, OIDC_LOGIN_LASTS};

/// Bytes of a subject (OpenID Connect Core, 2).
const SUBJECT_BYTES_MAX: usize = 255;

/// What a token must be for.
#[derive(Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    /// Seconds since 1970-01-01 UTC.
    pub(super) now: u64,
}

/// What a token says that holds.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    pub(super) sub: String,
    aud: Audience,
    iat: u64,
    azp: Option<String>,
    nonce: Option<String>,
    /// The others, some of which may matter to the admin.
    #[serde(flatten)]
    pub(super) others: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Which key a token names.
pub(super) fn header(token: &str) -> Result<Header, Trouble> {
    let header = decode_header(token)
        .map_err(|error| no(format!("its header is none that is taken here ({error})")))?;
    if !ALLOWED.contains(&header.alg) {
        return Err(no(format!("{:?} is no algorithm that is taken here", header.alg)));
    }
    Ok(header)
}

/// The keys that may be meant.
pub(super) fn meant(header: &Header, keys: &[Jwk]) -> Vec<DecodingKey> {
    let fits = |key: &Jwk| {
        let common = &key.common;
        let named = header.kid.is_none() || common.key_id == header.kid;
        let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
        let right = common.key_algorithm.is_none_or(|it| it == KeyAlgorithm::from(header.alg));
        named && signs && right
    };
    keys.iter()
        .filter(|key| fits(key))
        .filter_map(|key| DecodingKey::from_jwk(key).ok())
        .filter(|key| family(header.alg) == Some(key.family()))
        .collect()
}

/// What a token says, where one of these keys has signed it and it is for this login.
pub(super) fn verify(
    token: &str,
    header: &Header,
    keys: &[DecodingKey],
    expected: &Expected<'_>,
) -> Result<Claims, Trouble> {
    let mut validation = Validation::new(header.alg);
    validation.leeway = OIDC_CLOCK_SECONDS_MAX;
    validation.validate_nbf = true;
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client]);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    let mut why = "no key of the provider's has signed it".to_owned();
    for key in keys {
        match decode::<Claims>(token, key, &validation) {
            Ok(decoded) => return for_this_login(decoded.claims, expected),
            Err(error) => why = in_words(&error, expected),
        }
    }
    Err(no(why))
}

fn for_this_login(claims: Claims, expected: &Expected<'_>) -> Result<Claims, Trouble> {
    if claims.iss != expected.issuer {
        return Err(no("it is of another issuer".to_owned()));
    }
    let (named, several) = match &claims.aud {
        Audience::One(one) => (one == expected.client, false),
        Audience::Several(all) => (all.iter().any(|it| it == expected.client), all.len() > 1),
    };
    if !named {
        return Err(no(format!("it is for another client than {}", words(expected.client))));
    }
    // Who else it is for may have had it made for himself.
    match &claims.azp {
        Some(azp) if azp != expected.client => {
            return Err(no(format!("it was issued to another client ({})", words(azp))));
        }
        None if several => {
            return Err(no("it is for several clients and does not say which asked".to_owned()));
        }
        _ => {}
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(no("it was made for another login (nonce)".to_owned()));
    }
    let oldest = expected.now.saturating_sub(OIDC_LOGIN_LASTS.as_secs() + OIDC_CLOCK_SECONDS_MAX);
    if claims.iat < oldest || claims.iat > expected.now.saturating_add(OIDC_CLOCK_SECONDS_MAX) {
        return Err(no("it was issued at another time; are both clocks right?".to_owned()));
    }
    let subject = &claims.sub;
    if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX || !subject.is_ascii() {
        return Err(no("its subject is no name of up to 255 ASCII characters".to_owned()));
    }
    Ok(claims)
}

fn in_words(error: &jsonwebtoken::errors::Error, expected: &Expected<'_>) -> String {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidSignature => "no key of the provider's has signed it".to_owned(),
        ErrorKind::ExpiredSignature => "it has expired; are both clocks right?".to_owned(),
        ErrorKind::ImmatureSignature => "it is for later; are both clocks right?".to_owned(),
        ErrorKind::InvalidIssuer => format!("it is of another issuer than {}", expected.issuer),
        ErrorKind::InvalidAudience => {
            format!("it is for another client than {}", words(expected.client))
        }
        ErrorKind::MissingRequiredClaim(claim) => format!("it has no {}", words(claim)),
        _ => words(&error.to_string()),
    }
}

fn no(why: String) -> Trouble {
    Trouble::Token(why)
}
