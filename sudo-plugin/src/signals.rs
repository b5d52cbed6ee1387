//! Signals while sudo waits for us.
//!
//! sudo's own handlers set a flag and restart the system call (`SA_RESTART`), so
//! that a person could not leave a wait. For as long as [`Caught`] lives, ours
//! stand in their place: what asks the process to end ends the wait, and what
//! stops it (Ctrl-Z) stops it, as it does any program. A signal that is ignored,
//! as under nohup(1), stays ignored.
#![allow(
    unsafe_code,
    reason = "sigaction(2), sigprocmask(2) and ppoll(2) have no safe form that restores what was there"
)]

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use libc::{c_int, sigaction, sigset_t};

/// Set by a signal that asks the process to end.
static LEAVE: AtomicBool = AtomicBool::new(false);
/// Set when the process goes on after it was stopped, or its window has changed.
static REDRAW: AtomicBool = AtomicBool::new(false);

const LEAVING: [c_int; 4] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];
const REDRAWING: [c_int; 2] = [libc::SIGCONT, libc::SIGWINCH];
const STOPPING: [c_int; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// What a wait ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Polled {
    /// At least one of the descriptors is ready or gone.
    Ready,
    /// A signal asks the process to end.
    Leave,
    /// The process was stopped and goes on, or the window has changed.
    Redraw,
    /// The time is up.
    TimedOut,
}

/// What a descriptor is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Something to read.
    Input,
    /// Nothing but its end.
    HangUp,
}

/// Our handlers, until it is dropped.
pub(crate) struct Caught {
    saved: Vec<(c_int, sigaction)>,
}

impl Caught {
    /// Puts our handlers in the place of those that are there.
    pub(crate) fn install() -> Self {
        LEAVE.store(false, Ordering::Relaxed);
        REDRAW.store(false, Ordering::Relaxed);
        let handlers = [
            (LEAVING.as_slice(), on_leave as *const () as usize),
            (REDRAWING.as_slice(), on_redraw as *const () as usize),
            (STOPPING.as_slice(), libc::SIG_DFL),
        ];
        let mut saved = Vec::with_capacity(LEAVING.len() + REDRAWING.len() + STOPPING.len());
        for (signals, handler) in handlers {
            for signal in signals {
                if let Some(old) = replace(*signal, handler) {
                    saved.push((*signal, old));
                }
            }
        }
        Self { saved }
    }

    /// Waits until one of `watched` is ready, a signal comes, or `patience` is
    /// over. The second value says of each whether it is ready.
    pub(crate) fn poll<const N: usize>(
        &self,
        watched: [Option<(BorrowedFd<'_>, For)>; N],
        patience: Duration,
    ) -> (Polled, [bool; N]) {
        // A negative descriptor is passed over by poll(2).
        let mut fds = watched.map(|slot| libc::pollfd {
            fd: slot.map_or(-1, |(fd, _)| fd.as_raw_fd()),
            events: match slot {
                Some((_, For::Input)) => libc::POLLIN,
                _ => 0,
            },
            revents: 0,
        });
        let blocked = Blocked::new();
        if let Some(signalled) = self.pending() {
            return (signalled, [false; N]);
        }
        let patience = libc::timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(patience.subsec_nanos()),
        };
        // SAFETY: `fds` is an array of N initialised pollfd, the time and the mask
        // are initialised; all outlive the call.
        let ready = unsafe {
            libc::ppoll(
                fds.as_mut_ptr(),
                N as libc::nfds_t,
                &raw const patience,
                &raw const blocked.before,
            )
        };
        drop(blocked);
        if let Some(signalled) = self.pending() {
            return (signalled, [false; N]);
        }
        match ready {
            0 => (Polled::TimedOut, [false; N]),
            // Another signal, or a failure that the next read will tell of.
            ready if ready < 0 => (Polled::Redraw, [false; N]),
            _ => (Polled::Ready, fds.map(|fd| fd.revents != 0)),
        }
    }

    /// The signal that came since it was last asked; one that asks to leave is
    /// told every time.
    fn pending(&self) -> Option<Polled> {
        if LEAVE.load(Ordering::Relaxed) {
            return Some(Polled::Leave);
        }
        REDRAW.swap(false, Ordering::Relaxed).then_some(Polled::Redraw)
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        for (signal, old) in self.saved.drain(..) {
            // SAFETY: `old` is what sigaction(2) itself returned for this signal.
            unsafe { sigaction(signal, &raw const old, ptr::null_mut()) };
        }
    }
}

/// Our signals, held back until it is dropped, so that none comes between the look
/// at the flags and the poll that it must end.
struct Blocked {
    before: sigset_t,
}

impl Blocked {
    fn new() -> Self {
        let mut ours = MaybeUninit::<sigset_t>::uninit();
        let mut before = MaybeUninit::<sigset_t>::uninit();
        // SAFETY: sigemptyset(3) initialises `ours`, and sigprocmask(2) `before`:
        // it fails only for a bad first argument.
        unsafe {
            libc::sigemptyset(ours.as_mut_ptr());
            for signal in LEAVING.iter().chain(&REDRAWING) {
                libc::sigaddset(ours.as_mut_ptr(), *signal);
            }
            libc::sigprocmask(libc::SIG_BLOCK, ours.as_ptr(), before.as_mut_ptr());
            Self { before: before.assume_init() }
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: `before` is the mask that sigprocmask(2) returned.
        unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut()) };
    }
}

/// Installs `handler` without `SA_RESTART` and returns what was there; `None` when
/// the signal is ignored, and stays so.
fn replace(signal: c_int, handler: libc::sighandler_t) -> Option<sigaction> {
    let mut old = MaybeUninit::<sigaction>::uninit();
    // SAFETY: the handlers only store to an atomic, which is async-signal-safe
    // (signal-safety(7)); a zeroed sigaction has an empty mask and no flags; `old`
    // is initialised when the call returns 0.
    unsafe {
        if sigaction(signal, ptr::null(), old.as_mut_ptr()) != 0 {
            return None;
        }
        let old = old.assume_init();
        if old.sa_sigaction == libc::SIG_IGN {
            return None;
        }
        let mut new: sigaction = MaybeUninit::zeroed().assume_init();
        new.sa_sigaction = handler;
        (sigaction(signal, &raw const new, ptr::null_mut()) == 0).then_some(old)
    }
}

extern "C" fn on_leave(_signal: c_int) {
    LEAVE.store(true, Ordering::Relaxed);
}

extern "C" fn on_redraw(_signal: c_int) {
    REDRAW.store(true, Ordering::Relaxed);
}
