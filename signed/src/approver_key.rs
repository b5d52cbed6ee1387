//! Keys of approvers, as `keys` in approvers.d names them.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::fingerprint::Fingerprint;
use crate::passkey::{Algorithm, Passkey, PasskeyError};
use crate::public_key::{PublicKey, PublicKeyError};

/// The option before a security key whose verification is required, as in
/// authorized_keys (sshd(8)).
const VERIFY_REQUIRED: &str = "verify-required";

/// A key that an approver answers with from afar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApproverKey {
    /// A key of SSH.
    Ssh {
        /// The key.
        key: PublicKey,
        /// Whether the security key must verify who touches it.
        verify_required: bool,
    },
    /// A passkey.
    Passkey(Passkey),
}

/// Why a line is no key of an approver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApproverKeyError {
    /// No key of SSH.
    #[error(transparent)]
    Ssh(#[from] PublicKeyError),
    /// No passkey.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// Verification by a key that cannot.
    #[error(
        "says verify-required, which only security keys (`sk-`) can do; passkeys always are verified"
    )]
    NotVerifiable,
}

impl ApproverKey {
    /// Its line, without a comment.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Ssh { key, verify_required: false } => key.line(),
            Self::Ssh { key, verify_required: true } => {
                alloc::format!("{VERIFY_REQUIRED} {}", key.line())
            }
            Self::Passkey(passkey) => passkey.line(),
        }
    }

    /// The short name of its public part.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Ssh { key, .. } => key.fingerprint(),
            Self::Passkey(passkey) => passkey.fingerprint(),
        }
    }
}

impl FromStr for ApproverKey {
    type Err = ApproverKeyError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix(VERIFY_REQUIRED)
            && rest.starts_with([' ', '\t'])
        {
            let is_passkey = Algorithm::of_kind(first_word(rest)).is_some();
            let key = if is_passkey { None } else { Some(PublicKey::from_line(rest)?) };
            return match key {
                Some(key) if key.is_security_key() => Ok(Self::Ssh { key, verify_required: true }),
                _ => Err(ApproverKeyError::NotVerifiable),
            };
        }
        match Algorithm::of_kind(first_word(line)) {
            Some(algorithm) => Ok(Self::Passkey(Passkey::from_line(algorithm, line)?)),
            None => Ok(Self::Ssh { key: PublicKey::from_line(line)?, verify_required: false }),
        }
    }
}

fn first_word(line: &str) -> &str {
    line.split_ascii_whitespace().next().unwrap_or_default()
}

impl fmt::Display for ApproverKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.line())
    }
}
