//! A question as the agent shows it, checked before anybody decides on it.

use writ_engine::id::RequestId;
use writ_engine::question::{Question, QuestionError, digest};
use writ_protocol::answers::{Request, Shown};
use writ_protocol::calls::Show;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;

/// Why an answer of the agent is not to be decided on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QuestionFault {
    /// The digest is of another text.
    #[error("the agent's digest of {0} is not that of its question; nothing was decided")]
    Digest(RequestId),
    /// The text speaks of another request.
    #[error("the agent shows the question of {found} for {wanted}; nothing was decided")]
    OtherRequest {
        /// What was asked for.
        wanted: RequestId,
        /// What came.
        found: RequestId,
    },
    /// The text is not one that can be laid out.
    #[error("{0}; nothing was decided")]
    Unreadable(#[from] QuestionError),
}

impl From<QuestionFault> for Failure {
    fn from(fault: QuestionFault) -> Self {
        Self::verb(Exit::Failed, fault)
    }
}

/// A question whose text has the digest that it is decided by, and how it stands.
#[derive(Debug)]
pub(crate) struct CheckedQuestion {
    /// What the text says.
    pub(crate) question: Question,
    /// SHA-256 of the text, 64 hexadecimal digits.
    pub(crate) digest: String,
    /// How it stands, by the agent's word.
    pub(crate) request: Request,
}

impl CheckedQuestion {
    /// Asks the agent for the question of `id`.
    ///
    /// # Errors
    /// When there is none, or what comes is not the text of its digest.
    pub(crate) fn fetch(agent: &mut Agent, id: RequestId) -> Result<Self, Failure> {
        let shown = agent.call(&Show { id: id.to_string() })?;
        Ok(Self::check(shown, id)?)
    }

    fn check(shown: Shown, wanted: RequestId) -> Result<Self, QuestionFault> {
        if digest(&shown.question) != shown.digest {
            return Err(QuestionFault::Digest(wanted));
        }
        let question = Question::parse(&shown.question)?;
        if question.id != wanted {
            let found = question.id;
            return Err(QuestionFault::OtherRequest { wanted, found });
        }
        Ok(Self { question, digest: shown.digest, request: shown.request })
    }
}
