//! Frames over a connection, each with its bounds.

use std::io;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};
use writ_protocol::{ErrorReply, FrameDecoder, FrameError};

use crate::limits::{FRAME_MAX, LONG_FRAME_BYTES, SEND_MAX, Turns};
use crate::runs::Descriptors;
use crate::socket::Socket;

/// How much is read at once, in bytes.
const READ_BYTES: usize = 4096;

/// Why a connection is closed. What a peer did wrong is counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    /// The peer closed it.
    #[error("the peer closed the connection")]
    Closed,
    /// The system says that it is broken.
    #[error("the connection is broken: {0}")]
    Broken(#[from] io::Error),
    /// A frame is too long.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A frame takes too long to come.
    #[error("a message took longer than {FRAME_MAX:?}")]
    Slow,
    /// Nothing was asked for too long.
    #[error("nothing was asked for too long")]
    Idle,
    /// The peer does not read what it is sent.
    #[error("what was sent was not read within {SEND_MAX:?}")]
    Unread,
    /// What came is no call, or none that may come now.
    #[error("what was sent is no call of the protocol")]
    Malformed,
}

impl StreamError {
    /// Whether the peer did something that it should not.
    #[must_use]
    pub(crate) fn is_misbehaviour(&self) -> bool {
        matches!(self, Self::Frame(_) | Self::Slow | Self::Unread | Self::Malformed)
    }
}

/// A connection that speaks in frames.
#[derive(Debug)]
pub(crate) struct FrameStream {
    socket: Socket,
    decoder: FrameDecoder,
    /// When the frame that has begun must be whole.
    whole_by: Option<Instant>,
    /// Those that came, where the next frame may bring some.
    descriptors: Option<Descriptors>,
    /// Shared with the other connections of the same holder; none has any before it
    /// is let in.
    turns: Option<Turns>,
    /// A long frame's turn, from when it became long until the next one is wanted.
    turn: Option<OwnedSemaphorePermit>,
}

#[derive(Serialize)]
struct Reply<'a, P> {
    parameters: &'a P,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    continues: bool,
}

/// Whether more replies follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follows {
    /// They do.
    More,
    /// This is the last.
    Nothing,
}

impl FrameStream {
    /// Frames of at most `bytes_max` bytes.
    #[must_use]
    pub(crate) fn new(socket: Socket, bytes_max: usize) -> Self {
        Self {
            socket,
            decoder: FrameDecoder::with_limit(bytes_max),
            whole_by: None,
            descriptors: None,
            turns: None,
            turn: None,
        }
    }

    /// From now on, and until they are taken, descriptors are received.
    pub(crate) fn expect_descriptors(&mut self, descriptors: Descriptors) {
        self.descriptors = Some(descriptors);
    }

    /// The descriptors that came; none where none were expected.
    #[must_use]
    pub(crate) fn take_descriptors(&mut self) -> Option<Descriptors> {
        self.descriptors.take()
    }

    /// From now on long frames wait for their turn.
    pub(crate) fn take_turns(&mut self, turns: Turns) {
        self.turns = Some(turns);
    }

    /// Waits for the first bytes of the first frame, at most so long.
    ///
    /// # Errors
    /// See [`StreamError`]; the connection cannot be used after any of them.
    pub(crate) async fn begin(&mut self, idle_max: Duration) -> Result<(), StreamError> {
        timeout(idle_max, self.read()).await.map_err(|_| StreamError::Idle)?
    }

    /// Reads nothing for so long, and is woken by nothing.
    ///
    /// # Errors
    /// When the system does not watch the connection again.
    pub(crate) async fn rest(&mut self, span: Duration) -> Result<(), StreamError> {
        Ok(self.socket.rest(span).await?)
    }

