//! Web push: the hub wakes browsers by their push services, which know it by a key (RFC 8292).
//! The message is empty: what is asked, the browser asks the hub itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;

use crate::secret;
use crate::store::Store;

/// How long a push service may go on taking one token, in seconds; a day is the most.
const TOKEN_LASTS_SECS: i64 = 12 * 60 * 60;

/// The setting that holds the key.
const SETTING: &str = "vapid_key";

/// The key.
#[derive(Debug)]
pub(super) struct Vapid {
    key: EcdsaKeyPair,
    subject: String,
}

impl Vapid {
    /// The key that all replicas share, made by the first.
    pub(super) async fn load(store: &Store, subject: &str) -> Result<Self, String> {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .map_err(|_| "no key for web push can be made: the system gave no random bytes")?;
        let kept = store
            .setting(SETTING, &STANDARD.encode(made.as_ref()))
            .await
            .map_err(|error| error.to_string())?;
        let wrong = |why: &dyn std::fmt::Display| format!("the key for web push is none: {why}");
        let kept = STANDARD.decode(kept).map_err(|error| wrong(&error))?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &kept, &random)
            .map_err(|error| wrong(&error))?;
        Ok(Self { key, subject: subject.to_owned() })
    }

    /// What browsers subscribe with: the point, uncompressed, base64url.
    pub(super) fn public_key(&self) -> String {
        secret::encode(self.key.public_key().as_ref())
    }

    /// The `Authorization` for one push service.
    pub(super) fn authorization(&self, endpoint: &Url, now_ms: i64) -> Option<String> {
        let claims = json!({
            "aud": endpoint.origin().ascii_serialization(),
            "exp": now_ms / 1_000 + TOKEN_LASTS_SECS,
            "sub": self.subject,
        });
        let header = secret::encode(br#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{header}.{}", secret::encode(claims.to_string().as_bytes()));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        let token = format!("{signed}.{}", secret::encode(signature.as_ref()));
        Some(format!("vapid t={token}, k={}", self.public_key()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    #[tokio::test]
    async fn a_push_service_can_verify_who_calls_and_that_it_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite://{}", folder.path().join("hub.db").display());
        let store = Store::open(&address).await.unwrap();
        let vapid = Vapid::load(&store, "https://hub.example.com").await.unwrap();
        let endpoint = Url::parse("https://push.example.com:8443/v1/abc").unwrap();
        let header = vapid.authorization(&endpoint, 1_796_040_000_000).unwrap();
        let (token, key) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, secret::decode(key).unwrap());
        key.verify(signed.as_bytes(), &secret::decode(signature).unwrap()).unwrap();
        let claims = secret::decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["aud"], "https://push.example.com:8443");
        assert_eq!(claims["exp"], 1_796_040_000 + TOKEN_LASTS_SECS);
        // Browsers have subscribed with it: it is the same after a restart.
        let again = Vapid::load(&store, "https://hub.example.com").await.unwrap();
        assert_eq!(again.public_key(), vapid.public_key());
    }
}
