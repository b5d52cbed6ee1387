//! Whom `[[notify]]` names.

use std::path::PathBuf;

use serde::Deserialize;

use super::{BROWSERS, address, mail};
use crate::name::is_like;

/// Bytes of a secret.
const SECRET_BYTES_MAX: usize = 4_096;

/// Somebody to be told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// What it is called where it is shown.
    pub name: String,
    /// What it speaks.
    pub kind: ChannelKind,
    /// Where it is.
    pub url: String,
    /// The file of its secret: what a webhook's notices are signed with, ntfy's token, the
    /// password at a mail server.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// Whose mail it is.
    #[serde(default)]
    pub from: Option<String>,
    /// Who gets mail.
    #[serde(default)]
    pub to: Vec<String>,
    /// Questions of which hosts: names, in which `*` stands for anything; all, if there is none.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Tells what is asked for, and not only who asks.
    #[serde(default)]
    pub details: bool,
    /// It may be on this machine or in its own network.
    #[serde(default)]
    pub allow_inward: bool,
}

/// What a channel speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// JSON, signed as Standard Webhooks have it.
    Webhook,
    /// A topic of ntfy.
    Ntfy,
    /// Slack's incoming webhooks, and what takes the same (Mattermost, Rocket.Chat).
    Slack,
    /// A card for a workflow of Teams.
    Teams,
    /// Mail, by SMTP.
    Mail,
}

impl ChannelKind {
    /// Whether it can be told that a question is over.
    #[must_use]
    pub const fn hears_of_the_end(self) -> bool {
        matches!(self, Self::Webhook | Self::Ntfy)
    }
}

impl Channel {
    /// Whether questions of a host go there.
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|pattern| is_like(host, pattern))
    }

    /// Whether it can be used.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("[[notify]] {:?}: {why}", self.name));
        if self.name.is_empty() || self.name == BROWSERS {
            return wrong("give it a name of its own");
        }
        let Ok(url) = reqwest::Url::parse(&self.url) else {
            return wrong("url is no address; write https://…");
        };
        let mail = self.kind == ChannelKind::Mail;
        match url.scheme() {
            "smtps" | "smtp" if mail => mail::check(self).or_else(|why| wrong(&why))?,
            _ if mail => return wrong("url is that of a mail server: smtps://… or smtp://…"),
            "https" | "http" => {}
            _ => return wrong("url begins with https:// or http://"),
        }
        if url.scheme() == "http" && !self.allow_inward {
            return wrong(
                "url is without TLS; where it does not leave your own network, say allow_inward = true",
            );
        }
        if !self.allow_inward && address::is_inward_url(&url) {
            return wrong(
                "url points to this machine or its own network; if it is meant to, say allow_inward = true",
            );
        }
        if self.kind == ChannelKind::Webhook && self.secret_file.is_none() {
            return wrong(
                "a webhook's notices are signed; name the file of its secret in secret_file",
            );
        }
        Ok(())
    }

    /// Its secret, where it has one.
    pub(super) fn read_secret(&self) -> Result<Option<Vec<u8>>, String> {
        let Some(file) = &self.secret_file else { return Ok(None) };
        let wrong = |why: &str| format!("[[notify]] {:?}: {}: {why}", self.name, file.display());
        let text = std::fs::read_to_string(file).map_err(|error| wrong(&error.to_string()))?;
        let text = text.trim();
        if text.is_empty() || text.len() > SECRET_BYTES_MAX {
            return Err(wrong("a secret has from 1 to 4096 bytes"));
        }
        Ok(Some(text.as_bytes().to_owned()))
    }
}
