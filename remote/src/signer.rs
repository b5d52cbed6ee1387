//! What signs: a key that was named, by ssh-keygen(1), or one of ssh-agent(1).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use writ_desk::exit::Exit;
use writ_desk::ssh_agent::{SshAgent, SshAgentError};
use writ_desk::ssh_keygen::{self, SignError};
use writ_signed::{Namespace, PublicKey, PublicKeyError};

use crate::failure::Failure;
use crate::limits::KEYS_TRIED_MAX;

/// A key to sign with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Signer {
    /// The file with it, or with its public part.
    File(PathBuf),
    /// The line of one that ssh-agent has.
    Agent(String),
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
enum SignerError {
    #[error(transparent)]
    File(#[from] SignError),
    #[error(transparent)]
    Agent(#[from] SshAgentError),
    #[error("what is remembered of the last login {0}; log out (`writ --hub URL logout`)")]
    Remembered(#[from] PublicKeyError),
    #[error(
        "ssh-agent has no key that answers are verified with (ed25519, ecdsa on nistp256 or nistp384, and both as security keys); add one with ssh-add, or name one with --key"
    )]
    NoKey,
}

impl From<SignerError> for Failure {
    fn from(error: SignerError) -> Self {
        Self::verb(Exit::Failed, error)
    }
}

impl Signer {
    /// Those that a login is tried with: the one that was named, or those of ssh-agent, keys
    /// that want no touch first.
    pub(crate) fn candidates(named: Option<&Path>) -> Result<Vec<Self>, Failure> {
        if let Some(path) = named {
            return Ok(vec![Self::File(path.to_owned())]);
        }
        let mut keys =
            SshAgent::connect().and_then(|mut agent| agent.keys()).map_err(SignerError::from)?;
        keys.sort_by_key(PublicKey::is_security_key);
        if keys.is_empty() {
            return Err(SignerError::NoKey.into());
        }
        Ok(keys.iter().take(KEYS_TRIED_MAX).map(|key| Self::Agent(key.line())).collect())
    }

    /// Whether it is the one that was named, or, where none was, any.
    pub(crate) fn is_meant(&self, named: Option<&Path>) -> bool {
        match (self, named) {
            (_, None) => true,
            (Self::File(path), Some(named)) => path == named,
            (Self::Agent(_), Some(_)) => false,
        }
    }

    /// Signs a text for that namespace. `what` is what for, for who has to touch his key.
    pub(crate) fn sign(
        &self,
        namespace: Namespace,
        text: &str,
        what: &str,
    ) -> Result<String, Failure> {
        Ok(self.signed(namespace, text, what)?)
    }

    fn signed(&self, namespace: Namespace, text: &str, what: &str) -> Result<String, SignerError> {
        match self {
            // It asks for a passphrase or a touch itself.
            Self::File(path) => Ok(ssh_keygen::sign(path, namespace, text)?),
            Self::Agent(line) => {
                let key = PublicKey::from_line(line)?;
                let mut agent = SshAgent::connect()?;
                if key.is_security_key() {
                    eprintln!("Touch your security key {what}.");
                }
                Ok(agent.sign(&key, namespace, text)?)
            }
        }
    }
}
