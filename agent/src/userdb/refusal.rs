//! The errors of this service, as they travel.

use serde::Serialize;

/// Why a call gets no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nothing that was asked for is lent.
    NoRecordFound,
    /// There is a group of that name and one of that number, but they are two.
    ConflictingRecordFound,
    /// The call is for another service.
    BadService,
    /// There are several answers, and the caller takes one.
    ExpectedMore,
    MethodNotFound {
        method: String,
    },
    InterfaceNotFound {
        interface: String,
    },
    InvalidParameter {
        parameter: String,
    },
}

#[derive(Serialize)]
struct ErrorFrame<'a> {
    error: &'static str,
    parameters: Parameters<'a>,
}

#[derive(Default, Serialize)]
struct Parameters<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interface: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
}

impl Refusal {
    /// The message that carries it.
    pub(super) fn message(&self) -> impl Serialize + '_ {
        let none = Parameters::default;
        let (error, parameters) = match self {
            Self::NoRecordFound => ("io.systemd.UserDatabase.NoRecordFound", none()),
            Self::ConflictingRecordFound => {
                ("io.systemd.UserDatabase.ConflictingRecordFound", none())
            }
            Self::BadService => ("io.systemd.UserDatabase.BadService", none()),
            Self::ExpectedMore => ("org.varlink.service.ExpectedMore", none()),
            Self::MethodNotFound { method } => (
                "org.varlink.service.MethodNotFound",
                Parameters { method: Some(method), ..none() },
            ),
            Self::InterfaceNotFound { interface } => (
                "org.varlink.service.InterfaceNotFound",
                Parameters { interface: Some(interface), ..none() },
            ),
            Self::InvalidParameter { parameter } => (
                "org.varlink.service.InvalidParameter",
                Parameters { parameter: Some(parameter), ..none() },
            ),
        };
        ErrorFrame { error, parameters }
    }
}
