//! `~/.config/writ/config.toml`: what a user says of his hubs.
//!
//! ```toml
//! [hub."https://hub.example.com"]
//! key   = "/home/bob/.ssh/id_ed25519_sk.pub"
//! ca    = "/etc/ssl/our-authority.pem"
//! pins  = ["sha256//…"]
//! proxy = "http://proxy.example.com:3128"
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use writ_desk::exit::Exit;
use writ_desk::hosts::settings_folder;
use writ_policy::{AddressError, pin, proxy};
use writ_protocol::courier::HubSettings;
use writ_signed::Origin;

use crate::failure::Failure;
use crate::limits::SETTINGS_BYTES_MAX;

/// Where it is, below the folder of settings.
const FILE: &str = "writ/config.toml";

/// What is said of one hub.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfHub {
    key: Option<PathBuf>,
    ca: Option<String>,
    #[serde(default)]
    pins: Vec<String>,
    proxy: Option<String>,
}

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    #[serde(default)]
    hub: BTreeMap<String, OfHub>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
enum SettingsError {
    #[error("{path} cannot be read: {source}", path = .path.display())]
    Unread { path: PathBuf, source: io::Error },
    #[error("{path}: {error}", path = .path.display())]
    Toml { path: PathBuf, error: Box<toml::de::Error> },
    #[error("{path}: the name of a hub {name:?} {why}", path = .path.display())]
    Hub { path: PathBuf, name: String, why: writ_signed::OriginError },
    #[error("{path}: `pins` has {value:?}, which is not sha256// and the digest of a key", path = .path.display())]
    Pin { path: PathBuf, value: String },
    #[error("{path}: `proxy` {why}", path = .path.display())]
    Proxy { path: PathBuf, why: AddressError },
}

/// What is to be known of a hub before it is called.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The key to sign with, where one was named.
    pub(crate) key: Option<PathBuf>,
    /// TLS and the way.
    pub(crate) way: HubSettings,
}

/// Reads the name of a hub as people write it: a slash at its end does not matter.
pub(crate) fn origin(text: &str) -> Result<Origin, String> {
    let text = text.strip_suffix('/').unwrap_or(text);
    text.parse().map_err(|error: writ_signed::OriginError| error.to_string())
}

impl Settings {
    /// What the file says of that hub, and the key that was named beside it.
    pub(crate) fn read(hub: &Origin, key: Option<PathBuf>) -> Result<Self, Failure> {
        let path = settings_folder().map(|folder| folder.join(FILE));
        let said = match path {
            Some(path) => of_hub(&path, hub).map_err(|error| Failure::verb(Exit::Failed, error))?,
            None => OfHub::default(),
        };
        let OfHub { key: usual, ca, pins, proxy } = said;
        // A login that is kept knows its key again, whatever folder it is called from.
        let key = key.or(usual).map(|path| std::path::absolute(&path).unwrap_or(path));
        let way = HubSettings { url: hub.as_str().to_owned(), proxy, ca, pins };
        Ok(Self { key, way })
    }
}

fn of_hub(path: &Path, hub: &Origin) -> Result<OfHub, SettingsError> {
    let mut whole = whole(path)?;
    for name in whole.hub.keys() {
        let fault = |why| SettingsError::Hub { path: path.to_owned(), name: name.clone(), why };
        name.parse::<Origin>().map_err(fault)?;
    }
    let mut said = whole.hub.remove(hub.as_str()).unwrap_or_default();
    for value in &mut said.pins {
        let fault = || SettingsError::Pin { path: path.to_owned(), value: value.clone() };
        *value = pin(value).ok_or_else(fault)?;
    }
    let fault = |why| SettingsError::Proxy { path: path.to_owned(), why };
    said.proxy = said.proxy.as_deref().map(proxy).transpose().map_err(fault)?;
    Ok(said)
}

fn whole(path: &Path) -> Result<Whole, SettingsError> {
    let unread = |source| SettingsError::Unread { path: path.to_owned(), source };
    let mut text = String::new();
    match File::open(path) {
        Ok(file) => {
            file.take(SETTINGS_BYTES_MAX).read_to_string(&mut text).map_err(unread)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Whole::default()),
        Err(error) => return Err(unread(error)),
    }
    toml::from_str(&text)
        .map_err(|error| SettingsError::Toml { path: path.to_owned(), error: Box::new(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<OfHub, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        of_hub(&path, &"https://hub.example.com".parse().unwrap())
    }

    #[test]
    fn what_is_said_of_a_hub_is_of_that_hub_alone() {
        let digest = format!("{}=", "A".repeat(43));
        let text = format!(
            "[hub.\"https://hub.example.com\"]\nkey = \"/k\"\npins = [\"sha256//{digest}\"]\n\
             [hub.\"https://hub.example.org\"]\nproxy = \"http://proxy:3128\"\n"
        );
        let of = said(&text).unwrap();
        assert_eq!((of.key, of.pins, of.proxy), (Some("/k".into()), vec![digest], None));
        assert!(said("").unwrap().key.is_none());
    }

    #[test]
    fn what_is_misspelt_is_not_passed_over() {
        for (text, word) in [
            ("[hub.\"https://hub.example.com\"]\npin = []\n", "pin"),
            ("[hub.\"https://Hub.example.com/\"]\n", "no origin"),
            ("[hub.\"https://hub.example.com\"]\npins = [\"AAAA\"]\n", "sha256//"),
            ("[hub.\"https://hub.example.com\"]\nproxy = \"proxy\"\n", "http://"),
            ("hubs = 1\n", "hubs"),
        ] {
            let refused = said(text).unwrap_err().to_string();
            assert!(refused.contains(word) && refused.contains("config.toml"), "{refused}");
        }
    }

    #[test]
    fn a_hub_is_called_by_the_name_that_it_has() {
        assert_eq!(origin("https://hub.example.com/").unwrap().as_str(), "https://hub.example.com");
        assert!(origin("http://localhost:8080").is_ok());
        for text in ["http://hub.example.com", "hub.example.com", "https://hub.example.com/x"] {
            assert!(origin(text).is_err(), "{text}");
        }
    }
}
