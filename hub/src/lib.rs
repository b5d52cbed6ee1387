//! `writ-hub`: where remote approvers see questions and answer them.
//!
//! It carries what hosts and approvers have signed. It has no key that a host trusts, and no
//! code that makes a decision: a hub that is somebody else's can delay or drop, nothing more.
#![forbid(unsafe_code)]

pub mod api;
pub mod challenge;
pub mod clock;
pub mod command_line;
pub mod config;
pub mod hub;
pub mod limits;
pub mod live;
pub mod name;
pub mod oidc;
pub mod problem;
pub mod push;
pub mod rates;
pub mod secret;
pub mod store;
pub mod verbs;
pub mod web;
