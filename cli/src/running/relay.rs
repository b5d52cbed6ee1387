//! Bytes from one descriptor to another.

use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::io::{Errno, read, write};

/// How much is read at once and held at most, in bytes.
const HELD_BYTES_MAX: usize = 64 * 1024;

/// How much is written at once, in bytes: a pipe that has room at all has room for as
/// much, so that one that blocks does not (pipe(7), `PIPE_BUF`).
const WRITTEN_BYTES_MAX: usize = 4096;

/// One way, to its end.
#[derive(Debug)]
pub(super) struct Relay {
    /// None once it has ended.
    from: Option<OwnedFd>,
    /// None once it is not read any more, or all is written.
    to: Option<OwnedFd>,
    held: Vec<u8>,
    /// How much of `held` is written.
    written: usize,
}

impl Relay {
    pub(super) fn new(from: OwnedFd, to: OwnedFd) -> Self {
        Self { from: Some(from), to: Some(to), held: Vec::new(), written: 0 }
    }

    /// Whether all of it has come through, or cannot.
    pub(super) fn is_done(&self) -> bool {
        self.to.is_none()
    }

    /// What it waits for: something to read where nothing is held, else room to write.
    pub(super) fn awaited(&self) -> Option<PollFd<'_>> {
        let (from, to) = (self.from.as_ref(), self.to.as_ref()?);
        if self.held.is_empty() {
            from.map(|from| PollFd::from_borrowed_fd(from.as_fd(), PollFlags::IN))
        } else {
            Some(PollFd::from_borrowed_fd(to.as_fd(), PollFlags::OUT))
        }
    }

    /// Goes on, once what is awaited is there.
    pub(super) fn go_on(&mut self) {
        if self.held.is_empty() {
            self.take();
        }
        self.give();
        if self.held.is_empty() && self.from.is_none() {
            // Whoever reads from it sees the end.
            self.to = None;
        }
    }

    fn take(&mut self) {
        let Some(from) = &self.from else { return };
        self.held.resize(HELD_BYTES_MAX, 0);
        let taken = read(from, &mut self.held);
        self.held.truncate(taken.unwrap_or(0));
        match taken {
            Ok(1..) | Err(Errno::INTR | Errno::AGAIN) => {}
            // A pseudo-terminal that nobody has open any more says EIO.
            Ok(0) | Err(_) => self.from = None,
        }
    }

    fn give(&mut self) {
        let Some(to) = &self.to else { return };
        let rest = self.held.get(self.written..).unwrap_or_default();
        if rest.is_empty() {
            return;
        }
        match write(to, rest.get(..WRITTEN_BYTES_MAX).unwrap_or(rest)) {
            Ok(count) => self.written = self.written.saturating_add(count),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => {
                self.from = None;
                self.written = self.held.len();
            }
        }
        if self.written >= self.held.len() {
            self.held.clear();
            self.written = 0;
        }
    }
}

/// What each relay waits for, in their order.
pub(super) fn awaited(relays: &[Relay]) -> impl Iterator<Item = (usize, PollFd<'_>)> {
    relays.iter().enumerate().filter_map(|(index, relay)| Some((index, relay.awaited()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::poll;
    use std::io::{Read, Write};
    use std::thread;

    fn run(mut relay: Relay) {
        while !relay.is_done() {
            let Some(awaited) = relay.awaited() else { break };
            poll(&mut [awaited], None).unwrap();
            relay.go_on();
        }
    }

    #[test]
    fn everything_comes_through_in_order_and_then_the_end() {
        let (from, mut into) = std::io::pipe().unwrap();
        let (mut out, to) = std::io::pipe().unwrap();
        let sent: Vec<u8> = (0..1_000_000_u32).map(|place| place.to_le_bytes()[1]).collect();
        let copy = sent.clone();
        let writer = thread::spawn(move || into.write_all(&copy).unwrap());
        let relay = thread::spawn(move || run(Relay::new(from.into(), to.into())));
        let mut seen = Vec::new();
        out.read_to_end(&mut seen).unwrap();
        writer.join().unwrap();
        relay.join().unwrap();
        assert!(seen == sent, "{} of {} bytes", seen.len(), sent.len());
    }

    #[test]
    fn a_reader_that_left_ends_it() {
        let (from, mut into) = std::io::pipe().unwrap();
        let (out, to) = std::io::pipe().unwrap();
        drop(out);
        into.write_all(b"x").unwrap();
        let mut relay = Relay::new(from.into(), to.into());
        relay.go_on();
        relay.go_on();
        assert!(relay.is_done());
    }
}
