//! Why a verb failed, and what `writ` then exits with.

use std::io;

use writ_protocol::text::shown;
use writ_protocol::{CallError, ConnectError, ErrorReply};

use crate::exit::Exit;
use crate::screen::shown_lines;

/// What ended a verb early. Display is what the person reads.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// There is no agent.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The agent said no, or nothing.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Standard output is gone or full.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
    /// Only root may do it.
    #[error("only root may do this; try `sudo {0}`")]
    NotRoot(&'static str),
    /// A sentence of a verb of its own.
    #[error("{sentence}")]
    Verb {
        /// What happened and what to do.
        sentence: String,
        /// What it comes to.
        exit: Exit,
    },
}

impl Failure {
    /// A failure that a verb words itself.
    pub(crate) fn verb(exit: Exit, error: impl ToString) -> Self {
        Self::Verb { sentence: error.to_string(), exit }
    }

    /// What to exit with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Connect(_) => Exit::Unreachable,
            Self::Call(error) => exit_of_call(error),
            Self::Output(_) => Exit::Failed,
            Self::NotRoot(_) => Exit::NotYours,
            Self::Verb { exit, .. } => *exit,
        }
    }

    /// What to tell on standard error; nothing where the reader of the output
    /// went away, as `head` does when it has seen enough.
    pub(crate) fn sentence(&self) -> Option<String> {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            // Several lines are meant in these two only: nobody but root and this
            // program writes them. Elsewhere a line break could forge a sentence.
            Self::Call(CallError::Reply(ErrorReply::PolicyRefused { .. })) | Self::Verb { .. } => {
                Some(shown_lines(&self.to_string()))
            }
            failure => Some(shown(&failure.to_string())),
        }
    }
}

fn exit_of_call(error: &CallError) -> Exit {
    match error {
        CallError::Closed | CallError::TimedOut | CallError::Io(_) => Exit::Unreachable,
        CallError::Frame(_) | CallError::Malformed => Exit::Failed,
        CallError::Reply(reply) => match reply {
            ErrorReply::NotYours { .. }
            | ErrorReply::PermissionDenied
            | ErrorReply::ProofNeeded { .. } => Exit::NotYours,
            ErrorReply::Refused { .. } | ErrorReply::NotOpen { .. } => Exit::Denied,
            ErrorReply::NotFound { .. }
            | ErrorReply::WrongDigest { .. }
            | ErrorReply::TooMany { .. }
            | ErrorReply::NoRecord { .. }
            | ErrorReply::PolicyRefused { .. }
            | ErrorReply::MethodNotFound { .. }
            | ErrorReply::InvalidParameter { .. }
            | ErrorReply::ExpectedMore
            | ErrorReply::Unknown { .. } => Exit::Failed,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_documented_exit_code() {
        let reply = |reply| Failure::from(CallError::Reply(reply)).exit();
        assert_eq!(reply(ErrorReply::PermissionDenied), Exit::NotYours);
        assert_eq!(reply(ErrorReply::Refused { message: String::new() }), Exit::Denied);
        assert_eq!(reply(ErrorReply::NotFound { id: String::new() }), Exit::Failed);
        assert_eq!(Failure::from(CallError::Closed).exit(), Exit::Unreachable);
    }

    #[test]
    fn nothing_is_said_when_the_reader_has_seen_enough() {
        let gone = Failure::Output(io::ErrorKind::BrokenPipe.into());
        assert_eq!(gone.sentence(), None);
    }
}
