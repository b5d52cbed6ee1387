//! What crosses a socket of Writ on one host.
//!
//! The wire is [Varlink](https://varlink.org): JSON objects, each ended by a NUL
//! byte. The interface is in [`INTERFACE`] (`io.writ.Agent.varlink`), its Rust
//! shapes in [`calls`] and [`answers`], and [`Connection`] is the small blocking
//! client that the command line and the modules inside of sudo and PAM share.
//!
//! Invariant: nothing here decides anything, and nothing here depends on another
//! part of Writ.
#![forbid(unsafe_code)]

pub mod answers;
pub mod calls;
mod client;
pub mod courier;
mod envelope;
mod errors;
pub mod explained;
mod frame;
pub mod run;
pub mod services;
pub mod signed;
pub mod text;

pub use client::{CallError, ConnectError, Connection, Follows, Received, read_reply};
pub use errors::ErrorReply;
pub use frame::{FRAME_BYTES_MAX, FrameDecoder, FrameError, encode};

/// The interface description that is shipped, and that `varlinkctl introspect`
/// shows.
pub const INTERFACE: &str = include_str!("../io.writ.Agent.varlink");

/// The name of the interface.
pub const INTERFACE_NAME: &str = "io.writ.Agent";

/// Where the agent listens.
pub const SOCKET_PATH: &str = "/run/writ/io.writ.Agent";

/// The name of the socket, in the folder of the agent's, at which a door asks while the
/// agent cannot be reached: `Ask`, once on each connection.
pub const WITHOUT_AGENT_SOCKET: &str = "without-agent";

/// The variable by which `writ breakglass` tells the sudo that it becomes, where there is
/// no agent to tell, that this is an emergency: the number of their process.
pub const BREAK_GLASS_VARIABLE: &str = "WRIT_BREAK_GLASS";
