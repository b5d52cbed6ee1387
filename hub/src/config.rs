//! `hub.toml`: what an admin says of the hub.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use writ_signed::Origin;

use crate::limits::CONNECTIONS_MAX;
use crate::oidc;
use crate::push::Channel;

/// Where the configuration is.
pub const PATH: &str = "/etc/writ-hub/hub.toml";

/// The longest that a session of the page may last.
const SESSION_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("{path}: {error}; docs/hub.md has an example to begin with", path = path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{path}: {error}", path = path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        error: Box<toml::de::Error>,
    },
    /// A value that does not go with the others.
    #[error("{path}: {why}", path = path.display())]
    Value {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
}

/// The whole of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What approvers and hosts call it: `https://hub.example.com`. Passkeys are bound to it.
    #[serde(deserialize_with = "origin")]
    pub url: Origin,
    /// Where it listens.
    pub listen: SocketAddr,
    /// `sqlite:///path` or `postgres://…`.
    #[serde(default = "database")]
    pub database: String,
    /// Its certificate; without one, a proxy speaks TLS.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Proxies whose word on who calls (`X-Forwarded-For`) is believed.
    #[serde(default)]
    pub proxies: Vec<IpAddr>,
    /// How long a session of the page lasts.
    #[serde(default = "session", deserialize_with = "span")]
    pub session: Duration,
    /// Connections at one time.
    #[serde(default = "connections")]
    pub connections_max: usize,
    /// Who is told of questions beside the page.
    #[serde(default)]
    pub notify: Vec<Channel>,
    /// Where people log in who have no passkey at hand, or none yet.
    #[serde(default)]
    pub oidc: Option<oidc::Settings>,
    /// Browsers that want it are woken by their push services.
    #[serde(default)]
    pub web_push: bool,
}

/// Certificate and key, PEM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The chain, the hub's own certificate first.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or used.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Read { path: path.to_owned(), error })?;
        Self::parse(path, &text)
    }

    /// Takes a text for that of a file.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| ConfigError::Parse {
            path: path.to_owned(),
            error: Box::new(error),
        })?;
        config.check().map_err(|why| ConfigError::Value { path: path.to_owned(), why })?;
        Ok(config)
    }

    /// Whether browsers reach it by TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.to_string().starts_with("https://")
    }

    fn check(&self) -> Result<(), String> {
        let open = !self.listen.ip().is_loopback();
        if self.tls.is_none() && open && self.proxies.is_empty() {
            return Err(format!(
                "listen = \"{}\" would take passwords of sessions without TLS from everywhere; \
                 name a certificate in [tls], or the proxy that has one in proxies",
                self.listen
            ));
        }
        if self.session.is_zero() || self.session > SESSION_MAX {
            return Err("session is from one second to 30 days".to_owned());
        }
        if self.connections_max == 0 {
            return Err("connections_max is at least 1".to_owned());
        }
        for (index, channel) in self.notify.iter().enumerate() {
            if self.notify.iter().take(index).any(|other| other.name == channel.name) {
                return Err(format!("two [[notify]] have the name {:?}", channel.name));
            }
            channel.check()?;
        }
        self.oidc.as_ref().map_or(Ok(()), oidc::Settings::check)
    }
}

fn database() -> String {
    "sqlite:///var/lib/writ-hub/hub.db".to_owned()
}

const fn session() -> Duration {
    Duration::from_secs(12 * 60 * 60)
}

const fn connections() -> usize {
    CONNECTIONS_MAX
}

fn origin<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Origin, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(serde::de::Error::custom)
}

fn span<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    parse_span(&text).ok_or_else(|| {
        serde::de::Error::custom(format!("{text:?} is no span; write 30s, 15m, 12h or 7d"))
    })
}

/// A span such as `30s`, `15m`, `12h`, `7d`.
#[must_use]
pub fn parse_span(text: &str) -> Option<Duration> {
    let (number, seconds) = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
    let number: u64 = number.parse().ok()?;
    number.checked_mul(seconds).map(Duration::from_secs)
}
