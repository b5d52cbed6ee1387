//! A policy that was read, with where it was read from.

use writ_engine::policy::Policy;

use crate::diagnostic::Diagnostic;
use crate::remote::Remote;
use crate::source::SourceFile;

/// A policy that was read without an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What the engine decides by.
    pub policy: Policy,
    /// Where events go, and where people answer from afar.
    pub remote: Remote,
    /// The files that it was read from, in the order of reading.
    pub sources: Vec<SourceFile>,
    /// What may not be as it was meant.
    pub warnings: Vec<Diagnostic>,
}
