//! The question that people decide on: one text, and the digest of that text.
//!
//! The text is made once, when a request is opened, and kept as it is: what is
//! shown, decided on and recorded are the same bytes, never a second rendering.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
pub use writ_signed::digest;

use crate::facts::{Aim, Door, Uid};
use crate::id::RequestId;
use crate::policy::Seats;
use crate::time::{Span, WallTime};

/// The version of the text.
pub const QUESTION_VERSION: u32 = 1;

/// Everything that a person needs to know to decide. Texts of the command are in
/// the wire's form; milliseconds are texts, so that no reader rounds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// [`QUESTION_VERSION`].
    pub version: u32,
    /// The host that it is asked for.
    pub host: String,
    /// The request.
    pub id: RequestId,
    /// Who asks.
    pub requester: Requester,
    /// Where it was caught.
    pub door: Door,
    /// What it is for: a command, or a window of a role.
    pub aim: Aim,
    /// The grant that is to stand longer, where that is what is asked: by
    /// `lasts_ms`, from its present end on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<RequestId>,
    /// SHA-256 of the command's file; none for an edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// Where the login came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// The role that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why nobody could say whether the rule's condition holds, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
    /// Why, in the requester's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Who is asked, as the policy names them.
    pub asked: Vec<String>,
    /// How many must approve.
    pub needed: u32,
    /// The seats that must be filled, where several kinds are asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all_of: Vec<Seats>,
    /// Who may decide beside those who are asked, after a silence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalate: Vec<Later>,
    /// Whether the requester may approve it himself, where he is one of those who are asked.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub self_approval: bool,
    /// When it was opened, in milliseconds since 1970-01-01 UTC.
    #[serde(with = "wall_as_text")]
    pub opened_wall_ms: WallTime,
    /// Until silence is a no.
    #[serde(with = "span_as_text")]
    pub timeout_ms: Span,
    /// How long the grant is to stand.
    #[serde(with = "span_as_text")]
    pub lasts_ms: Span,
    /// How often it is to be used; 0 for a window, whose uses are not counted.
    pub uses: u32,
    /// Whether who approves must prove who he is first.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub reauth: bool,
    /// Whether only signed answers approve.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub signed: bool,
}

/// Who may decide too, when so long nobody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// After the request was opened.
    #[serde(with = "span_as_text")]
    pub after_ms: Span,
    /// Who, as the policy names them.
    pub asked: Vec<String>,
}

/// Who asks, under every account that he is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// The account that he acts through.
    pub user: String,
    /// Its number.
    pub uid: Uid,
    /// The account that he logged in to, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_user: Option<String>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_uid: Option<Uid>,
    /// The number of whose login session he acts in, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_uid: Option<Uid>,
}

/// A text that is no question of this version.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// Not the JSON that a question is.
    #[error("the text is no question that this version of writ can read: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version.
    #[error(
        "the question is of version {0}, and this version of writ reads version {QUESTION_VERSION}"
    )]
    Version(u32),
}

impl Question {
    /// The exact text, to be made once.
    ///
    /// # Errors
    /// Never for the types as they are; serialising is fallible by its signature.
    pub fn text(&self) -> Result<String, QuestionError> {
        Ok(serde_json::to_string(self)?)
    }

    /// Reads a text for showing it. Decisions are bound to the text, not to this.
    ///
    /// # Errors
    /// When it is no question, or one of another version.
    pub fn parse(text: &str) -> Result<Self, QuestionError> {
        let question: Self = serde_json::from_str(text)?;
        match question.version {
            QUESTION_VERSION => Ok(question),
            other => Err(QuestionError::Version(other)),
        }
    }
}

mod wall_as_text {
    use super::{Deserialize as _, String, ToString as _, WallTime};
    use serde::de::Error as _;

    pub(super) fn serialize<S: serde::Serializer>(
        time: &WallTime,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(&time.0)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        from: D,
    ) -> Result<WallTime, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(WallTime).map_err(|_| D::Error::custom(text.to_string() + " is no time"))
    }
}

mod span_as_text {
    use super::{Deserialize as _, Span, String, ToString as _};
    use serde::de::Error as _;

    pub(super) fn serialize<S: serde::Serializer>(span: &Span, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&span.0)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Span).map_err(|_| D::Error::custom(text.to_string() + " is no time"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::facts::{Action, Command, RunAs};

    fn question() -> Question {
        Question {
            version: QUESTION_VERSION,
            host: "web-1".into(),
            id: "7K3M-Q2".parse().unwrap(),
            requester: Requester {
                user: "alice".into(),
                uid: Uid(1000),
                login_user: Some("erin".into()),
                login_uid: Some(Uid(1004)),
                session_uid: None,
            },
            door: Door::Sudo,
            aim: Aim::Command(Command {
                path: "/bin/sh".into(),
                argv: vec!["sh".into(), "-c".into(), "a\n\u{202e}\"b\\\\".into()],
                cwd: "/".into(),
                run_as: RunAs { user: "root".into(), uid: Uid(0), group: None },
                action: Action::Run,
            }),
            extends: None,
            sha256: None,
            tty: None,
            source_ip: None,
            role: None,
            rule: None,
            doubt: None,
            reason: None,
            ticket: None,
            asked: vec!["@oncall".into()],
            needed: 1,
            all_of: vec![],
            escalate: vec![],
            self_approval: false,
            opened_wall_ms: WallTime(u64::MAX),
            timeout_ms: Span(u64::MAX - 1),
            lasts_ms: Span(1),
            uses: 1,
            reauth: false,
            signed: false,
        }
    }

    #[test]
    fn a_question_comes_back_from_its_text() {
        let text = question().text().unwrap();
        assert_eq!(Question::parse(&text).unwrap(), question());
    }

    #[test]
    fn milliseconds_are_texts_that_no_reader_rounds() {
        let text = question().text().unwrap();
        assert!(text.contains("\"opened_wall_ms\":\"18446744073709551615\""), "{text}");
        assert!(text.contains("\"timeout_ms\":\"18446744073709551614\""), "{text}");
    }

    #[test]
    fn the_digest_is_sha_256_of_the_text() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            digest("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn what_is_not_of_this_version_is_not_half_understood() {
        let text = question().text().unwrap();
        let newer = text.replacen("\"version\":1", "\"version\":2", 1);
        assert!(matches!(Question::parse(&newer), Err(QuestionError::Version(2))));
        let unknown = text.replacen('{', "{\"until\":1,", 1);
        let doubled = text.replacen('{', "{\"host\":\"other\",", 1);
        assert!(Question::parse(&unknown).is_err() && Question::parse(&doubled).is_err());
        let inside = text.replacen("\"path\":", "\"umask\":1,\"path\":", 1);
        assert!(inside != text && Question::parse(&inside).is_err());
    }
}
