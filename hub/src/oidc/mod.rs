//! Logging in at a provider (OpenID Connect Core 1.0), by authorization code with PKCE. What
//! the provider says opens a session, which shows questions; it makes no answer, and nothing
//! of it reaches a host.

mod call;
mod login;
mod metadata;
mod settings;
mod signature;
mod token;

use std::sync::Arc;

use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value};

use self::call::{Caller, words};
pub use self::login::Login;
use self::metadata::{ClientAuth, Kept, Metadata};
pub use self::settings::{Claim, Settings};
use self::token::{Claims, Expected};
use crate::limits::OIDC_NAME_BYTES_MAX;

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

/// Who somebody is to the provider.
#[derive(Debug)]
pub struct Account {
    /// The provider.
    pub issuer: String,
    /// Its own name for him, which never changes and is never another's.
    pub subject: String,
    /// The name that the admin may know him by, or why there is none.
    pub name: Result<String, Trouble>,
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

/// What the token endpoint answers.
#[derive(Debug, Deserialize)]
struct Tokens {
    id_token: Option<String>,
    access_token: Option<String>,
}

/// What it answers when it says no (RFC 6749, 5.2).
#[derive(Debug, Deserialize)]
struct NoTokens {
    error: String,
    error_description: Option<String>,
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

    async fn exchange(
        &self,
        metadata: &Metadata,
        code: &str,
        login: &Login,
    ) -> Result<Tokens, Trouble> {
        let verifier = login.verifier();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", &verifier),
        ];
        let (client, secret) = (&self.settings.client_id, &self.secret);
        let request =
            self.caller.client(Part::Token, &metadata.token)?.post(metadata.token.clone());
        let request = match metadata.auth {
            // Both encoded as a form's, before they are joined (RFC 6749, 2.3.1).
            ClientAuth::Basic => request.basic_auth(encoded(client), Some(encoded(secret))),
            ClientAuth::Post => {
                form.extend([("client_id", client.as_str()), ("client_secret", secret.as_str())]);
                request
            }
        };
        let request = request.header("accept", "application/json").form(&form);
        let (status, bytes) = self.caller.send(Part::Token, request).await?;
        if status.is_success() {
            return call::parse(Part::Token, &bytes);
        }
        match serde_json::from_slice::<NoTokens>(&bytes) {
            Ok(no) => Err(refused(&no.error, no.error_description.as_deref())),
            Err(_) => {
                Err(Trouble::Unreachable { part: Part::Token, why: format!("it answers {status}") })
            }
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

    /// Many providers tell only at their userinfo endpoint what they were asked for.
    async fn complete(
        &self,
        metadata: &Metadata,
        claims: &mut Claims,
        access_token: Option<&str>,
    ) -> Result<(), Trouble> {
        let claim = self.settings.claim;
        let mut wanted = Vec::new();
        if claim != Claim::Sub {
            wanted.push(claim.as_str());
        }
        if claim == Claim::Email {
            wanted.push("email_verified");
        }
        if !self.settings.groups.is_empty() {
            wanted.push(&self.settings.groups_claim);
        }
        let missing = wanted.iter().any(|it| !claims.others.contains_key(*it));
        let (true, Some(url), Some(token)) = (missing, &metadata.userinfo, access_token) else {
            return Ok(());
        };
        let request = self.caller.client(Part::Userinfo, url)?.get(url.clone()).bearer_auth(token);
        let told: Map<String, Value> = self.caller.json(Part::Userinfo, request).await?;
        // What it says is of whom the token is of, or of nobody (OpenID Connect Core, 5.3.2).
        if told.get("sub").and_then(Value::as_str) != Some(&claims.sub) {
            let why = "it tells of somebody else than the ID token".to_owned();
            return Err(Trouble::Unusable { part: Part::Userinfo, why });
        }
        // A name and whether it was verified are of one place.
        if !claims.others.contains_key(claim.as_str()) {
            claims.others.remove("email_verified");
        }
        for (name, value) in told {
            claims.others.entry(name).or_insert(value);
        }
        Ok(())
    }

    fn is_let_in(&self, claims: &Map<String, Value>) -> Result<(), Trouble> {
        let wanted = &self.settings.groups;
        let is_wanted =
            |name: &Value| name.as_str().is_some_and(|it| wanted.iter().any(|w| w == it));
        let is_in = match claims.get(&self.settings.groups_claim) {
            Some(Value::Array(groups)) => groups.iter().any(is_wanted),
            Some(group) => is_wanted(group),
            None => false,
        };
        if wanted.is_empty() || is_in {
            return Ok(());
        }
        Err(Trouble::Group { groups: wanted.join(", ") })
    }

    /// The name that the admin may know somebody by.
    fn named(&self, claims: &Claims) -> Result<String, Trouble> {
        let claim = self.settings.claim;
        if claim == Claim::Sub {
            return Ok(claims.sub.clone());
        }
        let name = claims.others.get(claim.as_str()).and_then(Value::as_str);
        let Some(name) = name.filter(|it| !it.is_empty() && it.len() <= OIDC_NAME_BYTES_MAX) else {
            return Err(Trouble::Nameless(format!(
                "it does not say your {claim}, by which the hub would know you; tell the hub's admin, who may need to name more scopes",
                claim = claim.as_str()
            )));
        };
        // Some say it as a text.
        let verified = match claims.others.get("email_verified") {
            Some(Value::Bool(verified)) => *verified,
            Some(Value::String(text)) => text == "true",
            _ => false,
        };
        if claim == Claim::Email && !verified {
            return Err(Trouble::Nameless(format!(
                "it has not verified that {} is your address, so that the hub cannot know you by it; have it verified there, or ask the hub's admin for another claim",
                words(name)
            )));
        }
        Ok(name.to_owned())
    }
}

fn refused(error: &str, description: Option<&str>) -> Trouble {
    Trouble::Refused(match description {
        Some(description) => format!("{} ({})", words(error), words(description)),
        None => words(error),
    })
}

/// As a form has it.
fn encoded(text: &str) -> String {
    // A query of one name without a value is that name.
    let mut url = Url::parse("http://localhost").ok();
    let encoded = url.as_mut().and_then(|url| {
        url.query_pairs_mut().append_key_only(text);
        url.query().map(str::to_owned)
    });
    encoded.unwrap_or_default()
}
