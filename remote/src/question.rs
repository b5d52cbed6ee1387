//! Questions as the hub gives them: in a list, by its word; and one, which is looked at when
//! it is what its host has signed.

use std::str::FromStr;

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use writ_desk::exit::Exit;
use writ_engine::id::RequestId;
use writ_engine::question::{Question, QuestionError};
use writ_protocol::text::shown;
use writ_signed::limits::QUESTION_BYTES_MAX;
use writ_signed::{PublicKey, SignedQuestion, digest};

use crate::Desk;
use crate::digest::Digest;
use crate::failure::Failure;
use crate::hub::HubError;
use crate::limits::LIST_MAX;
use crate::login::logged_in;
use crate::session::Session;

/// A question in a list: nothing of it is shown by a signature.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) digest: Digest,
    pub(crate) host: String,
    pub(crate) id: String,
    pub(crate) requester: String,
    pub(crate) summary: String,
    pub(crate) received_ms: u64,
    pub(crate) closes_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) over_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
}

/// A list.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Lines {
    /// The hub's clock.
    pub(crate) now_ms: u64,
    /// How many there are beside these.
    #[serde(default)]
    pub(crate) more: u64,
    pub(crate) questions: Vec<Line>,
}

/// An answer that the hub has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    pub(crate) seq: i64,
    pub(crate) approver: String,
    pub(crate) verdict: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) accepted: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// One question, as the hub gives it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Whole {
    #[serde(flatten)]
    pub(crate) line: Line,
    pub(crate) question: String,
    pub(crate) signature: String,
    #[serde(default)]
    pub(crate) answers: Vec<Given>,
}

/// One question that its host has signed; whose key that is, is to be known.
#[derive(Debug)]
pub(crate) struct Checked {
    /// What the text says.
    pub(crate) question: Question,
    /// The exact text, and the signature.
    pub(crate) signed: SignedQuestion,
    /// SHA-256 of the text.
    pub(crate) digest: Digest,
    /// The key that signed it.
    pub(crate) host_key: PublicKey,
    /// How it stands, by the hub's word.
    pub(crate) line: Line,
    /// Who has answered, by the hub's word.
    pub(crate) answers: Vec<Given>,
}

/// Why what the hub gives is not looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("its question is longer than the {} KiB that one may have", QUESTION_BYTES_MAX / 1024)]
    Long,
    #[error("it gives another text than the one with the digest {0}")]
    OtherText(Digest),
    #[error("{0}")]
    Unsigned(#[from] writ_signed::QuestionError),
    #[error("{0}")]
    Unreadable(#[from] QuestionError),
    #[error("it gives the question of {found} for {wanted}")]
    OtherRequest { wanted: RequestId, found: RequestId },
    #[error("it gives a question of the host {} for one of {}", shown(.found), shown(.wanted))]
    OtherHost { wanted: String, found: String },
}

/// Which question: its ID at its host, or the digest of its text.
#[derive(Debug, Clone)]
pub(crate) enum Which {
    Id(RequestId),
    Digest(Digest),
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(digest) = Digest::try_from(text.to_ascii_lowercase()) {
            return Ok(Self::Digest(digest));
        }
        text.parse().map(Self::Id).map_err(|error| format!("{error}"))
    }
}

impl Lines {
    /// What is open.
    pub(crate) fn open(desk: &Desk) -> Result<Self, HubError> {
        Self::of(desk, "/v1/questions")
    }

    /// What was over lately.
    fn over(desk: &Desk) -> Result<Self, HubError> {
        Self::of(desk, "/v1/history")
    }

    fn of(desk: &Desk, path: &str) -> Result<Self, HubError> {
        let lines: Self = desk.hub.get(path)?;
        match lines.questions.len() {
            0..=LIST_MAX => Ok(lines),
            _ => Err(HubError::Malformed(format!("more than {LIST_MAX} questions in a list"))),
        }
    }
}

impl Checked {
    /// The question with that digest.
    pub(crate) fn fetch(
        desk: &mut Desk,
        session: &mut Session,
        digest: &Digest,
    ) -> Result<Self, Failure> {
        let whole = logged_in(desk, session, |desk| whole(desk, digest))?;
        Self::check(whole, digest).map_err(|fault| not_shown(desk, &fault))
    }

    /// The question that is meant.
    pub(crate) fn find(
        desk: &mut Desk,
        session: &mut Session,
        which: &Which,
        host: Option<&str>,
    ) -> Result<Self, Failure> {
        let wanted = match which {
            Which::Digest(digest) => return Self::fetch(desk, session, digest),
            Which::Id(id) => *id,
        };
        let open = logged_in(desk, session, Lines::open)?;
        let digest = match one_of(&open.questions, wanted, host)? {
            Some(digest) => digest,
            None => {
                let over = logged_in(desk, session, Lines::over)?;
                one_of(&over.questions, wanted, host)?
                    .ok_or_else(|| none(desk, wanted, host, open.more))?
            }
        };
        let found = Self::fetch(desk, session, &digest)?;
        let fault = match host {
            _ if found.question.id != wanted => {
                Fault::OtherRequest { wanted, found: found.question.id }
            }
            Some(host) if found.question.host != host => {
                Fault::OtherHost { wanted: host.to_owned(), found: found.question.host }
            }
            _ => return Ok(found),
        };
        Err(not_shown(desk, &fault))
    }

