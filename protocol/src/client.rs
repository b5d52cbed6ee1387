//! The small blocking client.
//!
//! It serves two kinds of callers: the command line, which waits in
//! [`Connection::call`], and the modules inside of sudo and PAM, which wait in a
//! `poll(2)` of their own and take what has come with [`Connection::receive`].

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix,
    SocketFlags, SocketType, connect, sendmsg, socket_with,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::calls::{Method, Outgoing, Replies};
use crate::errors::{ErrorFrame, ErrorReply};
use crate::run::DESCRIPTORS;
use crate::{FrameDecoder, FrameError, encode};

/// How long to wait before another try when the agent's queue of connections is
/// full (`EAGAIN` of connect(2) on a Unix socket).
const BACKLOG_RETRY: Duration = Duration::from_millis(5);

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// connect(2) failed.
    #[error(
        "Writ's agent cannot be reached at {path} ({errno}); `systemctl status writd.socket writd` says more"
    )]
    Unreachable {
        /// The socket.
        path: String,
        /// What the system said.
        errno: Errno,
    },
    /// The agent takes no connection in time.
    #[error("Writ's agent takes no connection at {path}; `systemctl status writd` says more")]
    Busy {
        /// The socket.
        path: String,
    },
}

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The agent went away.
    #[error("Writ's agent closed the connection; `systemctl status writd` says more")]
    Closed,
    /// No reply in time.
    #[error("Writ's agent did not answer in time; `systemctl status writd` says more")]
    TimedOut,
    /// A system call failed.
    #[error("the connection to Writ's agent failed: {0}")]
    Io(ErrorKind),
    /// Something too long.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A reply that is not of the interface.
    #[error("Writ's agent answered with something that this version does not understand")]
    Malformed,
    /// The agent answered with an error.
    #[error(transparent)]
    Reply(#[from] ErrorReply),
}

/// What [`Connection::receive`] found.
#[derive(Debug)]
pub enum Received<R> {
    /// A reply, and whether more follow.
    Reply(R, Follows),
    /// Nothing whole has come yet.
    Pending,
}

/// Whether more replies follow on the same call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// They do (`continues`).
    More,
    /// This was the last.
    Nothing,
}

/// A connection to the agent. Its descriptor is non-blocking and close-on-exec.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
    decoder: FrameDecoder,
}

