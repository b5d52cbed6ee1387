//! Why a verb failed, and what it comes to.

use std::io;

use writ_desk::exit::Exit;
use writ_desk::hosts::HostsError;
use writ_signed::Origin;
use writ_uplink::sentence;

use crate::hub::HubError;

/// What ended a verb early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The hub said no, or nothing.
    #[error("the hub {origin}: {}", sentence(.error))]
    Hub {
        /// Which.
        origin: Origin,
        /// Why.
        error: HubError,
    },
    /// The file of hosts.
    #[error(transparent)]
    Hosts(#[from] HostsError),
    /// Standard output is gone or full.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
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
            Self::Hub { error, .. } => error.exit(),
            Self::Hosts(_) | Self::Output(_) => Exit::Failed,
            Self::Verb { exit, .. } => *exit,
        }
    }

    /// What to tell on standard error; nothing where the reader of the output went away.
    pub(crate) fn sentence(&self) -> Option<String> {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            failure => Some(failure.to_string()),
        }
    }
}
