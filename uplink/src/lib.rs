//! The way to what is elsewhere, for the programs that have a network: whom a connection
//! with TLS believes, HTTP to one origin with a bound on everything, and how long to wait
//! before another try.
//!
//! Invariant: what comes back is bytes within a bound. Nothing here believes any of it,
//! and nobody is followed elsewhere.
#![forbid(unsafe_code)]

mod backoff;
pub mod http;
pub mod tls;

pub use backoff::Backoff;

/// An error with all its causes, as one line.
#[must_use]
pub fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
