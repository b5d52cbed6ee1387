//! What an approver signs.

use alloc::string::{String, ToString as _};

use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;
use crate::limits::{
    CLOCK_AHEAD_MS_MAX, COMMENT_BYTES_MAX, DECISION_BYTES_MAX, DECISION_LASTS_MS_MAX,
    NAME_BYTES_MAX,
};

/// The version of the text.
pub const DECISION_VERSION: u32 = 1;

/// An approver's decision on one question of one host. Milliseconds are texts, so that
/// no reader rounds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// [`DECISION_VERSION`].
    pub version: u32,
    /// The host's name, for people.
    pub host: String,
    /// The host's key, which is what counts.
    pub host_key: Fingerprint,
    /// The request.
    pub id: String,
    /// SHA-256 of the question's text, in hexadecimal digits.
    pub question: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What the approver adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// How long the grant is to stand, where that is less than was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_text")]
    pub lasts_ms: Option<u64>,
    /// How often it is to be used, where that is less than was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// The approver's name in the host's policy.
    pub approver: String,
    /// When it was made, in milliseconds since 1970-01-01 UTC.
    #[serde(with = "text")]
    pub made_wall_ms: u64,
    /// From when on it no longer counts; at most a day later.
    #[serde(with = "text")]
    pub expires_wall_ms: u64,
}

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may be.
    Approve,
    /// It may not.
    Deny,
}

/// What a decision must name to count.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The host's key.
    pub host_key: Fingerprint,
    /// The request.
    pub id: &'a str,
    /// The digest of its question.
    pub question: &'a str,
    /// The wall clock, in milliseconds since 1970-01-01 UTC.
    pub now_wall_ms: u64,
}

/// Why a decision does not count.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// More than the longest.
    #[error("the decision is longer than the {DECISION_BYTES_MAX} bytes that one may have")]
    TooLong,
    /// Not the JSON that it is.
    #[error("the decision is none that this version of writ can read: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version.
    #[error(
        "the decision is of version {0}, and this version of writ reads version {DECISION_VERSION}"
    )]
    Version(u32),
    /// A text in it is too long.
    #[error("{0} of the decision is longer than the {1} bytes that it may have")]
    Text(&'static str, usize),
    /// Its times make no sense.
    #[error("the decision expires before it was made, or more than a day after; make it anew")]
    Times,
    /// For another host.
    #[error(
        "the decision is for the host {host}, with the key {host_key}, and this host has another key"
    )]
    OtherHost {
        /// The name in it.
        host: String,
        /// The key in it.
        host_key: Fingerprint,
    },
    /// For another request.
    #[error("the decision is on {0}, and not on this request")]
    OtherRequest(String),
    /// For another question.
    #[error(
        "the decision is on another text than that of the question; look at the question again and answer what it says"
    )]
    OtherQuestion,
    /// Over.
    #[error("the decision has expired; make it anew")]
    Expired,
    /// Made later than now.
    #[error("the decision was made more than {minutes} minutes after the time that it is on this host: one of the two clocks is wrong", minutes = CLOCK_AHEAD_MS_MAX / 60_000)]
    Future,
}

impl Decision {
    /// Reads the exact text. Verify its signature first.
    ///
    /// # Errors
    /// When it is too long, or not exactly what a decision of this version is.
    pub fn parse(text: &str) -> Result<Self, DecisionError> {
        if text.len() > DECISION_BYTES_MAX {
            return Err(DecisionError::TooLong);
        }
        let decision: Self = serde_json::from_str(text)?;
        if decision.version != DECISION_VERSION {
            return Err(DecisionError::Version(decision.version));
        }
        let texts = [
            ("the host's name", decision.host.len(), NAME_BYTES_MAX),
            ("the ID", decision.id.len(), NAME_BYTES_MAX),
            ("the approver's name", decision.approver.len(), NAME_BYTES_MAX),
            ("the comment", decision.comment.as_ref().map_or(0, String::len), COMMENT_BYTES_MAX),
        ];
        if let Some((what, _, max)) = texts.into_iter().find(|(_, length, max)| length > max) {
            return Err(DecisionError::Text(what, max));
        }
        match decision.expires_wall_ms.checked_sub(decision.made_wall_ms) {
            Some(1..=DECISION_LASTS_MS_MAX) => Ok(decision),
            _ => Err(DecisionError::Times),
        }
    }

    /// The exact text, to be made once and signed.
    ///
    /// # Errors
    /// Never for the types as they are; serialising is fallible by its signature.
    pub fn text(&self) -> Result<String, DecisionError> {
        Ok(serde_json::to_string(self)?)
    }

    /// Whether it is on that question of that host, now.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check(&self, expected: &Expected<'_>) -> Result<(), DecisionError> {
        if self.host_key != expected.host_key {
            let host = self.host.clone();
            return Err(DecisionError::OtherHost { host, host_key: self.host_key });
        }
        if self.id != expected.id {
            return Err(DecisionError::OtherRequest(self.id.to_string()));
        }
        if self.question != expected.question {
            return Err(DecisionError::OtherQuestion);
        }
        if expected.now_wall_ms >= self.expires_wall_ms {
            return Err(DecisionError::Expired);
        }
        if self.made_wall_ms > expected.now_wall_ms.saturating_add(CLOCK_AHEAD_MS_MAX) {
            return Err(DecisionError::Future);
        }
        Ok(())
    }
}

mod text {
    use alloc::string::{String, ToString as _};

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        number(&String::deserialize(from)?)
    }

    /// Digits, in the one way that they are written.
    pub(super) fn number<E: serde::de::Error>(text: &str) -> Result<u64, E> {
        let number: Option<u64> = text.parse().ok();
        number
            .filter(|number| number.to_string() == text)
            .ok_or_else(|| E::custom("a time is not a text of digits"))
    }
}

mod optional_text {
    use alloc::string::String;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &Option<u64>, to: S) -> Result<S::Ok, S::Error> {
        match number {
            Some(number) => to.collect_str(number),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| super::text::number(&text)).transpose()
    }
}