    /// Verified first, read after.
    fn check(whole: Whole, wanted: &Digest) -> Result<Self, Fault> {
        let Whole { line, question, signature, answers } = whole;
        if question.len() > QUESTION_BYTES_MAX {
            return Err(Fault::Long);
        }
        if digest(&question) != wanted.to_string() {
            return Err(Fault::OtherText(wanted.clone()));
        }
        let signed = SignedQuestion { question, signature };
        let host_key = signed.signer()?;
        let question = Question::parse(&signed.question)?;
        Ok(Self { question, signed, digest: wanted.clone(), host_key, line, answers })
    }
}

/// What the hub has of a question, unverified.
pub(crate) fn whole(desk: &Desk, digest: &Digest) -> Result<Whole, HubError> {
    desk.hub.get(&format!("/v1/questions/{digest}"))
}

fn not_shown(desk: &Desk, fault: &Fault) -> Failure {
    let sentence =
        format!("the hub {}: {fault}; it is not shown, and nothing was signed", desk.hub.origin());
    Failure::verb(Exit::Failed, sentence)
}

/// The one with that ID, which each host gives by itself.
fn one_of(lines: &[Line], id: RequestId, host: Option<&str>) -> Result<Option<Digest>, Failure> {
    let is_it =
        |line: &&Line| line.id.parse() == Ok(id) && host.is_none_or(|host| line.host == host);
    let found: Vec<&Line> = lines.iter().filter(is_it).collect();
    match found.as_slice() {
        [] => Ok(None),
        [line] => Ok(Some(line.digest.clone())),
        several => {
            let hosts: Vec<String> = several.iter().map(|line| shown(&line.host)).collect();
            let sentence = format!(
                "several hosts have a {id} ({}); say which with --host, or name the digest that `pending --json` shows",
                hosts.join(", ")
            );
            Err(Failure::verb(Exit::Usage, sentence))
        }
    }
}

fn none(desk: &Desk, id: RequestId, host: Option<&str>, more: u64) -> Failure {
    let of = host.map_or_else(String::new, |host| format!(" of {}", shown(host)));
    let more = match more {
        0 => String::new(),
        more => {
            format!(" among those that it lists; it has {more} more, which are found by digest")
        }
    };
    let error = HubError::Refused {
        status: StatusCode::NOT_FOUND,
        detail: format!("it has no question {id}{of}{more}"),
    };
    desk.hub.failure(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use writ_signed::HostKey;

    const TEXT: &str = r#"{"version":1,"host":"web-1","id":"7K3M-Q2","requester":{"user":"alice","uid":1000},"door":"sudo","aim":{"command":{"path":"/bin/true","argv":["true"],"cwd":"/","run_as":{"user":"root","uid":0},"action":"run"}},"asked":["@oncall"],"needed":1,"opened_wall_ms":"1795475525000","timeout_ms":"300000","lasts_ms":"3600000","uses":1}"#;

    fn line(host: &str, id: &str) -> Line {
        Line {
            digest: digest(&format!("{host}{id}")).try_into().unwrap(),
            host: host.to_owned(),
            id: id.to_owned(),
            requester: "alice".to_owned(),
            summary: "/bin/true".to_owned(),
            received_ms: 1,
            closes_ms: 2,
            over_ms: None,
            outcome: None,
            by: None,
        }
    }

    fn given(text: &str, signature: &str) -> Whole {
        let (question, signature) = (text.to_owned(), signature.to_owned());
        Whole { line: line("web-1", "7K3M-Q2"), question, signature, answers: vec![] }
    }

    fn check(whole: Whole, text: &str) -> Result<Checked, Fault> {
        Checked::check(whole, &digest(text).try_into().unwrap())
    }

    #[test]
    fn a_question_is_looked_at_when_its_text_and_signature_are_those_of_its_host() {
        let key = HostKey::from_seed(&[7; 32]);
        let signed = SignedQuestion::sign(&key, TEXT.to_owned());
        let checked = check(given(TEXT, &signed.signature), TEXT).unwrap();
        assert_eq!(checked.host_key, *key.public());
        assert_eq!(checked.question.host, "web-1");
        let edited = TEXT.replace("alice", "carol");
        let fault = check(given(&edited, &signed.signature), TEXT).unwrap_err();
        assert!(matches!(fault, Fault::OtherText(_)), "{fault}");
        let fault = check(given(&edited, &signed.signature), &edited).unwrap_err();
        assert!(matches!(fault, Fault::Unsigned(_)), "{fault}");
        // Signed by the host, but for something else.
        let login = key.sign(writ_signed::Namespace::Login, TEXT.as_bytes());
        let fault = check(given(TEXT, &login), TEXT).unwrap_err();
        assert!(matches!(fault, Fault::Unsigned(_)), "{fault}");
        let other = TEXT.replace("\"uses\":1", "\"uses\":1,\"more\":1");
        let signed = SignedQuestion::sign(&key, other.clone());
        let fault = check(given(&other, &signed.signature), &other).unwrap_err();
        assert!(matches!(fault, Fault::Unreadable(_)), "{fault}");
        let long = "x".repeat(QUESTION_BYTES_MAX + 1);
        assert!(matches!(check(given(&long, ""), &long), Err(Fault::Long)));
    }

    #[test]
    fn one_id_of_two_hosts_is_not_guessed() {
        let lines = [line("web-1", "7K3M-Q2"), line("web-2", "7K3M-Q2"), line("web-1", "8ABC-DE")];
        let id = "7K3M-Q2".parse().unwrap();
        assert_eq!(one_of(&lines, id, None).unwrap_err().exit(), Exit::Usage);
        let found = one_of(&lines, id, Some("web-2")).unwrap();
        assert_eq!(found.as_ref(), Some(&lines[1].digest));
        assert_eq!(one_of(&lines, id, Some("db-1")).unwrap(), None);
    }
}