#[derive(Deserialize)]
struct ReplyFrame<'a> {
    #[serde(borrow, default)]
    parameters: Option<&'a RawValue>,
    #[serde(default)]
    continues: bool,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl Connection {
    /// Connects to the socket at `path`, trying for at most `patience` while the
    /// queue of connections is full.
    ///
    /// # Errors
    /// When nobody listens, or not in time.
    pub fn open(path: &Path, patience: Duration) -> Result<Self, ConnectError> {
        let shown = path.display().to_string();
        let unreachable = |errno| ConnectError::Unreachable { path: shown.clone(), errno };
        let address = SocketAddrUnix::new(path).map_err(unreachable)?;
        let deadline = Instant::now() + patience;
        loop {
            match connect_once(&address) {
                Ok(socket) => {
                    let socket = above_standard(socket).map_err(unreachable)?;
                    return Ok(Self {
                        stream: UnixStream::from(socket),
                        decoder: FrameDecoder::default(),
                    });
                }
                Err(Errno::AGAIN | Errno::INTR) if Instant::now() < deadline => {
                    let pause =
                        Timespec { tv_sec: 0, tv_nsec: i64::from(BACKLOG_RETRY.subsec_nanos()) };
                    let _ = poll(&mut [], Some(&pause));
                }
                Err(Errno::AGAIN) => return Err(ConnectError::Busy { path: shown }),
                Err(errno) => return Err(unreachable(errno)),
            }
        }
    }

    /// Says that a call follows soon: the agent wakes up and looks at who calls, while the
    /// caller puts the call together. In front of JSON a space is as good as nothing
    /// (RFC 8259, section 2). That it fails, the call itself tells.
    pub fn announce(&mut self) {
        let _ = self.stream.write(b" ");
    }

    /// Sends a call; waits at most `patience` for room in the socket.
    ///
    /// # Errors
    /// When the agent is gone, does not read in time, or the call is too long; with
    /// its own word when it refused the connection before it read the call.
    pub fn send<M: Method>(
        &mut self,
        method: &M,
        replies: Replies,
        patience: Duration,
    ) -> Result<(), CallError> {
        let frame = encode(&Outgoing::new(method, replies))?;
        self.send_rest::<M>(&frame, Instant::now() + patience)
    }

    fn send_rest<M: Method>(
        &mut self,
        mut rest: &[u8],
        deadline: Instant,
    ) -> Result<(), CallError> {
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.wait(PollFlags::OUT, deadline)?
                }
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    return Err(match self.receive::<M>() {
                        Err(refused @ CallError::Reply(_)) => refused,
                        _ => CallError::Closed,
                    });
                }
                Err(error) => return Err(lost(error.kind())),
            }
        }
        Ok(())
    }

    /// Sends a call with descriptors, which come with its first byte (unix(7),
    /// `SCM_RIGHTS`).
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub fn send_with<M: Method>(
        &mut self,
        method: &M,
        replies: Replies,
        descriptors: &[BorrowedFd<'_>; DESCRIPTORS],
        patience: Duration,
    ) -> Result<(), CallError> {
        let frame = encode(&Outgoing::new(method, replies))?;
        let deadline = Instant::now() + patience;
        let sent = loop {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            // There is room for as many.
            control.push(SendAncillaryMessage::ScmRights(descriptors));
            let frame = [IoSlice::new(&frame)];
            match sendmsg(&self.stream, &frame, &mut control, SendFlags::NOSIGNAL) {
                Ok(sent) => break sent,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT, deadline)?,
                Err(errno) => return Err(lost(std::io::Error::from(errno).kind())),
            }
        };
        self.send_rest::<M>(frame.get(sent..).unwrap_or_default(), deadline)
    }

    /// Takes a reply if one has come; never waits. Call it until it is
    /// [`Received::Pending`], then `poll` the descriptor for reading.
    ///
    /// # Errors
    /// When the agent is gone, or answers with an error or with nonsense.
    pub fn receive<M: Method>(&mut self) -> Result<Received<M::Reply>, CallError> {
        loop {
            if let Some(frame) = self.decoder.next_frame()? {
                let (reply, follows) = read_reply::<M>(&frame)?;
                return Ok(Received::Reply(reply, follows));
            }
            let mut buffer = [0; 8192];
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(CallError::Closed),
                Ok(read) => self.decoder.push(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Received::Pending);
                }
                Err(error) => return Err(lost(error.kind())),
            }
        }
    }

    /// Calls a method and waits at most `patience` for its one reply.
    ///
    /// # Errors
    /// As [`Connection::send`] and [`Connection::receive`], and when the time is up.
    pub fn call<M: Method>(
        &mut self,
        method: &M,
        patience: Duration,
    ) -> Result<M::Reply, CallError> {
        let deadline = Instant::now() + patience;
        self.send(method, Replies::One, patience)?;
        self.reply::<M>(deadline).map(|(reply, _)| reply)
    }

    /// Waits until `deadline` for the next reply to a call that was sent.
    ///
    /// # Errors
    /// As [`Connection::receive`], and when the time is up.
    pub fn reply<M: Method>(
        &mut self,
        deadline: Instant,
    ) -> Result<(M::Reply, Follows), CallError> {
        loop {
            match self.receive::<M>()? {
                Received::Reply(reply, follows) => return Ok((reply, follows)),
                Received::Pending => self.wait(PollFlags::IN, deadline)?,
            }
        }
    }

    fn wait(&self, flags: PollFlags, deadline: Instant) -> Result<(), CallError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(CallError::TimedOut);
        }
        let left = Timespec::try_from(left)
            .unwrap_or(Timespec { tv_sec: i64::from(i32::MAX), tv_nsec: 0 });
        match poll(&mut [PollFd::new(&self.stream, flags)], Some(&left)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(CallError::Io(std::io::Error::from(errno).kind())),
        }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// The same, beyond the standard descriptors: a program that was started without them
