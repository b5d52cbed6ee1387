//! Signing with ssh-keygen(1): it knows every kind of key, asks for passphrases, PINs and
//! touches by itself, and uses ssh-agent where only the public part of a key is at hand.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use writ_signed::{Namespace, Presence, SignatureError, Sshsig};

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// It is not there.
    #[error("ssh-keygen cannot be run ({0}); it is part of OpenSSH's client")]
    NotRun(io::Error),
    /// It failed.
    #[error("ssh-keygen did not sign with {}; what is wrong it said itself", .0.display())]
    Refused(PathBuf),
    /// What it made is nothing.
    #[error("what ssh-keygen made does not count: {0}")]
    Wrong(#[from] SignatureError),
    /// Nobody touched the key.
    #[error(
        "the security key was not touched, and no host takes what it signed; make a key without `no-touch-required`"
    )]
    Untouched,
}

/// Signs a text for that namespace, and verifies what was made.
///
/// # Errors
/// When there is no signature that a host would take.
pub fn sign(key: &Path, namespace: Namespace, text: &str) -> Result<String, SignError> {
    let mut signing = Command::new("ssh-keygen")
        .args(["-Y", "sign", "-q", "-n", namespace.as_str(), "-f"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(SignError::NotRun)?;
    if let Some(mut stdin) = signing.stdin.take() {
        // Where it has ended early, its status says so.
        let _ = stdin.write_all(text.as_bytes());
    }
    let made = signing.wait_with_output().map_err(SignError::NotRun)?;
    if !made.status.success() {
        return Err(SignError::Refused(key.to_owned()));
    }
    let armored = String::from_utf8_lossy(&made.stdout).into_owned();
    match Sshsig::parse(&armored)?.verify(namespace, text.as_bytes())? {
        Presence::Untouched => Err(SignError::Untouched),
        Presence::Untold | Presence::Touched | Presence::Verified => Ok(armored),
    }
}
