//! writ-courier: the only part of Writ on a host that has a network. It carries the
//! ledger's events to collectors, and questions and answers between the agent and the
//! hub.
//!
//! The agent says what is to be carried where ([`serve`]); each collector is served by a
//! task of its own ([`collector`]). What is carried is the agent's, and is kept here no
//! longer than it takes to send it: what cannot be sent waits at the agent.
//!
//! Invariant: the courier holds no privilege and makes no decision. What it is told by
//! the network it hands to the agent, which believes none of it without a proof.
#![forbid(unsafe_code)]

mod agent;
mod collector;
pub mod enroll;
mod hub;
pub mod limits;
mod positions;
pub mod serve;
mod standing;
mod syslog;

pub use writ_uplink::sentence;
