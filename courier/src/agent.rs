//! A connection to the agent that waits beside others.

use std::io;
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;
use writ_protocol::calls::{Method, Outgoing, Replies};
use writ_protocol::{CallError, Follows, FrameDecoder, encode, read_reply};

use crate::limits::AGENT_MAX;

/// Why the agent did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AgentError {
    #[error("Writ's agent cannot be reached at {path}")]
    Unreachable { path: String, source: io::Error },
    #[error("the connection to Writ's agent is lost")]
    Lost(#[from] io::Error),
    #[error(transparent)]
    Call(#[from] CallError),
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Agent {
    stream: UnixStream,
    decoder: FrameDecoder,
}

impl Agent {
    /// Connects, and calls a method.
    pub(crate) async fn call<M: Method>(
        path: &Path,
        method: &M,
        replies: Replies,
    ) -> Result<Self, AgentError> {
        let unreachable =
            |source| AgentError::Unreachable { path: path.display().to_string(), source };
        let stream = UnixStream::connect(path).await.map_err(unreachable)?;
        let mut agent = Self { stream, decoder: FrameDecoder::default() };
        let frame = encode(&Outgoing::new(method, replies)).map_err(CallError::from)?;
        timeout(AGENT_MAX, agent.stream.write_all(&frame))
            .await
            .map_err(|_| CallError::TimedOut)??;
        Ok(agent)
    }

    /// Connects, calls a method and waits for its one reply.
    pub(crate) async fn ask<M: Method>(path: &Path, method: &M) -> Result<M::Reply, AgentError> {
        let mut agent = Self::call(path, method, Replies::One).await?;
        let reply = timeout(AGENT_MAX, agent.reply::<M>()).await;
        reply.map_err(|_| CallError::TimedOut)?.map(|(reply, _)| reply)
    }

    /// Waits for the next reply. May be dropped and called again.
    pub(crate) async fn reply<M: Method>(&mut self) -> Result<(M::Reply, Follows), AgentError> {
        loop {
            if let Some(frame) = self.decoder.next_frame().map_err(CallError::from)? {
                return Ok(read_reply::<M>(&frame)?);
            }
            let mut buffer = [0; 8192];
            match self.stream.read(&mut buffer).await? {
                0 => return Err(CallError::Closed.into()),
                read => self.decoder.push(buffer.get(..read).unwrap_or_default()),
            }
        }
    }
}
