//! The sockets of the event loop.
//!
//! tokio's own wait for room to write as much as for something to read, so that
//! every reply that a sudo reads wakes the agent for nothing, twice for each sudo.
//! These wait for what is read; room is waited for only when there is none.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::rc::Rc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendFlags, SocketFlags,
    accept_with, recv, recvmsg, send,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use writ_protocol::run::DESCRIPTORS;

/// A connection.
#[derive(Debug)]
pub(crate) struct Socket {
    connection: Rc<OwnedFd>,
    /// Watched for what can be read; not while it rests.
    watched: Option<AsyncFd<Rc<OwnedFd>>>,
}

/// What connections come from.
#[derive(Debug)]
pub(crate) struct Listener(AsyncFd<UnixListener>);

impl Listener {
    /// Must be made inside of the runtime; `listener` does not block.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub(crate) fn new(listener: UnixListener) -> io::Result<Self> {
        Ok(Self(registered(listener, Interest::READABLE)?))
    }

    /// The next connection.
    ///
    /// # Errors
    /// What accept(2) says.
    pub(crate) async fn accept(&self) -> io::Result<OwnedFd> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let accepted = self.0.async_io(Interest::READABLE, |listener| {
            accept_with(listener, flags).map_err(io::Error::from)
        });
        accepted.await
    }
}

