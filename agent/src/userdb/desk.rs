//! What the agent and the server's thread hand to each other. Whoever takes the
//! lock gives it back before he does anything else.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};
use tokio::sync::Notify;

use super::snapshot::Snapshot;
use crate::clock;

/// What is handed over.
#[derive(Debug)]
pub(super) struct Desk {
    state: Mutex<State>,
    /// Readable when there is something for the thread (eventfd(2)).
    bell: OwnedFd,
    nudged: AtomicBool,
    answered: Notify,
    turned_away: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    snapshot: Arc<Snapshot>,
    order: Option<Order>,
}

/// What the thread is to do with its socket.
#[derive(Debug)]
pub(super) enum Order {
    /// Take connections from this one. The thread alone has it: when the thread is
    /// gone, the socket is dead, and a dead socket holds nobody up.
    Listen(UnixListener),
    /// Take no more connections.
    Close,
}

impl Desk {
    /// # Errors
    /// When the process has no descriptor left.
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            state: Mutex::default(),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            nudged: AtomicBool::new(false),
            answered: Notify::new(),
            turned_away: AtomicU64::new(0),
        })
    }

    /// What is lent now: what has ended is gone, though nobody may have said so yet.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        let now = clock::now().boot;
        let mut state = self.state();
        if let Some(left) = state.snapshot.without_what_ended(now) {
            state.snapshot = Arc::new(left);
        }
        Arc::clone(&state.snapshot)
    }

    /// Every call that is answered after this is answered from `snapshot`.
    pub(super) fn put(&self, snapshot: Arc<Snapshot>, order: Option<Order>) {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.snapshot, snapshot);
        if order.is_some() {
            state.order = order;
        }
        drop(state);
        drop(before);
        self.ring();
    }

    /// What the thread is to do, once.
    pub(super) fn take_order(&self) -> Option<Order> {
        self.state().order.take()
    }

    /// Returns when the thread has come round to it: it lives.
    pub(super) async fn answered(&self) {
        self.nudged.store(true, Ordering::Release);
        self.ring();
        self.answered.notified().await;
    }

    /// The thread's answer.
    pub(super) fn answer_nudge(&self) {
        if self.nudged.swap(false, Ordering::AcqRel) {
            self.answered.notify_one();
        }
    }

    pub(super) fn bell(&self) -> &OwnedFd {
        &self.bell
    }

    /// Before the thread looks at what there is for it.
    pub(super) fn silence(&self) {
        // It does not block, and nothing to read is no harm.
        let _ = read(&self.bell, &mut [0; 8]);
    }

    /// How many connections were refused or ended for what they did.
    pub(super) fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    pub(super) fn count_turned_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    fn ring(&self) {
        // It fails only when it has rung 2^64 times unheard.
        let _ = write(&self.bell, &1_u64.to_ne_bytes());
    }

    /// Nothing that is done under the lock can leave it half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
