//! The API, by who calls: hosts, people, and whoever logs in. docs/hub.md has it in words,
//! `openapi.json` for programs.
//!
//! Nothing here makes a decision. What approvers sign is checked, kept and handed on as it
//! came.

pub mod answers;
pub mod enroll;
pub mod events;
pub mod host;
pub mod lists;
pub mod login;
pub mod oidc;
pub mod page;
pub mod passkeys;
pub mod questions;
pub mod session;
pub mod subscriptions;
mod summary;

/// The OpenAPI document.
pub const OPENAPI: &str = include_str!("../../openapi.json");
