//! The calls for answers that are signed from afar.

use serde::{Deserialize, Serialize};

/// One question, signed by this host, to be carried to an approver by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offline {
    /// The request.
    pub id: String,
}

/// Reply of `Offline`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedQuestion {
    /// The exact text.
    pub question: String,
    /// The host's signature of it: an armored SSHSIG for `question@writ`.
    pub signature: String,
}

/// Hands in what an approver has signed. Anybody may: the signature is what counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecideSigned {
    /// The answer, as JSON.
    pub answer: String,
}

/// The public key of this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostKey {}

/// Reply of `HostKey`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostKeyReply {
    /// The name of the host.
    pub host: String,
    /// The key, as a line of OpenSSH's.
    pub key: String,
    /// Its short name, `SHA256:` and base64.
    pub fingerprint: String,
}
