//! The hub as hosts, approvers and attackers meet it: real HTTP on loopback, SQLite, and
//! PostgreSQL where it is installed.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on has failed; clippy exempts only the functions under #[test]"
)]

mod answering;
mod asking;
mod browsers;
mod clients;
mod commands;
mod encrypted;
mod enrolling;
mod killed;
mod logging_in;
mod oidc;
mod openapi;
mod page;
mod replicas;
mod rig;
mod seeing;
mod signing_in;
mod telling;
