//! What must not count, and what must.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is a test, where a panic is a failure with its place"
)]

#[path = "../kit/mod.rs"]
mod kit;

mod decisions;
mod keys;
mod passkeys;
mod questions;
mod ssh;
