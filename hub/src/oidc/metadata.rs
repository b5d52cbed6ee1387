//! What a provider says of itself (OpenID Connect Discovery 1.0): asked when it is first
//! needed, kept for an hour. A hub starts and works without it.

use std::sync::Arc;
use std::time::Instant;

use jsonwebtoken::jwk::Jwk;
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::call::{self, Caller};
use super::settings::Settings;
use super::{Part, Trouble};
use crate::limits::{OIDC_KEYS_MAX, OIDC_METADATA_LASTS, OIDC_TROUBLE_LASTS};
use crate::rates::{Rate, Rates};

/// How often the keys are asked for because a token names one that is not among them. A
/// token comes from the provider only, but anybody can have one made.
const KEYS_ANEW: Rate = Rate { burst: 6, per_minute: 6 };

/// The parts that matter here.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) userinfo: Option<Url>,
    pub(super) auth: ClientAuth,
    /// It says who it is in each answer (RFC 9207).
    pub(super) names_itself: bool,
    jwks: Url,
}

/// How the hub shows itself to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientAuth {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
}

/// The document.
#[derive(Debug, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The keys, some of which may be of kinds that nobody here knows.
#[derive(Debug, Deserialize)]
struct KeysDocument {
    keys: Vec<Value>,
}

/// When it was asked, and how that went.
type Asked = (Instant, Result<Arc<Metadata>, Trouble>);

/// What was asked for and is kept.
#[derive(Debug)]
pub(super) struct Kept {
    metadata: Mutex<Option<Asked>>,
    keys: Mutex<Option<(Instant, Arc<Vec<Jwk>>)>>,
    anew: Rates,
}

impl Kept {
    pub(super) fn new() -> Self {
        Self { metadata: Mutex::new(None), keys: Mutex::new(None), anew: Rates::default() }
    }

    /// What the provider says of itself. Whoever comes while it is asked waits for the same.
    pub(super) async fn metadata(
        &self,
        caller: &Caller,
        settings: &Settings,
    ) -> Result<Arc<Metadata>, Trouble> {
        let mut kept = self.metadata.lock().await;
        if let Some((at, found)) = &*kept {
            let lasts = if found.is_ok() { OIDC_METADATA_LASTS } else { OIDC_TROUBLE_LASTS };
            if at.elapsed() < lasts {
                return found.clone();
            }
        }
        let found = discover(caller, settings).await.map(Arc::new);
        *kept = Some((Instant::now(), found.clone()));
        found
    }

    /// Its keys.
    pub(super) async fn keys(
        &self,
        caller: &Caller,
        metadata: &Metadata,
    ) -> Result<Arc<Vec<Jwk>>, Trouble> {
        let mut kept = self.keys.lock().await;
        if let Some((at, keys)) = &*kept
            && at.elapsed() < OIDC_METADATA_LASTS
        {
            return Ok(Arc::clone(keys));
        }
        let keys = Arc::new(keys(caller, metadata).await?);
        *kept = Some((Instant::now(), Arc::clone(&keys)));
        Ok(keys)
    }

    /// Its keys anew, where a token names one that is not among those that are kept; `None`
    /// where that was often enough.
    pub(super) async fn keys_anew(
        &self,
        caller: &Caller,
        metadata: &Metadata,
    ) -> Result<Option<Arc<Vec<Jwk>>>, Trouble> {
        if !self.anew.take("keys", KEYS_ANEW, Instant::now()) {
            return Ok(None);
        }
        *self.keys.lock().await = None;
        self.keys(caller, metadata).await.map(Some)
    }
}

async fn discover(caller: &Caller, settings: &Settings) -> Result<Metadata, Trouble> {
    let part = Part::Metadata;
    let unusable = |why: String| Trouble::Unusable { part, why };
    let at = format!("{}/.well-known/openid-configuration", settings.issuer.trim_end_matches('/'));
    let at = Url::parse(&at).map_err(|error| unusable(error.to_string()))?;
    let document: Document = caller.get(part, &at).await?;
    // Its own word on who it is, so that one provider cannot stand in for another.
    if document.issuer != settings.issuer {
        return Err(unusable(format!(
            "it calls itself {}, and hub.toml has issuer = \"{}\"; they must be the same to the letter",
            call::words(&document.issuer),
            settings.issuer
        )));
    }
    if document.code_challenge_methods_supported.is_some_and(|it| !it.iter().any(|it| it == "S256"))
    {
        return Err(unusable("it takes no PKCE with S256, which is needed".to_owned()));
    }
    let methods = document.token_endpoint_auth_methods_supported;
    let takes = |method: &str| {
        // What is left out is client_secret_basic (Discovery, 3).
        methods
            .as_ref()
            .map_or(method == "client_secret_basic", |it| it.iter().any(|it| it == method))
    };
    let auth = match (takes("client_secret_basic"), takes("client_secret_post")) {
        (true, _) => ClientAuth::Basic,
        (false, true) => ClientAuth::Post,
        (false, false) => {
            return Err(unusable(
                "it takes no client_secret_basic or client_secret_post".to_owned(),
            ));
        }
    };
    let endpoint = |text: &str| call::endpoint(part, &settings.issuer, text);
    Ok(Metadata {
        authorization: endpoint(&document.authorization_endpoint)?,
        token: endpoint(&document.token_endpoint)?,
        userinfo: document.userinfo_endpoint.map(|text| endpoint(&text)).transpose()?,
        auth,
        names_itself: document.authorization_response_iss_parameter_supported,
        jwks: endpoint(&document.jwks_uri)?,
    })
}

async fn keys(caller: &Caller, metadata: &Metadata) -> Result<Vec<Jwk>, Trouble> {
    let part = Part::Keys;
    let document: KeysDocument = caller.get(part, &metadata.jwks).await?;
    if document.keys.len() > OIDC_KEYS_MAX {
        let why = format!("it holds more than {OIDC_KEYS_MAX} keys");
        return Err(Trouble::Unusable { part, why });
    }
    Ok(document.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
}
