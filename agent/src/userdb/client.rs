//! One connection: calls come in, answers go out, nothing is waited for.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use writ_protocol::FrameDecoder;

use super::answer::{Asker, Replies, answer};
use super::bounds::{FRAME_BYTES_MAX, Patience, QUEUE_BYTES_MAX, TURN_BYTES_MAX};
use super::snapshot::Snapshot;

/// How much is read at once, in bytes.
const READ_BYTES: usize = 1024;

/// How many calls of one connection are answered before the next one has its turn.
const CALLS_MAX: usize = 16;

/// A connection.
#[derive(Debug)]
pub(super) struct Client {
    socket: OwnedFd,
    /// The user that connected.
    pub uid: u32,
    asker: Asker,
    decoder: FrameDecoder,
    replies: Option<Replies>,
    /// Encoded and not sent yet.
    queue: Vec<u8>,
    waits_for: WaitsFor,
    /// When it has waited for that too long.
    until: Instant,
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitsFor {
    /// The first byte of a call.
    Call,
    /// The rest of it.
    Rest,
    /// The peer, to read.
    Room,
    /// Others, to have their turn.
    Turn,
}

/// Why a connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The peer has what it wanted, or is gone.
    Closed,
    /// What it sends is no call, or too long for one.
    Garbage,
    /// It asks nothing, does not finish its call, or does not read.
    Slow,
}

impl Client {
    pub(super) fn new(
        socket: OwnedFd,
        uid: u32,
        asker: Asker,
        now: Instant,
        patience: &Patience,
    ) -> Self {
        Self {
            socket,
            uid,
            asker,
            decoder: FrameDecoder::with_limit(FRAME_BYTES_MAX),
            replies: None,
            queue: Vec::new(),
            waits_for: WaitsFor::Call,
            until: now + patience.idle,
        }
    }

    /// What poll(2) is to look for, and until when.
    pub(super) fn wants(&self) -> (PollFlags, Instant) {
        match self.waits_for {
            WaitsFor::Call | WaitsFor::Rest => (PollFlags::IN, self.until),
            WaitsFor::Room => (PollFlags::OUT, self.until),
            WaitsFor::Turn => (PollFlags::empty(), self.until),
        }
    }

