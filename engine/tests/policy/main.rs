//! What a policy says.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is a test, where a panic is a failure with its place"
)]

mod commands;
mod decisions;
mod explaining;
mod laws;
mod limits;
mod patterns;
mod people;
mod pins;
mod seating;
mod speed;
mod without_agent;
