//! The way to the agent.

use std::time::Duration;

use writ_protocol::calls::Method;
use writ_protocol::{CallError, ConnectError, Connection};

use crate::host::Host;

/// How long to wait for room in the agent's queue of connections. Connecting also
/// starts the agent where it does not run.
pub(crate) const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait for a reply: the record of it may first go to a slow disk.
pub(crate) const REPLY_PATIENCE: Duration = Duration::from_secs(30);

/// A connection on which one call follows the other.
#[derive(Debug)]
pub(crate) struct Agent {
    connection: Connection,
}

impl Agent {
    /// Connects.
    ///
    /// # Errors
    /// When the agent is not there.
    pub(crate) fn connect(host: &Host) -> Result<Self, ConnectError> {
        let connection = Connection::open(&host.socket(), CONNECT_PATIENCE)?;
        Ok(Self { connection })
    }

    /// Calls a method that has one reply.
    ///
    /// # Errors
    /// What the agent says, or that it says nothing.
    pub(crate) fn call<M: Method>(&mut self, method: &M) -> Result<M::Reply, CallError> {
        self.connection.call(method, REPLY_PATIENCE)
    }

    /// Calls a method that has one reply, which may take longer.
    ///
    /// # Errors
    /// What the agent says, or that it says nothing.
    pub(crate) fn call_patiently<M: Method>(
        &mut self,
        method: &M,
        patience: Duration,
    ) -> Result<M::Reply, CallError> {
        self.connection.call(method, patience)
    }

    /// The connection itself, for calls with several replies.
    pub(crate) fn into_connection(self) -> Connection {
        self.connection
    }
}
