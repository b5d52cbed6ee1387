//! A decision with the signature of its approver.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::approver_key::ApproverKey;
use crate::assertion::{Assertion, AssertionError};
use crate::decision::{Decision, DecisionError};
use crate::fingerprint::Fingerprint;
use crate::limits::{ANSWER_BYTES_MAX, DECISION_BYTES_MAX};
use crate::namespace::Namespace;
use crate::sshsig::{Presence, SignatureError, Sshsig};

/// The exact text of a decision, and a signature of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The text of a [`Decision`].
    pub decision: String,
    /// The signature of its bytes.
    pub signature: Signature,
}

/// A signature, by what made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// An armored SSHSIG, for `decision@writ`.
    Ssh(String),
    /// An assertion whose challenge is SHA-256 of the decision's bytes.
    Passkey(Assertion),
}

/// A decision whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What was decided.
    pub decision: Decision,
    /// The key that signed it.
    pub key: Fingerprint,
}

/// Why an answer does not count.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// More than the longest.
    #[error("the answer is longer than the {ANSWER_BYTES_MAX} bytes that one may have")]
    TooLong,
    /// Not the JSON that it is.
    #[error("this is no answer: {0}")]
    Json(#[from] serde_json::Error),
    /// The decision is none.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// The signature is none of the decision.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The key is not the approver's.
    #[error("the answer is signed by the key {0}, which is none of the approver's")]
    OtherKey(Fingerprint),
    /// No passkey of the approver's made it.
    #[error("no passkey of the approver's verifies the answer: {0}")]
    Passkey(AssertionError),
    /// He has no passkey.
    #[error("the answer is signed by a passkey, and the approver has none")]
    NoPasskey,
    /// Nobody touched the key.
    #[error(
        "the security key {0} was not touched when it signed; make the key without `no-touch-required`"
    )]
    Untouched(Fingerprint),
    /// The key did not verify who touched it.
    #[error(
        "the security key {0} did not verify who touched it, by its PIN or a finger, which is required of it; make it with `ssh-keygen -O verify-required`"
    )]
    Unverified(Fingerprint),
}

impl Answer {
    /// Reads the JSON.
    ///
    /// # Errors
    /// When it is too long, or not exactly what an answer is.
    pub fn parse(json: &str) -> Result<Self, AnswerError> {
        if json.len() > ANSWER_BYTES_MAX {
            return Err(AnswerError::TooLong);
        }
        Ok(serde_json::from_str(json)?)
    }

    /// The JSON.
    ///
    /// # Errors
    /// Never for texts; serialising is fallible by its signature.
    pub fn text(&self) -> Result<String, AnswerError> {
        Ok(serde_json::to_string(self)?)
    }

    /// What the decision says, before anything is verified: for choosing whose keys to
    /// verify with, and for nothing else.
    ///
    /// # Errors
    /// When it is no decision.
    pub fn claimed(&self) -> Result<Decision, AnswerError> {
        Ok(Decision::parse(&self.decision)?)
    }

    /// Verifies that one of these keys, all of which are of one approver, signed the
    /// decision; then reads it. That the decision names that approver is for the caller
    /// to see.
    ///
    /// # Errors
    /// When none did, or not as is required of it, or it is no decision.
    pub fn verify<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a ApproverKey>,
    ) -> Result<Verified, AnswerError> {
        if self.decision.len() > DECISION_BYTES_MAX {
            return Err(DecisionError::TooLong.into());
        }
        let key = match &self.signature {
            Signature::Ssh(armored) => self.by_ssh(armored, keys)?,
            Signature::Passkey(assertion) => self.by_passkey(assertion, keys)?,
        };
        Ok(Verified { decision: Decision::parse(&self.decision)?, key })
    }

    fn by_ssh<'a>(
        &self,
        armored: &str,
        keys: impl IntoIterator<Item = &'a ApproverKey>,
    ) -> Result<Fingerprint, AnswerError> {
        let signature = Sshsig::parse(armored)?;
        let fingerprint = signature.key().fingerprint();
        let required = keys.into_iter().find_map(|key| match key {
            ApproverKey::Ssh { key, verify_required } if key == signature.key() => {
                Some(*verify_required)
            }
            _ => None,
        });
        let verify_required = required.ok_or(AnswerError::OtherKey(fingerprint))?;
        match signature.verify(Namespace::Decision, self.decision.as_bytes())? {
            Presence::Untouched => Err(AnswerError::Untouched(fingerprint)),
            Presence::Touched | Presence::Untold if verify_required => {
                Err(AnswerError::Unverified(fingerprint))
            }
            Presence::Touched | Presence::Untold | Presence::Verified => Ok(fingerprint),
        }
    }

    fn by_passkey<'a>(
        &self,
        assertion: &Assertion,
        keys: impl IntoIterator<Item = &'a ApproverKey>,
    ) -> Result<Fingerprint, AnswerError> {
        let mut why = None;
        for key in keys {
            let ApproverKey::Passkey(passkey) = key else { continue };
            match assertion.verify(passkey, self.decision.as_bytes()) {
                Ok(()) => return Ok(passkey.fingerprint()),
                // What went wrong with the key that did sign it says more than that the
                // others did not.
                Err(AssertionError::Wrong) if why.is_some() => {}
                Err(error) => why = Some(error),
            }
        }
        Err(why.map_or(AnswerError::NoPasskey, AnswerError::Passkey))
    }
}