impl Socket {
    /// Must be made inside of the runtime; `connection` does not block.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub(crate) fn new(connection: OwnedFd) -> io::Result<Self> {
        let connection = Rc::new(connection);
        let watched = Some(registered(Rc::clone(&connection), Interest::READABLE)?);
        Ok(Self { connection, watched })
    }

    /// Is not looked at for so long: what comes meanwhile, or the end of the connection,
    /// wakes nobody, which costs whoever does it the waking. Dropped in between, it reads
    /// nothing any more.
    ///
    /// # Errors
    /// When the system does not watch it again.
    pub(crate) async fn rest(&mut self, span: Duration) -> io::Result<()> {
        self.watched = None;
        tokio::time::sleep(span).await;
        self.watched = Some(registered(Rc::clone(&self.connection), Interest::READABLE)?);
        Ok(())
    }

    fn watched(&self) -> io::Result<&AsyncFd<Rc<OwnedFd>>> {
        self.watched.as_ref().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Waits for something to read; 0 is the end. May be dropped and called again.
    ///
    /// # Errors
    /// What recv(2) says.
    pub(crate) async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.watched()?.async_io(Interest::READABLE, |socket| {
            recv(socket, &mut *buffer, RecvFlags::empty()).map_err(io::Error::from)
        });
        read.await.map(|(read, _)| read)
    }

    /// As [`Socket::read`], and takes the descriptors that come with it (unix(7),
    /// `SCM_RIGHTS`). Everywhere else the kernel lets go of them as soon as it can.
    ///
    /// # Errors
    /// What recvmsg(2) says, and when there are more than `descriptors` has room for:
    /// at most [`DESCRIPTORS`] in all.
    pub(crate) async fn read_with(
        &self,
        buffer: &mut [u8],
        descriptors: &mut Vec<OwnedFd>,
    ) -> io::Result<usize> {
        let read = self.watched()?.async_io(Interest::READABLE, |socket| {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let mut buffer = [IoSliceMut::new(buffer)];
            let flags = RecvFlags::CMSG_CLOEXEC;
            let read = recvmsg(socket, &mut buffer, &mut control, flags)?;
            for message in control.drain() {
                if let RecvAncillaryMessage::ScmRights(received) = message {
                    descriptors.extend(received);
                }
            }
            let all = !read.flags.contains(ReturnFlags::CTRUNC) && descriptors.len() <= DESCRIPTORS;
            let too_many = || io::Error::other("too many descriptors");
            all.then_some(read.bytes).ok_or_else(too_many)
        });
        read.await
    }

    /// Writes as much of `bytes` as there is room for.
    ///
    /// # Errors
    /// What send(2) says.
    pub(crate) fn write_now(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match send(&*self.connection, bytes, SendFlags::NOSIGNAL) {
                Ok(sent) => return Ok(sent),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(0),
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Writes all of `bytes`, waiting for room.
    ///
    /// # Errors
    /// What send(2) says.
    pub(crate) async fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        let mut room = None;
        while !rest.is_empty() {
            match self.write_now(rest)? {
                0 => self.wait_for_room(&mut room).await?,
                sent => rest = rest.get(sent..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    /// By a second registration, which takes a second descriptor (epoll_ctl(2)).
    async fn wait_for_room(&self, room: &mut Option<AsyncFd<OwnedFd>>) -> io::Result<()> {
        let room = match room {
            Some(room) => room,
            None => {
                let second = self.connection.try_clone()?;
                room.insert(registered(second, Interest::WRITABLE)?)
            }
        };
        // Without `retain_ready` the next wait is for room that comes after this.
        room.writable().await?.clear_ready();
        Ok(())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }
}

fn registered<T: AsFd + std::os::fd::AsRawFd>(
    socket: T,
    interest: Interest,
) -> io::Result<AsyncFd<T>> {
    #[allow(
        deprecated,
        reason = "the descriptor is owned by what registers it, and so lives as long"
    )]
    AsyncFd::with_interest(socket, interest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, sendmsg};
    use std::fs::File;
    use std::io::{IoSlice, Read, Write};
    use std::os::unix::net::UnixStream;

    /// More than a socket holds (net.core.wmem_default is 208 KiB).
    const MORE_THAN_FITS: usize = 4 * 1024 * 1024;

    #[tokio::test]
    async fn what_does_not_fit_at_once_is_written_as_room_comes() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let socket = Socket::new(ours.into()).unwrap();
        let reader = tokio::task::spawn_blocking(move || {
            let mut read = Vec::new();
            theirs.read_to_end(&mut read).unwrap();
            read
        });
        let sent: Vec<u8> = (0..MORE_THAN_FITS).map(|place| place.to_le_bytes()[0]).collect();
        socket.write_all(&sent).await.unwrap();
        drop(socket);
        assert!(reader.await.unwrap() == sent, "not all of it came through in order");
    }

    /// Sends a byte with so many descriptors.
    fn send_with(socket: &UnixStream, count: usize) {
        let null = File::open("/dev/null").unwrap();
        let descriptors = vec![null.as_fd(); count];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(100))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
        sendmsg(socket, &[IoSlice::new(b"x")], &mut control, SendFlags::empty()).unwrap();
    }

    #[tokio::test]
    async fn what_came_while_it_rested_is_read_after_it() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut socket = Socket::new(ours.into()).unwrap();
        theirs.write_all(b"before").unwrap();
        let during = std::thread::spawn(move || theirs.write_all(b" and during").unwrap());
        socket.rest(Duration::from_millis(20)).await.unwrap();
        during.join().unwrap();
        let mut read = [0; 32];
        let count = socket.read(&mut read).await.unwrap();
        assert_eq!(&read[..count], b"before and during");
        assert_eq!(socket.read(&mut read).await.unwrap(), 0, "the peer is gone");
    }

    #[tokio::test]
    async fn three_descriptors_are_taken_and_not_one_more() {
        let taken = async |counts: &[usize]| {
            let (ours, theirs) = UnixStream::pair().unwrap();
            ours.set_nonblocking(true).unwrap();
            let socket = Socket::new(ours.into()).unwrap();
            counts.iter().for_each(|count| send_with(&theirs, *count));
            let mut descriptors = Vec::new();
            for _ in counts {
                socket.read_with(&mut [0; 16], &mut descriptors).await.map_err(|_| ())?;
            }
            Ok::<usize, ()>(descriptors.len())
        };
        assert_eq!(taken(&[3]).await, Ok(3));
        assert_eq!(taken(&[1, 2]).await, Ok(3));
        for counts in [&[4][..], &[5], &[100], &[3, 1], &[1, 1, 1, 1]] {
            assert_eq!(taken(counts).await, Err(()), "{counts:?}");
        }
    }

    #[tokio::test]
    async fn where_none_are_expected_none_are_held() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let socket = Socket::new(ours.into()).unwrap();
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let descriptors = [writer.as_fd()];
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
        sendmsg(&theirs, &[IoSlice::new(b"x")], &mut control, SendFlags::empty()).unwrap();
        drop(writer);
        assert_eq!(socket.read(&mut [0; 16]).await.unwrap(), 1);
        // Nobody has the pipe's other end any more, and so it is at its end.
        assert_eq!(reader.read(&mut [0; 1]).unwrap(), 0);
    }

    #[tokio::test]
    async fn a_peer_that_is_gone_is_told_by_reading_and_by_writing() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let socket = Socket::new(ours.into()).unwrap();
        drop(theirs);
        assert_eq!(socket.read(&mut [0; 16]).await.unwrap(), 0);
        assert_eq!(socket.write_all(b"x").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
