//! Logging in at a provider (OpenID Connect Core 1.0), by authorization code with PKCE. What
//! the provider says opens a session, which shows questions; it makes no answer, and nothing
//! of it reaches a host.

mod account;
mod call;
mod code;
mod login;
mod metadata;
mod settings;
mod signature;
mod token;

use std::sync::Arc;

use reqwest::Url;
use serde::Deserialize;

pub use self::account::Account;
use self::call::{Caller, words};
use self::code::refused;
pub use self::login::Login;
use self::metadata::{Kept, Metadata};
pub use self::settings::{Claim, Settings};
use self::token::{Claims, Expected};

/// Where the provider sends people back to, below the hub's own address.
pub const CALLBACK: &str = "/v1/login/oidc/callback";

/// A provider.
#[derive(Debug)]
pub struct Provider {
    settings: Settings,
    secret: String,
    redirect: String,
    caller: Caller,
    kept: Kept,
}

/// What the provider sends a browser back with.
#[derive(Debug, Deserialize)]
pub struct Returned {
    /// What is exchanged for a token.
    #[serde(default)]
    pub code: Option<String>,
    /// Which login it answers.
    #[serde(default)]
    pub state: Option<String>,
    /// Who it is (RFC 9207).
    #[serde(default)]
    pub iss: Option<String>,
    /// Why not.
    #[serde(default)]
    pub error: Option<String>,
    /// Why not, in words.
    #[serde(default)]
    pub error_description: Option<String>,
}

/// What of the provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Part {
    /// Its metadata.
    #[error("its metadata (/.well-known/openid-configuration)")]
    Metadata,
    /// Its keys.
    #[error("its keys (jwks_uri)")]
    Keys,
    /// Where codes are exchanged for tokens.
    #[error("its token endpoint")]
    Token,
    /// Where it tells more about somebody.
    #[error("its userinfo endpoint")]
    Userinfo,
}

/// Why nobody was logged in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Trouble {
    /// It does not answer.
    #[error(
        "{part} cannot be asked: {why}. Try again in a moment; a passkey, or an SSH key, logs you in without it"
    )]
    Unreachable {
        /// What of it.
        part: Part,
        /// Why.
        why: String,
    },
    /// It answers otherwise than it should, or than hub.toml says.
    #[error("{part} cannot be used: {why}. Tell the hub's admin")]
    Unusable {
        /// What of it.
        part: Part,
        /// Why.
        why: String,
    },
    /// It said no.
    #[error("it did not log you in: {0}. Begin anew, or ask its admin")]
    Refused(String),
    /// Another than it has answered.
    #[error(
        "somebody else has answered in its place ({0}). Begin anew; if it comes again, tell the hub's admin"
    )]
    Another(String),
    /// What it says is not by it, not for this hub, or not for this login.
    #[error("its ID token does not hold: {0}. Begin anew; if it comes again, tell the hub's admin")]
    Token(String),
    /// It does not say who somebody is.
    #[error("{0}")]
    Nameless(String),
    /// Who is in none of the groups.
    #[error(
        "you are in none of the groups that may log in here ({groups}); ask the hub's admin, or that of the groups"
    )]
    Group {
        /// Which may.
        groups: String,
    },
}

impl Provider {
    /// The provider of the settings; it is not asked before somebody logs in.
    ///
    /// # Errors
    /// When a file cannot be read, or TLS cannot be set up.
    pub fn new(settings: &Settings, hub: &str) -> Result<Self, String> {
        signature::install();
        Ok(Self {
            secret: settings.read_secret()?,
            caller: Caller::new(settings)?,
            redirect: format!("{hub}{CALLBACK}"),
            kept: Kept::new(),
            settings: settings.clone(),
        })
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Which claim names people.
    #[must_use]
    pub const fn claim(&self) -> Claim {
        self.settings.claim
    }

    /// Where a browser is sent to log in.
    ///
    /// # Errors
    /// When the provider does not say where.
    pub async fn begin(&self, login: &Login) -> Result<Url, Trouble> {
        let metadata = self.metadata().await?;
        let mut url = metadata.authorization.clone();
        url.set_fragment(None);
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("scope", &self.settings.scope())
            .append_pair("state", &login.state())
            .append_pair("nonce", &login.nonce())
            .append_pair("code_challenge", &login.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who came back. That he came back to the browser that was sent, the caller has seen.
    ///
    /// # Errors
    /// When the provider did not log him in, or what it says does not hold.
    pub async fn finish(
        &self,
        login: &Login,
        returned: &Returned,
        now_seconds: u64,
    ) -> Result<Account, Trouble> {
        let metadata = self.metadata().await?;
        self.is_by_it(&metadata, returned)?;
        if let Some(error) = &returned.error {
            return Err(refused(error, returned.error_description.as_deref()));
        }
        let Some(code) = &returned.code else {
            return Err(Trouble::Refused("it sent no code".to_owned()));
        };
        let tokens = self.exchange(&metadata, code, login).await?;
        let id_token = tokens.id_token.as_deref().ok_or_else(|| {
            Trouble::Token("there is none; is this client set up for OpenID Connect?".to_owned())
        })?;
        let mut claims = self.verified(&metadata, id_token, login, now_seconds).await?;
        self.complete(&metadata, &mut claims, tokens.access_token.as_deref()).await?;
        self.is_let_in(&claims.others)?;
        Ok(Account {
            issuer: self.settings.issuer.clone(),
            name: self.named(&claims),
            subject: claims.sub,
        })
    }

    async fn metadata(&self) -> Result<Arc<Metadata>, Trouble> {
        self.kept.metadata(&self.caller, &self.settings).await
    }

    /// An answer that another provider was asked for is not taken to this one (RFC 9207).
    fn is_by_it(&self, metadata: &Metadata, returned: &Returned) -> Result<(), Trouble> {
        match &returned.iss {
            Some(iss) if *iss != self.settings.issuer => Err(Trouble::Another(words(iss))),
            None if metadata.names_itself => {
                Err(Trouble::Another("the answer does not say whose it is".to_owned()))
            }
            _ => Ok(()),
        }
    }

    async fn verified(
        &self,
        metadata: &Metadata,
        id_token: &str,
        login: &Login,
        now_seconds: u64,
    ) -> Result<Claims, Trouble> {
        let expected = Expected {
            issuer: &self.settings.issuer,
            client: &self.settings.client_id,
            nonce: &login.nonce(),
            now: now_seconds,
        };
        let header = token::header(id_token)?;
        let mut keys = self.kept.keys(&self.caller, metadata).await?;
        if token::meant(&header, &keys).is_empty() {
            // It may have a new one since.
            let anew = self.kept.keys_anew(&self.caller, metadata).await?;
            keys = anew.unwrap_or(keys);
        }
        token::verify(id_token, &header, &token::meant(&header, &keys), &expected)
    }
}
