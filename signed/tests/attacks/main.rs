//! What must not count, and what must.
#[path = "../kit/mod.rs"]
mod kit;

mod decisions;
mod keys;
mod passkeys;
mod questions;
mod ssh;
