//! The ledger as its callers see it, on real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it says"
)]

mod acknowledging;
mod crashes;
mod faults;
mod killing;
mod reading;
mod scene;
mod segments;
mod tampering;
