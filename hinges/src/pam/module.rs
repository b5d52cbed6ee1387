//! The module's file, where PAM looks for it.

use std::fs;
use std::path::PathBuf;

use super::stack::MODULE_FILE;
use crate::host::Host;
use crate::sudo::plugin::{self, PluginError};

/// A module that every PAM has: where it is, PAM looks.
const PAM_UNIX: &str = "pam_unix.so";

/// Where distributions build PAM to look for modules named without a folder: Debian's
/// folder of the architecture, then Fedora's, openSUSE's and Arch's.
fn folders() -> [PathBuf; 4] {
    let debian = format!("/usr/lib/{}-linux-gnu/security", std::env::consts::ARCH);
    [
        debian,
        "/usr/lib64/security".to_owned(),
        "/lib64/security".to_owned(),
        "/usr/lib/security".to_owned(),
    ]
    .map(PathBuf::from)
}

/// Why PAM must not, or cannot, load the module.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    /// No folder with `pam_unix.so`.
    #[error("PAM's folder of modules is not found ({PAM_UNIX} is in none of the usual ones)")]
    NoFolder,
    /// It is not there, or not root's alone.
    #[error(transparent)]
    File(#[from] PluginError),
}

/// Checks that the module is where PAM will look, and that only root can change it.
///
/// # Errors
/// When it is not, or others can.
pub fn check(host: &Host) -> Result<(), ModuleError> {
    Ok(plugin::check_file(host, &locate(host)?)?)
}

/// Where PAM looks for it.
///
/// # Errors
/// When PAM's folder of modules is not found.
pub fn locate(host: &Host) -> Result<PathBuf, ModuleError> {
    let folder = folders()
        .into_iter()
        .find(|folder| fs::exists(host.path(folder.join(PAM_UNIX))).unwrap_or(false))
        .ok_or(ModuleError::NoFolder)?;
    Ok(folder.join(MODULE_FILE))
}
