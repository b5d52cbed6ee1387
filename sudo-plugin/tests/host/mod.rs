//! sudo's part and the agent's part, played.
//!
//! Each [`Plugin`] is a copy of the shared object of its own, and so has statics of
//! its own, as in a process of sudo.

mod agent;
mod plugin;

pub(crate) use agent::{Answer, Scripted};
pub(crate) use plugin::{Plugin, exported_symbols};

use std::path::PathBuf;

/// A path where nobody listens.
pub(crate) fn nowhere() -> PathBuf {
    PathBuf::from("/nonexistent/io.writ.Agent")
}
