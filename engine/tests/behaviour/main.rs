//! What the engine does, one promise a test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is a test, where a panic is a failure with its place"
)]

mod asking;
mod attention;
mod away;
mod deciding;
mod doors;
mod edges;
mod ending;
mod escalating;
mod glass;
mod host;
mod limits;
mod pins;
mod records;
mod restarting;
mod running;
mod runs;
mod seats;
mod services;
mod sessions;
mod signed;
mod windows;
mod without_agent;
