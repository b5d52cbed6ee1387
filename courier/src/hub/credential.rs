//! What the hub knows this host by.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::HubError;

const FILE: &str = "credential.json";

/// The largest file, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024;

/// What the hub gave when the host was enrolled.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credential {
    /// The hub's origin.
    pub url: String,
    /// What the hub calls this host.
    pub host: String,
    /// The secret.
    pub credential: String,
}

/// Why there is no credential.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialError {
    #[error("this host is not enrolled there; as root, `writ enroll {url}`")]
    NotEnrolled { url: String },
    #[error("this host is enrolled at {known}, not there; as root, `writ enroll {url}`")]
    Elsewhere { known: String, url: String },
    #[error("{path} cannot be read; as root, `writ enroll` makes it anew")]
    Unread { path: String, source: io::Error },
}

impl Credential {
    /// The one for a hub.
    pub(crate) fn read(folder: &Path, url: &str) -> Result<Self, HubError> {
        let path = folder.join(FILE);
        let unread = |source| CredentialError::Unread { path: path.display().to_string(), source };
        let mut text = Vec::new();
        match File::open(&path) {
            Ok(file) => file.take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(unread)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(CredentialError::NotEnrolled { url: url.to_owned() }.into());
            }
            Err(error) => return Err(unread(error).into()),
        };
        let credential: Self =
            serde_json::from_slice(&text).map_err(|error| unread(error.into()))?;
        if credential.url == url {
            return Ok(credential);
        }
        let known = credential.url;
        Err(CredentialError::Elsewhere { known, url: url.to_owned() }.into())
    }
}

/// Keeps a credential in place of the one that there was.
pub(crate) fn keep(folder: &Path, credential: &Credential) -> io::Result<()> {
    let path = folder.join(FILE);
    let fresh = path.with_extension("new");
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&serde_json::to_vec(credential)?)?;
    file.sync_all()?;
    fs::rename(&fresh, &path)?;
    File::open(folder)?.sync_all()
}
