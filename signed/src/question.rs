//! A question with the signature of its host.

use alloc::string::{String, ToString as _};
use core::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::host_key::HostKey;
use crate::limits::{QUESTION_BYTES_MAX, SIGNED_QUESTION_BYTES_MAX};
use crate::namespace::Namespace;
use crate::public_key::PublicKey;
use crate::sshsig::{SignatureError, Sshsig};

/// The exact text of a question, and its host's signature of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedQuestion {
    /// The text that is shown, digested and decided on.
    pub question: String,
    /// An armored SSHSIG of its bytes, for `question@writ`.
    pub signature: String,
}

/// Why a signed question does not count.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// More than the longest.
    #[error("the question is longer than the {QUESTION_BYTES_MAX} bytes that one may have")]
    TooLong,
    /// Not the JSON that it is.
    #[error("this is no signed question: {0}")]
    Json(#[from] serde_json::Error),
    /// The signature is not one of the text.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Another key.
    #[error(
        "the question is signed by the key {found}, and that of the host is {wanted}: it is not from this host, or the host has a new key"
    )]
    OtherKey {
        /// Whose signature it has.
        found: String,
        /// Whose it should have.
        wanted: String,
    },
}

impl SignedQuestion {
    /// Signs a text.
    #[must_use]
    pub fn sign(key: &HostKey, question: String) -> Self {
        let signature = key.sign(Namespace::Question, question.as_bytes());
        Self { question, signature }
    }

    /// Reads the JSON.
    ///
    /// # Errors
    /// When it is too long, or not exactly what a signed question is.
    pub fn parse(json: &str) -> Result<Self, QuestionError> {
        if json.len() > SIGNED_QUESTION_BYTES_MAX {
            return Err(QuestionError::TooLong);
        }
        let signed: Self = serde_json::from_str(json)?;
        if signed.question.len() > QUESTION_BYTES_MAX {
            return Err(QuestionError::TooLong);
        }
        Ok(signed)
    }

    /// The JSON.
    ///
    /// # Errors
    /// Never for two texts; serialising is fallible by its signature.
    pub fn text(&self) -> Result<String, QuestionError> {
        Ok(serde_json::to_string(self)?)
    }

    /// Verifies the signature and gives the key that made it, which may be anybody's.
    ///
    /// # Errors
    /// When the key that it names did not make it of this text.
    pub fn signer(&self) -> Result<PublicKey, QuestionError> {
        let signature = Sshsig::parse(&self.signature)?;
        signature.verify(Namespace::Question, self.question.as_bytes())?;
        Ok(signature.key().clone())
    }

    /// Verifies that the host of that key signed it.
    ///
    /// # Errors
    /// When it did not.
    pub fn verify(&self, host: &PublicKey) -> Result<(), QuestionError> {
        let signer = self.signer()?;
        if signer == *host {
            return Ok(());
        }
        let (found, wanted) = (signer.fingerprint().to_string(), host.fingerprint().to_string());
        Err(QuestionError::OtherKey { found, wanted })
    }

    /// What a decision on it names.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.question)
    }
}

/// SHA-256 of a question's text, in 64 hexadecimal digits.
#[must_use]
pub fn digest(text: &str) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
