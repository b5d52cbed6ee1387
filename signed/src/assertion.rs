//! What a passkey makes of a decision (Web Authentication, level 2, section 7.2).

use alloc::string::String;

use ed25519_dalek::Verifier as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::encoding;
use crate::limits::{AUTHENTICATOR_DATA_BYTES_MAX, CLIENT_DATA_BYTES_MAX};
use crate::passkey::{Key, Passkey};
use crate::wire::Reader;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;
const EXTENDED: u8 = 0x80;

/// An assertion, as the browser gives it: each field in base64 for URLs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// `response.authenticatorData`.
    pub authenticator_data: String,
    /// `response.clientDataJSON`.
    pub client_data: String,
    /// `response.signature`.
    pub signature: String,
}

/// Why an assertion does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// It is not one.
    #[error("what the passkey made cannot be read")]
    Unreadable,
    /// It is of no login to a page, or of another text.
    #[error("the passkey signed another decision than this one")]
    OtherText,
    /// It was made on another page.
    #[error("the passkey was used on another site than the one that the policy binds it to")]
    OtherOrigin,
    /// The device did not verify its user.
    #[error("the device did not verify who used the passkey, by a PIN, a finger or a face")]
    NotVerified,
    /// The signature is wrong.
    #[error("the signature is not by this passkey, or was changed on its way")]
    Wrong,
}

/// What the browser says of the use; what it adds is passed over, as the specification
/// wants it.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
    #[serde(default, rename = "topOrigin")]
    top_origin: Option<String>,
}

impl Assertion {
    /// An assertion of the bytes that the browser gave.
    #[must_use]
    pub fn new(authenticator_data: &[u8], client_data: &[u8], signature: &[u8]) -> Self {
        Self {
            authenticator_data: encoding::url(authenticator_data),
            client_data: encoding::url(client_data),
            signature: encoding::url(signature),
        }
    }

    /// Verifies that the passkey signed that text, on its own site, with its user
    /// verified.
    ///
    /// # Errors
    /// When it did not.
    pub fn verify(&self, passkey: &Passkey, text: &[u8]) -> Result<(), AssertionError> {
        let (data, client, signature) = self.bytes().ok_or(AssertionError::Unreadable)?;
        let mut signed = data.clone();
        signed.extend_from_slice(&Sha256::digest(&client));
        // First the signature: nothing that is not signed is parsed.
        signed_by(&passkey.key, &signed, &signature).ok_or(AssertionError::Wrong)?;
        on_its_site(passkey, text, &client)?;
        with_its_user(passkey, &data)
    }

    fn bytes(&self) -> Option<(alloc::vec::Vec<u8>, alloc::vec::Vec<u8>, alloc::vec::Vec<u8>)> {
        let read = |text: &str, bytes_max: usize| {
            if text.len() > bytes_max.div_ceil(3) * 4 { None } else { encoding::from_url(text) }
        };
        let data = read(&self.authenticator_data, AUTHENTICATOR_DATA_BYTES_MAX)?;
        let client = read(&self.client_data, CLIENT_DATA_BYTES_MAX)?;
        // An ECDSA signature on P-256 has 72 bytes at most.
        Some((data, client, read(&self.signature, 72)?))
    }
}

fn signed_by(key: &Key, signed: &[u8], signature: &[u8]) -> Option<()> {
    match key {
        Key::Es256(key) => {
            let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
            key.verify(signed, &signature).ok()
        }
        Key::EdDsa(key) => {
            let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
            key.verify_strict(signed, &signature).ok()
        }
    }
}

fn on_its_site(passkey: &Passkey, text: &[u8], client: &[u8]) -> Result<(), AssertionError> {
    let client: ClientData =
        serde_json::from_slice(client).map_err(|_| AssertionError::Unreadable)?;
    if client.kind != "webauthn.get" || client.challenge != encoding::url(&Sha256::digest(text)) {
        return Err(AssertionError::OtherText);
    }
    // Nor in a frame of another page, where somebody else draws what is around it.
    let framed = client.cross_origin || client.top_origin.is_some();
    if client.origin != passkey.origin().as_str() || framed {
        return Err(AssertionError::OtherOrigin);
    }
    Ok(())
}

fn with_its_user(passkey: &Passkey, data: &[u8]) -> Result<(), AssertionError> {
    let mut fields = Reader::new(data);
    let (party, flags, _counter) = (fields.bytes(32), fields.byte(), fields.number());
    let (Some(party), Some(flags), Some(_)) = (party, flags, _counter) else {
        return Err(AssertionError::Unreadable);
    };
    if party != Sha256::digest(passkey.origin().host().as_bytes()).as_slice() {
        return Err(AssertionError::OtherOrigin);
    }
    let more = flags & (ATTESTED | EXTENDED) != 0;
    let backed_up_unasked = flags & (ELIGIBLE | BACKED_UP) == BACKED_UP;
    if fields.end().is_some() == more || backed_up_unasked {
        return Err(AssertionError::Unreadable);
    }
    if flags & PRESENT == 0 || flags & VERIFIED == 0 {
        return Err(AssertionError::NotVerified);
    }
    Ok(())
}
