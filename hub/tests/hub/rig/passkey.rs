//! An authenticator in software (WebAuthn): what a browser would send of one.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use writ_hub::secret::encode;

/// SubjectPublicKeyInfo of a P-256 key up to its point (RFC 5480).
const SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

pub struct Authenticator {
    key: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub origin: String,
    /// Present, verified.
    pub flags: u8,
}

impl Authenticator {
    pub fn new(origin: &str, name: &[u8]) -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, made.as_ref(), &random)
            .unwrap();
        Self { key, id: name.to_vec(), origin: origin.to_owned(), flags: 0x05 }
    }

    pub fn id_text(&self) -> String {
        encode(&self.id)
    }

    /// What `navigator.credentials.create` comes to.
    pub fn make(&self, invitation: &str, challenge: &str) -> Value {
        let mut data = self.data(self.flags | 0x40);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        json!({
            "invitation": invitation,
            "challenge": challenge,
            "id": self.id_text(),
            "algorithm": -7,
            "public_key": encode(&[SPKI, self.key.public_key().as_ref()].concat()),
            "client_data": encode(self.client_data("webauthn.create", challenge).as_bytes()),
            "authenticator_data": encode(&data),
        })
    }

    /// What `navigator.credentials.get` comes to, for a text.
    pub fn assert(&self, text: &str) -> Value {
        let client_data = self.client_data("webauthn.get", text);
        let data = self.data(self.flags);
        let signed = [data.as_slice(), &Sha256::digest(client_data.as_bytes())].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "authenticator_data": encode(&data),
            "client_data": encode(client_data.as_bytes()),
            "signature": encode(signature.as_ref()),
        })
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let host = self.origin.split("//").nth(1).unwrap().split(':').next().unwrap();
        let mut data = Sha256::digest(host.as_bytes()).to_vec();
        data.push(flags);
        data.extend([0, 0, 0, 1]);
        data
    }

    fn client_data(&self, kind: &str, text: &str) -> String {
        json!({
            "type": kind,
            "challenge": encode(&Sha256::digest(text.as_bytes())),
            "origin": self.origin,
            "crossOrigin": false,
        })
        .to_string()
    }
}
