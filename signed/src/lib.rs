//! What is signed from afar: questions by their host, decisions by their approvers.
//!
//! docs/PROTOCOL.md describes the documents. What is signed is bytes: they are carried
//! as they are, verified first and parsed after, and never made again from parts.
//! Everything here is a pure function of its arguments: no I/O, no clock, no randomness.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
mod approver_key;
pub mod armor;
mod assertion;
mod code;
mod decision;
mod encoding;
mod fingerprint;
mod host_key;
pub mod limits;
pub mod namespace;
mod passkey;
mod public_key;
mod question;
mod sshsig;
mod wire;

pub use answer::{Answer, AnswerError, Signature, Verified};
pub use approver_key::{ApproverKey, ApproverKeyError};
pub use assertion::{Assertion, AssertionError};
pub use code::code;
pub use decision::{DECISION_VERSION, Decision, DecisionError, Expected, Verdict};
pub use fingerprint::Fingerprint;
pub use host_key::HostKey;
pub use namespace::Namespace;
pub use passkey::{Algorithm, Origin, OriginError, Passkey, PasskeyError};
pub use public_key::{PublicKey, PublicKeyError};
pub use question::{QuestionError, SignedQuestion, digest};
pub use sshsig::{Hash, Presence, SignatureError, Sshsig};
