//! An approver at his own machine, real keys of ssh-keygen(1) and ssh-agent(1), and a hub
//! that does as hubs do, or worse.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed; clippy exempts only the functions under #[test]"
)]

#[path = "approver/attacks.rs"]
mod attacks;
#[path = "approver/deciding.rs"]
mod deciding;
#[path = "approver/desk.rs"]
mod desk;
#[path = "approver/encrypted.rs"]
mod encrypted;
#[path = "approver/hub.rs"]
mod hub;
#[path = "approver/logging_in.rs"]
mod logging_in;
#[path = "approver/watching.rs"]
mod watching;

use writ_signed::HostKey;

/// The key of the host web-1.
fn web() -> HostKey {
    HostKey::from_seed(&[7; 32])
}

/// A key that nobody knows.
fn stranger() -> HostKey {
    HostKey::from_seed(&[8; 32])
}
