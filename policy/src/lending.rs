//! What a role lends while a window of it is open.

use std::collections::BTreeSet;

use writ_engine::policy::Decision;
use writ_engine::time::Span;

use crate::capability::Capability;

/// What becomes of processes that still hold what was lent when a window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnEnd {
    /// They are warned, then ended.
    Terminate,
    /// They are warned.
    Warn,
}

/// The window of a role: how it is had, for how long, and what it lends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleLending {
    /// Groups of the host.
    pub groups: BTreeSet<String>,
    /// Capabilities for `writ run` and `writ shell`.
    pub capabilities: BTreeSet<Capability>,
    /// Whether a window is opened.
    pub decision: Decision,
    /// The longest that a window stays open.
    pub max_duration: Span,
    /// What happens at its end.
    pub on_end: OnEnd,
}
