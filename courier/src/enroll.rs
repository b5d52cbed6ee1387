//! `writ-courier enroll`: makes the host known to a hub. `writ enroll` runs it, in the
//! courier's account, with what root and the agent have prepared on standard input.

use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use writ_protocol::courier::HubSettings;

use crate::hub::{Credential, HubClient, HubError, keep_credential};

/// The longest input, in bytes.
const INPUT_BYTES_MAX: u64 = 64 * 1024;

/// What `writ enroll` has prepared.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prepared {
    hub: HubSettings,
    token: String,
    host: String,
    key: String,
    signature: String,
}

#[derive(Serialize)]
struct Enroll<'a> {
    token: &'a str,
    host: &'a str,
    key: &'a str,
    signature: &'a str,
}

#[derive(Deserialize)]
struct Enrolled {
    host: String,
    credential: String,
}

/// Why the host is not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// What it was given.
    #[error("what is to be enrolled cannot be read; run `writ enroll`, which prepares it")]
    Input(#[source] io::Error),
    /// The hub.
    #[error("the hub {url} does not enrol this host: {why}")]
    Hub {
        /// Which.
        url: String,
        /// Its word.
        why: String,
    },
    /// The disk.
    #[error(
        "what the hub gave cannot be kept in {folder}; mend that, and enrol anew with a fresh token"
    )]
    Keep {
        /// Where.
        folder: String,
        /// Why.
        source: io::Error,
    },
}

/// Enrols the host, and keeps what the hub gives. Returns the hub's name for it.
///
/// # Errors
/// When the hub does not take it, or the disk does not.
pub async fn enroll(state: &Path) -> Result<String, EnrollError> {
    let mut input = Vec::new();
    io::stdin().take(INPUT_BYTES_MAX).read_to_end(&mut input).map_err(EnrollError::Input)?;
    let Prepared { hub, token, host, key, signature } =
        serde_json::from_slice(&input).map_err(|error| EnrollError::Input(error.into()))?;
    let url = hub.url.clone();
    let refused =
        |error: HubError| EnrollError::Hub { url: url.clone(), why: crate::sentence(&error) };
    let client = HubClient::new(&hub, None).map_err(refused)?;
    let wish = Enroll { token: &token, host: &host, key: &key, signature: &signature };
    let reply = client.post("/v1/enroll", &wish).await.map_err(refused)?;
    let Enrolled { host, credential } = serde_json::from_slice(&reply)
        .map_err(|error| refused(HubError::Malformed(error.to_string())))?;
    let known = host.clone();
    let folder = state.display().to_string();
    keep_credential(state, &Credential { url: url.clone(), host, credential })
        .map_err(|source| EnrollError::Keep { folder, source })?;
    Ok(known)
}
