//! The policy files.