    /// Whether it has its turn though nothing has happened on its socket.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.until <= now
    }

    /// Does what can be done at once. `snapshot` gives what is lent at the moment
    /// of each call.
    ///
    /// # Errors
    /// When the connection is over.
    pub(super) fn advance(
        &mut self,
        snapshot: impl Fn() -> Arc<Snapshot>,
        now: Instant,
        patience: &Patience,
    ) -> Result<(), End> {
        let before = self.waits_for;
        let mut calls = 0;
        let mut sent = 0;
        let waits_for = loop {
            sent += self.send()?;
            if !self.queue.is_empty() {
                break WaitsFor::Room;
            }
            if sent >= TURN_BYTES_MAX || calls >= CALLS_MAX {
                break WaitsFor::Turn;
            }
            if self.fill_queue() {
                continue;
            }
            match self.decoder.next_frame().map_err(|_| End::Garbage)? {
                Some(frame) => {
                    let replies = answer(&frame, snapshot(), self.asker);
                    self.replies = Some(replies.map_err(|_| End::Garbage)?);
                    calls += 1;
                }
                None if self.read()? => {}
                None if self.decoder.is_mid_frame() => break WaitsFor::Rest,
                None => break WaitsFor::Call,
            }
        };
        let waits_on = waits_for == before && sent == 0 && calls == 0;
        self.waits_for = waits_for;
        match waits_for {
            WaitsFor::Turn => self.until = now,
            // A call may come in any number of pieces, which does not give it longer.
            _ if waits_on && self.until <= now => return Err(End::Slow),
            _ if waits_on => {}
            WaitsFor::Call => self.until = now + patience.idle,
            WaitsFor::Rest => self.until = now + patience.frame,
            WaitsFor::Room => self.until = now + patience.send,
        }
        Ok(())
    }

    /// Makes more of the answer; `false` when there is no more.
    fn fill_queue(&mut self) -> bool {
        let Some(replies) = &mut self.replies else { return false };
        while self.queue.len() < QUEUE_BYTES_MAX {
            match replies.next() {
                Some(frame) => self.queue.extend_from_slice(&frame),
                None => {
                    self.replies = None;
                    break;
                }
            }
        }
        !self.queue.is_empty()
    }

    /// Sends what there is room for; gives how many bytes.
    fn send(&mut self) -> Result<usize, End> {
        let mut sent = 0;
        while let Some(rest @ [_, ..]) = self.queue.get(sent..) {
            match send(&self.socket, rest, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(bytes) => sent += bytes,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(_) => return Err(End::Closed),
            }
        }
        self.queue.drain(..sent);
        Ok(sent)
    }

    /// Reads what is there; `false` when there is nothing.
    fn read(&mut self) -> Result<bool, End> {
        let mut buffer = [0; READ_BYTES];
        loop {
            match recv(&self.socket, &mut buffer[..], RecvFlags::DONTWAIT) {
                Ok((0, _)) if self.decoder.is_mid_frame() => return Err(End::Garbage),
                Ok((0, _)) => return Err(End::Closed),
                Ok((bytes, _)) => {
                    self.decoder.push(buffer.get(..bytes).unwrap_or_default());
                    return Ok(true);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(false),
                Err(_) => return Err(End::Closed),
            }
        }
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::super::snapshot::Lent;
    use super::*;

    const PATIENCE: Patience = Patience::USUAL;
    const CALL: &[u8] = b"{\"method\":\"io.systemd.UserDatabase.GetMemberships\",\"more\":true,\
        \"parameters\":{\"service\":\"io.writ.UserDatabase\"}}\0";

    fn pair() -> (UnixStream, Client, Instant) {
        let (peer, ours) = UnixStream::pair().unwrap();
        let now = Instant::now();
        (peer, Client::new(ours.into(), 1000, Asker::Other, now, &PATIENCE), now)
    }

    /// More than a socket and the queue hold.
    fn many() -> Arc<Snapshot> {
        let lent = (0..20_000).map(|number| Lent {
            user: "alice".to_owned(),
            group: format!("group{number}"),
            gid: 4,
            until: writ_engine::time::BootTime(u64::MAX),
        });
        Arc::new(Snapshot::of(lent.collect()))
    }

    fn advance(client: &mut Client, now: Instant) -> Result<(), End> {
        client.advance(Arc::default, now, &PATIENCE)
    }

    #[test]
    fn who_asks_nothing_is_not_waited_for() {
        let (_peer, mut client, now) = pair();
        let just_before = now + PATIENCE.idle - Duration::from_millis(1);
        assert_eq!(advance(&mut client, just_before), Ok(()));
        assert_eq!(advance(&mut client, now + PATIENCE.idle), Err(End::Slow));
    }

    #[test]
    fn each_call_that_is_answered_begins_the_wait_anew() {
        let (mut peer, mut client, now) = pair();
        let later = now + PATIENCE.idle;
        peer.write_all(CALL).unwrap();
        assert_eq!(advance(&mut client, later), Ok(()));
        assert_eq!(client.wants(), (PollFlags::IN, later + PATIENCE.idle));
    }

    #[test]
    fn bytes_now_and_then_do_not_keep_a_call_open() {
        let (mut peer, mut client, mut now) = pair();
        let began = now;
        loop {
            peer.write_all(b" ").unwrap();
            match advance(&mut client, now) {
                Ok(()) => now += Duration::from_millis(100),
                Err(end) => break assert_eq!(end, End::Slow),
            }
        }
        assert_eq!(now, began + PATIENCE.frame);
    }

    #[test]
    fn calls_without_an_answer_do_not_hold_others_up() {
        let (mut peer, mut client, now) = pair();
        let oneway = b"{\"method\":\"a.b\",\"oneway\":true}\0".repeat(200);
        peer.write_all(&oneway).unwrap();
        assert_eq!(advance(&mut client, now), Ok(()));
        assert!(client.is_due(now), "the others have had no turn");
    }

    #[test]
    fn who_does_not_read_is_waited_for_as_long_as_he_takes_something() {
        let (mut peer, mut client, now) = pair();
        let many = many();
        let advance = |client: &mut Client, now| {
            let end = client.advance(|| Arc::clone(&many), now, &PATIENCE);
            let turn = end.is_ok() && client.is_due(now);
            (end, turn)
        };
        let full_at = |client: &mut Client, now| while advance(client, now) == (Ok(()), true) {};
        peer.write_all(CALL).unwrap();
        full_at(&mut client, now);
        assert_eq!(client.wants(), (PollFlags::OUT, now + PATIENCE.send));
        let later = now + PATIENCE.send;
        peer.read_exact(&mut [0; 100_000]).unwrap();
        full_at(&mut client, later);
        assert_eq!(client.wants(), (PollFlags::OUT, later + PATIENCE.send));
        assert_eq!(advance(&mut client, later + PATIENCE.send).0, Err(End::Slow));
        assert!(client.queue.len() < 2 * QUEUE_BYTES_MAX);
    }
}
