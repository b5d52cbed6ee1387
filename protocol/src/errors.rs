//! Error replies, both ways.

use serde::{Deserialize, Serialize};

/// An error reply of the agent. Display is the sentence that a person reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorReply {
    /// No open request or grant has that ID.
    #[error("there is no open request or grant {id}; `writ status` and `writ pending` list them")]
    NotFound {
        /// The ID that was named.
        id: String,
    },
    /// Not for the caller to do.
    #[error("{message}")]
    NotYours {
        /// Why.
        message: String,
    },
    /// The answer is no.
    #[error("{message}")]
    Refused {
        /// Why, and what to do.
        message: String,
    },
    /// No window of that role is open for the caller.
    #[error("{message}")]
    NotOpen {
        /// What to do.
        message: String,
    },
    /// The question is not the one that was decided on.
    #[error(
        "the question of {id} is not the one that was shown; look at it again with `writ show {id}`"
    )]
    WrongDigest {
        /// The request.
        id: String,
    },
    /// Who approves must prove who he is first, by `Prove` on the same connection.
    #[error(
        "who approves {id} must prove who he is first; `writ approve {id}` at a terminal asks for it"
    )]
    ProofNeeded {
        /// The request.
        id: String,
    },
    /// More than the agent takes.
    #[error("{message}")]
    TooMany {
        /// Which limit.
        message: String,
    },
    /// The record could not be written, so nothing was done.
    #[error("{message}")]
    NoRecord {
        /// Why.
        message: String,
    },
    /// The policy files were not taken.
    #[error("{message}")]
    PolicyRefused {
        /// Each error with its place.
        message: String,
    },
    /// `org.varlink.service.MethodNotFound`.
    #[error("the agent has no method {method}; it may be of another version")]
    MethodNotFound {
        /// The method that was called.
        method: String,
    },
    /// `org.varlink.service.InvalidParameter`.
    #[error("the agent does not take the parameter {parameter}; it may be of another version")]
    InvalidParameter {
        /// The parameter.
        parameter: String,
    },
    /// `org.varlink.service.PermissionDenied`.
    #[error("only root may do this")]
    PermissionDenied,
    /// `org.varlink.service.ExpectedMore`.
    #[error("this method must be called with more")]
    ExpectedMore,
    /// An error that this version does not know.
    #[error("the agent answered with the error {name}, which this version does not know")]
    Unknown {
        /// The qualified name.
        name: String,
    },
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Parameters {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
}

/// An error reply as it travels.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ErrorFrame {
    error: String,
    #[serde(default)]
    parameters: Parameters,
}

impl ErrorReply {
    /// The frame that carries it.
    ///
    /// # Errors
    /// When it is too long for a frame.
    pub fn to_frame(&self) -> Result<Vec<u8>, crate::FrameError> {
        let (error, parameters) = self.parts();
        crate::encode(&ErrorFrame { error: error.to_owned(), parameters })
    }

    fn parts(&self) -> (&str, Parameters) {
        let none = Parameters::default;
        let with_id = |id: &String| Parameters { id: Some(id.clone()), ..none() };
        let with_message =
            |message: &String| Parameters { message: Some(message.clone()), ..none() };
        match self {
            Self::NotFound { id } => ("io.writ.Agent.NotFound", with_id(id)),
            Self::NotYours { message } => ("io.writ.Agent.NotYours", with_message(message)),
            Self::Refused { message } => ("io.writ.Agent.Refused", with_message(message)),
            Self::NotOpen { message } => ("io.writ.Agent.NotOpen", with_message(message)),
            Self::WrongDigest { id } => ("io.writ.Agent.WrongDigest", with_id(id)),
            Self::ProofNeeded { id } => ("io.writ.Agent.ProofNeeded", with_id(id)),
            Self::TooMany { message } => ("io.writ.Agent.TooMany", with_message(message)),
            Self::NoRecord { message } => ("io.writ.Agent.NoRecord", with_message(message)),
            Self::PolicyRefused { message } => {
                ("io.writ.Agent.PolicyRefused", with_message(message))
            }
            Self::MethodNotFound { method } => (
                "org.varlink.service.MethodNotFound",
                Parameters { method: Some(method.clone()), ..none() },
            ),
            Self::InvalidParameter { parameter } => (
                "org.varlink.service.InvalidParameter",
                Parameters { parameter: Some(parameter.clone()), ..none() },
            ),
            Self::PermissionDenied => ("org.varlink.service.PermissionDenied", none()),
            Self::ExpectedMore => ("org.varlink.service.ExpectedMore", none()),
            Self::Unknown { name } => (name, none()),
        }
    }
}

impl From<ErrorFrame> for ErrorReply {
    fn from(frame: ErrorFrame) -> Self {
        let Parameters { id, message, method, parameter } = frame.parameters;
        let id = id.unwrap_or_default();
        let message = message.unwrap_or_default();
        match frame.error.as_str() {
            "io.writ.Agent.NotFound" => Self::NotFound { id },
            "io.writ.Agent.NotYours" => Self::NotYours { message },
            "io.writ.Agent.Refused" => Self::Refused { message },
            "io.writ.Agent.NotOpen" => Self::NotOpen { message },
            "io.writ.Agent.WrongDigest" => Self::WrongDigest { id },
            "io.writ.Agent.ProofNeeded" => Self::ProofNeeded { id },
            "io.writ.Agent.TooMany" => Self::TooMany { message },
            "io.writ.Agent.NoRecord" => Self::NoRecord { message },
            "io.writ.Agent.PolicyRefused" => Self::PolicyRefused { message },
            "org.varlink.service.MethodNotFound" => {
                Self::MethodNotFound { method: method.unwrap_or_default() }
            }
            "org.varlink.service.InvalidParameter" => {
                Self::InvalidParameter { parameter: parameter.unwrap_or_default() }
            }
            "org.varlink.service.PermissionDenied" => Self::PermissionDenied,
            "org.varlink.service.ExpectedMore" => Self::ExpectedMore,
            _ => Self::Unknown { name: frame.error },
        }
    }
}
