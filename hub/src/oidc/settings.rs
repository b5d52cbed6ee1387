//! `[oidc]` of hub.toml: who says who people are.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use reqwest::{Certificate, Url};
use serde::Deserialize;

/// Bytes of a file: a secret, certificates.
const FILE_BYTES_MAX: usize = 1024 * 1024;

/// Characters of the provider's name on the page's button.
const NAME_CHARS_MAX: usize = 40;

/// A provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What people call it.
    #[serde(default = "name")]
    pub name: String,
    /// What it calls itself, exactly.
    pub issuer: String,
    /// What it calls the hub.
    pub client_id: String,
    /// The file of the secret that the two share.
    pub client_secret_file: PathBuf,
    /// Which claim names people, until their first login.
    #[serde(default)]
    pub claim: Claim,
    /// What is asked for beside what the claim needs.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Who is in none of these is not let in; everybody is, if there is none.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Which claim has the groups.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    /// Whose certificates it has; the system's, if there is none.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

/// A claim that names people (OpenID Connect Core, 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// The address, which the provider must have verified.
    #[default]
    Email,
    /// The name to log in with. At some providers people choose it themselves.
    PreferredUsername,
    /// The provider's own name for him, which never changes.
    Sub,
}

impl Claim {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::PreferredUsername => "preferred_username",
            Self::Sub => "sub",
        }
    }

    const fn scope(self) -> Option<&'static str> {
        match self {
            Self::Email => Some("email"),
            Self::PreferredUsername => Some("profile"),
            Self::Sub => None,
        }
    }
}

impl Settings {
    /// Whether they can be used.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("[oidc]: {why}"));
        let characters = self.name.chars().count();
        if characters == 0 || characters > NAME_CHARS_MAX || self.name.chars().any(char::is_control)
        {
            return wrong("name is what the page's button says, from 1 to 40 characters");
        }
        let Ok(issuer) = Url::parse(&self.issuer) else {
            return wrong("issuer is no address; write it as the provider does, https://…");
        };
        if !is_protected(&issuer) {
            return wrong(
                "issuer begins with https:// (http:// is for a provider on this machine, to try it out)",
            );
        }
        let plain = issuer.query().is_none()
            && issuer.fragment().is_none()
            && issuer.username().is_empty()
            && issuer.password().is_none();
        if !plain {
            return wrong("issuer is an address without a user, a query (?) or a fragment (#)");
        }
        if self.client_id.is_empty() {
            return wrong("client_id is what the provider calls the hub, and cannot be empty");
        }
        // RFC 6749, 3.3.
        let is_scope = |scope: &String| {
            !scope.is_empty()
                && scope.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
        };
        if !self.scopes.iter().all(is_scope) {
            return wrong("each of scopes is one word");
        }
        if self.groups.iter().any(String::is_empty) || self.groups_claim.is_empty() {
            return wrong("groups and groups_claim hold names, which are not empty");
        }
        Ok(())
    }

    /// What is asked for, as one text.
    #[must_use]
    pub fn scope(&self) -> String {
        let mut scopes = vec!["openid"];
        scopes.extend(self.claim.scope());
        scopes.extend(self.scopes.iter().map(String::as_str));
        let mut asked: Vec<&str> = Vec::new();
        for scope in scopes {
            if !asked.contains(&scope) {
                asked.push(scope);
            }
        }
        asked.join(" ")
    }

    pub(super) fn read_secret(&self) -> Result<String, String> {
        let text = read(&self.client_secret_file)?;
        let text = text.trim();
        if text.is_empty() {
            return Err(format!("[oidc]: {} is empty", self.client_secret_file.display()));
        }
        Ok(text.to_owned())
    }

    pub(super) fn read_ca(&self) -> Result<Option<Vec<Certificate>>, String> {
        let Some(path) = &self.ca_file else { return Ok(None) };
        let wrong = |why: &str| format!("[oidc]: {}: {why}", path.display());
        let roots = Certificate::from_pem_bundle(read(path)?.as_bytes())
            .map_err(|error| wrong(&error.to_string()))?;
        if roots.is_empty() {
            return Err(wrong("it holds no certificate (PEM)"));
        }
        Ok(Some(roots))
    }
}

/// Whether nobody between can read or change what is sent there.
pub(super) fn is_protected(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => {
            let host = url.host_str().unwrap_or_default();
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
        }
        _ => false,
    }
}

fn read(path: &Path) -> Result<String, String> {
    let wrong = |why: String| format!("[oidc]: {}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    if text.len() > FILE_BYTES_MAX {
        return Err(wrong(format!("it is longer than {FILE_BYTES_MAX} bytes")));
    }
    Ok(text)
}

fn name() -> String {
    "single sign-on".to_owned()
}

fn groups_claim() -> String {
    "groups".to_owned()
}