/// would take the socket for its input or its output.
fn above_standard(socket: OwnedFd) -> Result<OwnedFd, Errno> {
    const FIRST: i32 = 3;
    if socket.as_raw_fd() >= FIRST {
        return Ok(socket);
    }
    rustix::io::fcntl_dupfd_cloexec(&socket, FIRST)
}

fn connect_once(address: &SocketAddrUnix) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, address)?;
    Ok(socket)
}

/// The reply in a frame, for clients with a way of waiting of their own.
///
/// # Errors
/// With the agent's own word where it refused, and for what is no reply.
pub fn read_reply<M: Method>(frame: &[u8]) -> Result<(M::Reply, Follows), CallError> {
    let reply: ReplyFrame<'_> = serde_json::from_slice(frame).map_err(|_| CallError::Malformed)?;
    if reply.error.is_some() {
        let error: ErrorFrame = serde_json::from_slice(frame).map_err(|_| CallError::Malformed)?;
        return Err(CallError::Reply(error.into()));
    }
    let parameters = reply.parameters.map_or("{}", RawValue::get);
    let value = serde_json::from_str(parameters).map_err(|_| CallError::Malformed)?;
    let follows = if reply.continues { Follows::More } else { Follows::Nothing };
    Ok((value, follows))
}

fn lost(kind: ErrorKind) -> CallError {
    match kind {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => CallError::Closed,
        other => CallError::Io(other),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::calls::{Incoming, Status};

    #[test]
    fn a_call_that_was_announced_is_one_call() {
        let patience = Duration::from_secs(10);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent");
        let listener = UnixListener::bind(&path).unwrap();
        let mut connection = Connection::open(&path, patience).unwrap();
        let (mut agent, _) = listener.accept().unwrap();
        connection.announce();
        connection.send(&Status {}, Replies::One, patience).unwrap();
        drop(connection);
        let (mut bytes, mut decoder) = (Vec::new(), FrameDecoder::default());
        agent.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.first(), Some(&b' '));
        decoder.push(&bytes);
        let frame = decoder.next_frame().unwrap().unwrap();
        assert_eq!(Incoming::parse(&frame).unwrap().method, "io.writ.Agent.Status");
        assert!(!decoder.is_mid_frame());
    }

    #[test]
    fn an_agent_that_is_gone_is_told_by_the_call_that_was_announced() {
        let patience = Duration::from_secs(10);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent");
        let listener = UnixListener::bind(&path).unwrap();
        let mut connection = Connection::open(&path, patience).unwrap();
        drop(listener.accept().unwrap());
        connection.announce();
        assert_eq!(connection.call(&Status {}, patience).unwrap_err(), CallError::Closed);
    }

    #[test]
    fn a_refusal_from_before_the_call_is_heard() {
        let patience = Duration::from_secs(10);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent");
        let listener = UnixListener::bind(&path).unwrap();
        let refusal = ErrorReply::TooMany { message: "no more".into() };
        for word in [Some(refusal), None] {
            let mut connection = Connection::open(&path, patience).unwrap();
            let (mut agent, _) = listener.accept().unwrap();
            if let Some(refusal) = &word {
                agent.write_all(&refusal.to_frame().unwrap()).unwrap();
            }
            drop(agent);
            let told = connection.call(&Status {}, patience).unwrap_err();
            assert_eq!(told, word.map_or(CallError::Closed, CallError::Reply));
        }
    }
}
