//! What PID 1 says no to, and when it cannot be asked.

use std::time::Duration;

use super::UnitName;

/// Why PID 1 did not do what it was asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum UnitError {
    /// The system bus is not there.
    #[error(
        "PID 1 cannot be asked, because the system bus is not there ({0}); see to dbus.service of this host"
    )]
    NoBus(String),
    /// It does not answer.
    #[error("PID 1 has not answered within {0:?}; see `systemctl status`")]
    Slow(Duration),
    /// It says no.
    #[error("PID 1 refuses: {message} ({name})")]
    Refused {
        /// The error's name on the bus.
        name: String,
        /// Its sentence.
        message: String,
    },
    /// It tried, and it came to nothing.
    #[error("PID 1 could not start {0} (the job's result is {1:?}); `journalctl -u {0}` says more")]
    NotStarted(UnitName, String),
    /// What it said is not what org.freedesktop.systemd1(5) says.
    #[error("PID 1 answers what this version of Writ does not understand: {0}")]
    Unexpected(String),
}

impl UnitError {
    /// The unit is not there, or not any more.
    #[must_use]
    pub(crate) fn is_no_such_unit(&self) -> bool {
        self.is_named(&["org.freedesktop.systemd1.NoSuchUnit", UNKNOWN_OBJECT])
    }

    /// This version of PID 1 has no such property.
    pub(super) fn is_unknown_property(&self) -> bool {
        self.is_named(&["org.freedesktop.DBus.Error.PropertyReadOnly"])
    }

    /// PID 1 believes that it was asked to tell before.
    pub(super) fn is_subscribed_already(&self) -> bool {
        self.is_named(&["org.freedesktop.systemd1.AlreadySubscribed"])
    }

    /// The bus is away, and may come back.
    pub(super) fn is_of_bus(&self) -> bool {
        matches!(self, Self::NoBus(_) | Self::Slow(_))
            || self.is_named(&[
                "org.freedesktop.DBus.Error.NoReply",
                "org.freedesktop.DBus.Error.Disconnected",
                "org.freedesktop.DBus.Error.ServiceUnknown",
                "org.freedesktop.DBus.Error.NameHasNoOwner",
            ])
    }

    fn is_named(&self, names: &[&str]) -> bool {
        matches!(self, Self::Refused { name, .. } if names.contains(&name.as_str()))
    }
}

const UNKNOWN_OBJECT: &str = "org.freedesktop.DBus.Error.UnknownObject";

impl From<zbus::Error> for UnitError {
    fn from(error: zbus::Error) -> Self {
        match error {
            zbus::Error::MethodError(name, message, _) => Self::Refused {
                name: name.as_str().to_owned(),
                message: message.unwrap_or_else(|| "it does not say why".to_owned()),
            },
            zbus::Error::FDO(error) => {
                use zbus::DBusError;
                Self::Refused {
                    name: error.name().as_str().to_owned(),
                    message: error.description().unwrap_or("it does not say why").to_owned(),
                }
            }
            zbus::Error::InputOutput(error) => Self::NoBus(error.to_string()),
            error @ (zbus::Error::Handshake(_) | zbus::Error::Connection(..)) => {
                Self::NoBus(error.to_string())
            }
            error => Self::Unexpected(error.to_string()),
        }
    }
}
