//! A passkey in software (WebAuthn, ES256): what a browser would send of one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use writ_signed::Assertion;

/// The same each time: it is pinned on hosts that are gone soon after.
const SECRET: [u8; 32] = [42; 32];

/// The name of the credential.
const ID: &[u8] = b"writ-bench";

/// SubjectPublicKeyInfo of a P-256 key up to its point (RFC 5480).
const SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// ES256, by its number in COSE (RFC 9053).
const ES256: i32 = -7;

/// Flags of authenticator data (WebAuthn, 6.1): present and verified; with a credential.
const VERIFIED: u8 = 0x05;
/// See [`VERIFIED`].
const WITH_CREDENTIAL: u8 = 0x40;

/// A passkey for one site.
pub(crate) struct Passkey {
    key: SigningKey,
    origin: &'static str,
    /// The site's name without port.
    host: &'static str,
}

impl Passkey {
    pub(crate) fn of(origin: &'static str, host: &'static str) -> Self {
        let key = SigningKey::from_slice(&SECRET).expect("a number below the order");
        Self { key, origin, host }
    }

    /// What a credential is called by.
    pub(crate) fn id() -> String {
        URL_SAFE_NO_PAD.encode(ID)
    }

    /// What `navigator.credentials.create` comes to.
    pub(crate) fn made(&self, invitation: &str, challenge: &str) -> Value {
        let mut data = self.data(VERIFIED | WITH_CREDENTIAL);
        data.extend([0; 16]);
        data.extend(u16::try_from(ID.len()).expect("a short name").to_be_bytes());
        data.extend(ID);
        let point = self.key.verifying_key().to_sec1_point(false);
        json!({
            "invitation": invitation,
            "challenge": challenge,
            "id": Self::id(),
            "algorithm": ES256,
            "public_key": URL_SAFE_NO_PAD.encode([&SPKI, point.as_bytes()].concat()),
            "client_data": URL_SAFE_NO_PAD.encode(self.client_data("webauthn.create", challenge)),
            "authenticator_data": URL_SAFE_NO_PAD.encode(data),
        })
    }

    /// What `navigator.credentials.get` comes to, for a text.
    pub(crate) fn assertion(&self, text: &str) -> Assertion {
        let client_data = self.client_data("webauthn.get", text);
        let data = self.data(VERIFIED);
        let signed = [data.as_slice(), &Sha256::digest(client_data.as_bytes())].concat();
        let signature: Signature = self.key.sign(&signed);
        let assertion = json!({
            "authenticator_data": URL_SAFE_NO_PAD.encode(data),
            "client_data": URL_SAFE_NO_PAD.encode(client_data),
            "signature": URL_SAFE_NO_PAD.encode(signature.to_der()),
        });
        serde_json::from_value(assertion).expect("an assertion")
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.host.as_bytes()).to_vec();
        data.push(flags);
        data.extend([0, 0, 0, 1]);
        data
    }

    fn client_data(&self, kind: &str, text: &str) -> String {
        json!({
            "type": kind,
            "challenge": URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes())),
            "origin": self.origin,
            "crossOrigin": false,
        })
        .to_string()
    }
}
