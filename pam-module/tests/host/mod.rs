//! A program's part and the agent's part, played.

#[allow(dead_code, reason = "it can do more than is wanted here")]
#[path = "../../../sudo-plugin/tests/host/agent.rs"]
mod agent;
mod transaction;

pub(crate) use agent::{Answer, Scripted};
pub(crate) use transaction::{LEFT_ALONE, Transaction, exported_symbols};
