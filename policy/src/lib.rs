//! The policy files of a host: `writ.toml`, `roles.d/*.toml` and
//! `approvers.d/*.toml`, read all or nothing.
//!
//! [`load`] reads them from a folder that must be root's alone, [`parse`] from
//! texts. What comes out is the engine's policy, and what the engine does not
//! decide by; or everything that is wrong, each with its file, its line and a
//! sentence that helps.
#![forbid(unsafe_code)]

mod action;
mod capability;
mod compile;
mod condition;
mod diagnostic;
mod digest;
pub mod duration;
mod escapes;
mod excerpt;
mod explained;
mod findings;
mod host;
mod hours;
mod instant;
mod keys;
mod load;
mod loaded;
mod name;
mod parse;
mod problem;
mod remote;
mod render;
mod review;
mod section;
mod source;
mod suggest;
mod supposed;
pub mod template;
mod ticket;
mod trust;
mod value;
mod zone;

pub use action::action_power;
pub use capability::Capability;
pub use compile::{
    DEFAULT_COUNT, DEFAULT_JUSTIFICATION, DEFAULT_MAX_DURATION, DEFAULT_MODE, DEFAULT_TIMEOUT,
    DEFAULT_UNATTENDED_WAIT, DEFAULT_UNMATCHED, DEFAULT_WARN,
};
pub use diagnostic::{Colour, Diagnostic, Refusal, Severity};
pub use escapes::escape_of;
pub use excerpt::Position;
pub use explained::explain;
pub use host::HostName;
pub use keys::{ALL_OF_MAX, COUNT_MAX, ESCALATIONS_MAX};
pub use load::{FILE_BYTES_MAX, FILES_MAX, POLICY_BYTES_MAX, load, read};
pub use loaded::Loaded;
pub use name::{NAME_CHARS_MAX, NameError};
pub use parse::parse;
pub use remote::{
    AddressError, Audit, COLLECTORS_MAX, Collector, Hub, PINS_MAX, Remote, Transport, pin, proxy,
};
pub use review::{Accounts, review, review_at};
pub use source::{APPROVERS_FOLDER, HOST_FILE, ROLES_FOLDER, SourceFile};
pub use trust::Trust;
