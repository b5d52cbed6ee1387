//! What a signature is for: one that was made for one thing counts for no other
//! (OpenSSH's PROTOCOL.sshsig).

use core::fmt;

/// A namespace of SSHSIG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Namespace {
    /// A question, by the key of its host.
    Question,
    /// A decision, by the key of an approver.
    Decision,
    /// The enrolment of a host with a hub, by the key of the host.
    Enroll,
    /// A login to a hub, by the key of an approver.
    Login,
}

impl Namespace {
    /// As it stands in a signature, and after `-n` of `ssh-keygen -Y sign`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question@writ",
            Self::Decision => "decision@writ",
            Self::Enroll => "enroll@writ",
            Self::Login => "login@writ",
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.as_str())
    }
}