    /// The next frame; may be dropped and called again without losing anything.
    /// `idle_max` bounds the wait for its first byte.
    ///
    /// # Errors
    /// See [`StreamError`]; the connection cannot be used after any of them.
    pub(crate) async fn next_frame(
        &mut self,
        idle_max: Option<Duration>,
    ) -> Result<Vec<u8>, StreamError> {
        let idle_until = idle_max.map(|idle| Instant::now() + idle);
        if !self.decoder.is_mid_frame() {
            self.turn = None;
        }
        loop {
            if let Some(frame) = self.decoder.next_frame()? {
                self.whole_by = None;
                return Ok(frame);
            }
            if self.decoder.is_mid_frame() && self.whole_by.is_none() {
                self.whole_by = Some(Instant::now() + FRAME_MAX);
            }
            if let Some(whole_by) = self.whole_by {
                self.wait_for_turn(whole_by).await?;
            }
            match (self.whole_by, idle_until) {
                (Some(whole_by), _) => {
                    timeout_at(whole_by, self.read()).await.map_err(|_| StreamError::Slow)??;
                }
                (None, Some(until)) => {
                    timeout_at(until, self.read()).await.map_err(|_| StreamError::Idle)??;
                }
                (None, None) => self.read().await?,
            }
        }
    }

    /// What is not read meanwhile waits in the peer's hands.
    async fn wait_for_turn(&mut self, whole_by: Instant) -> Result<(), StreamError> {
        if self.turn.is_some() || self.decoder.bytes() <= LONG_FRAME_BYTES {
            return Ok(());
        }
        if let Some(turns) = self.turns.clone() {
            let turn = timeout_at(whole_by, turns.acquire_owned()).await;
            // It is never closed; without it there would be no turns to wait for.
            self.turn = turn.map_err(|_| StreamError::Slow)?.ok();
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<(), StreamError> {
        let mut buffer = [0; READ_BYTES];
        let read = match &mut self.descriptors {
            None => self.socket.read(&mut buffer).await,
            Some(descriptors) => self.socket.read_with(&mut buffer, descriptors.room()).await,
        };
        match read {
            Ok(0) => Err(StreamError::Closed),
            Ok(read) => {
                self.decoder.push(buffer.get(..read).unwrap_or_default());
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                Err(StreamError::Closed)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a reply.
    ///
    /// # Errors
    /// When the peer is gone or does not read.
    pub(crate) async fn reply(
        &mut self,
        parameters: &impl Serialize,
        follows: Follows,
    ) -> Result<(), StreamError> {
        let frame =
            writ_protocol::encode(&Reply { parameters, continues: follows == Follows::More })?;
        self.send(&frame).await
    }

    /// Sends an error.
    ///
    /// # Errors
    /// When the peer is gone or does not read.
    pub(crate) async fn refuse(&mut self, error: &ErrorReply) -> Result<(), StreamError> {
        self.send(&error.to_frame()?).await
    }

    async fn send(&mut self, frame: &[u8]) -> Result<(), StreamError> {
        // There is room but where the peer does not read: no timer is set for nothing.
        let sent = match self.socket.write_now(frame) {
            Ok(sent) => sent,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Err(StreamError::Closed);
            }
            Err(error) => return Err(error.into()),
        };
        let rest = frame.get(sent..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(());
        }
        match timeout(SEND_MAX, self.socket.write_all(rest)).await {
            Err(_) => Err(StreamError::Unread),
            Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => Err(StreamError::Closed),
            Ok(written) => Ok(written?),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    /// More often than the frame would have to be read.
    const TURNS_OF_THE_LOOP: u32 = 1000;

    #[test]
    fn a_long_frame_waits_for_its_turn() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            ours.set_nonblocking(true).unwrap();
            let mut stream = FrameStream::new(Socket::new(ours.into()).unwrap(), usize::MAX);
            let turns = Arc::new(Semaphore::new(1));
            stream.take_turns(Arc::clone(&turns));
            let others = Arc::clone(&turns).try_acquire_owned().unwrap();
            // Less than the socket holds (net.core.wmem_default).
            let frame = vec![b'x'; LONG_FRAME_BYTES + 4 * READ_BYTES];
            theirs.write_all(&frame).unwrap();
            theirs.write_all(&[0]).unwrap();
            tokio::select! {
                biased;
                _ = stream.next_frame(None) => panic!("it did not wait"),
                () = async {
                    for _ in 0..TURNS_OF_THE_LOOP {
                        tokio::task::yield_now().await;
                    }
                } => {}
            }
            assert!(stream.decoder.bytes() <= LONG_FRAME_BYTES + READ_BYTES);
            drop(others);
            assert_eq!(stream.next_frame(None).await.unwrap(), frame);
            assert_eq!(turns.available_permits(), 0, "it is handled now");
            drop(theirs);
            assert!(matches!(stream.next_frame(None).await, Err(StreamError::Closed)));
            assert_eq!(turns.available_permits(), 1);
        });
    }
}
