//! The thread that answers: it waits for nobody.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with};

use super::answer::Asker;
use super::bounds::{Patience, may_connect};
use super::client::{Client, End};
use super::desk::{Desk, Order};

/// How many connections are taken before those that are there have their turn.
const ACCEPTS_MAX: usize = 64;

/// How long accepting rests when the system has no descriptor left.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// The server; it is moved to its thread.
#[derive(Debug)]
pub(super) struct Server {
    desk: Arc<Desk>,
    patience: Patience,
    /// The number of the process whose look-ups find nothing: this one.
    own_pid: i32,
    listener: Option<UnixListener>,
    /// Accepting rests until then.
    rests_until: Option<Instant>,
    clients: Vec<Client>,
}

impl Server {
    pub(super) fn new(desk: Arc<Desk>, own_pid: i32, patience: Patience) -> Self {
        Self { desk, patience, own_pid, listener: None, rests_until: None, clients: Vec::new() }
    }

    /// Serves for ever.
    pub(super) fn run(mut self) {
        loop {
            let happened = self.wait();
            // Silenced first: what is put down after this rings again.
            self.desk.silence();
            match self.desk.take_order() {
                Some(Order::Listen(listener)) => self.listener = Some(listener),
                Some(Order::Close) => self.listener = None,
                None => {}
            }
            self.desk.answer_nudge();
            let now = Instant::now();
            self.serve_clients(&happened, now);
            self.accept(now);
        }
    }

    /// Waits for something to happen; says for each connection whether it did.
    fn wait(&self) -> Vec<bool> {
        let now = Instant::now();
        let mut until = self.rests_until;
        let mut watched = vec![PollFd::new(self.desk.bell(), PollFlags::IN)];
        for client in &self.clients {
            let (flags, end) = client.wants();
            watched.push(PollFd::new(client, flags));
            until = Some(until.map_or(end, |until| until.min(end)));
        }
        if let Some(listener) = self.listener.as_ref().filter(|_| self.rests_until.is_none()) {
            watched.push(PollFd::new(listener, PollFlags::IN));
        }
        let timeout = until.map(|until| timespec(until.saturating_duration_since(now)));
        match poll(&mut watched, timeout.as_ref()) {
            Ok(_) => {}
            // Whatever it was, each connection is looked at, which waits for nothing.
            Err(_) => return vec![true; self.clients.len()],
        }
        let connections = watched.iter().skip(1).take(self.clients.len());
        connections.map(|watched| !watched.revents().is_empty()).collect()
    }

    fn serve_clients(&mut self, happened: &[bool], now: Instant) {
        let (desk, patience) = (&self.desk, &self.patience);
        let mut happened = happened.iter().copied();
        self.clients.retain_mut(|client| {
            if !happened.next().unwrap_or(false) && !client.is_due(now) {
                return true;
            }
            let end = client.advance(|| desk.snapshot(), now, patience);
            if matches!(end, Err(End::Garbage | End::Slow)) {
                desk.count_turned_away();
            }
            end.is_ok()
        });
    }

    fn accept(&mut self, now: Instant) {
        if self.rests_until.is_some_and(|until| until > now) {
            return;
        }
        self.rests_until = None;
        for _ in 0..ACCEPTS_MAX {
            let Some(listener) = &self.listener else { return };
            match accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
                Ok(socket) => self.welcome(socket, now),
                Err(Errno::AGAIN) => return,
                // The peer is gone again.
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(_) => {
                    self.rests_until = Some(now + ACCEPT_REST);
                    return;
                }
            }
        }
    }

    /// What it asks is usually there already, and answered at once.
    fn welcome(&mut self, socket: OwnedFd, now: Instant) {
        let Ok(peer) = getsockopt(&socket, PeerCredentials) else { return };
        let uid = peer.uid();
        let his = self.clients.iter().filter(|client| client.uid == uid).count();
        if !may_connect(uid, his, self.clients.len()) {
            self.desk.count_turned_away();
            return;
        }
        let asker = if peer.pid() == self.own_pid { Asker::Own } else { Asker::Other };
        let mut client = Client::new(socket, uid, asker, now, &self.patience);
        match client.advance(|| self.desk.snapshot(), now, &self.patience) {
            Ok(()) => self.clients.push(client),
            Err(End::Closed) => {}
            Err(End::Garbage | End::Slow) => self.desk.count_turned_away(),
        }
    }
}

/// Rounded up, so that the deadline is past when it has elapsed.
fn timespec(time: Duration) -> Timespec {
    let time = time + Duration::from_micros(1);
    Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}
