//! Signals while sudo waits for us.
//!
//! sudo's own handlers set a flag and restart the system call (`SA_RESTART`), so
//! that a person could not leave a wait. For as long as [`Caught`] lives, ours
//! may stand in their place: what asks the process to end ends the wait, and what
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
use std::time::{Duration, Instant};

use libc::{c_int, sigaction, sigset_t};

/// Set by a signal that asks the process to end.
static LEAVE: AtomicBool = AtomicBool::new(false);
/// Set when the process goes on after it was stopped, or its window has changed.
static REDRAW: AtomicBool = AtomicBool::new(false);

const LEAVING: [c_int; 4] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];
const REDRAWING: [c_int; 2] = [libc::SIGCONT, libc::SIGWINCH];
const STOPPING: [c_int; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// How long an agent that asks nobody may take before our handlers are installed.
const QUICK: Duration = Duration::from_millis(20);

/// How long to stay awake for an answer.
const AWAKE: Duration = Duration::from_micros(300);

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

/// The signals that are ours, until it is dropped.
///
/// They are blocked but for the time of a poll, so that none comes between a look
/// at the flags and the poll that it must end. Handlers are installed only once a
/// poll has lasted longer than [`QUICK`]: an agent that decides by itself answers
/// before, and what comes meanwhile is delivered afterwards.
pub(crate) struct Caught {
    /// The mask that was there.
    before: sigset_t,
    /// What was there in the place of our handlers, once they are installed.
    saved: Option<Vec<(c_int, sigaction)>>,
}

impl Caught {
    /// Blocks our signals.
    pub(crate) fn new() -> Self {
        let mut ours = MaybeUninit::<sigset_t>::uninit();
        let mut before = MaybeUninit::<sigset_t>::uninit();
        // SAFETY: sigemptyset(3) initialises `ours`, and sigprocmask(2) `before`:
        // it fails only for a bad first argument.
        let before = unsafe {
            libc::sigemptyset(ours.as_mut_ptr());
            for signal in LEAVING.iter().chain(&REDRAWING).chain([&libc::SIGTSTP]) {
                libc::sigaddset(ours.as_mut_ptr(), *signal);
            }
            libc::sigprocmask(libc::SIG_BLOCK, ours.as_ptr(), before.as_mut_ptr());
            before.assume_init()
        };
        Self { before, saved: None }
    }

    /// Waits until one of `watched` is ready, a signal comes, or `patience` is
    /// over. The second value says of each whether it is ready.
    pub(crate) fn poll<const N: usize>(
        &mut self,
        watched: [Option<(BorrowedFd<'_>, For)>; N],
        mut patience: Duration,
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
        if self.saved.is_none() {
            if is_ready_soon(&mut fds, patience) || ppoll(&mut fds, patience.min(QUICK), None) > 0 {
                return (Polled::Ready, fds.map(|fd| fd.revents != 0));
            }
            self.saved = Some(installed());
            patience = patience.saturating_sub(QUICK);
        }
        let ready = ppoll(&mut fds, patience, Some(&self.before));
        if LEAVE.load(Ordering::Relaxed) {
            (Polled::Leave, [false; N])
        } else if REDRAW.swap(false, Ordering::Relaxed) || ready < 0 {
            // A failure without a signal of ours is told of by the next read.
            (Polled::Redraw, [false; N])
        } else if ready == 0 {
            (Polled::TimedOut, [false; N])
        } else {
            (Polled::Ready, fds.map(|fd| fd.revents != 0))
        }
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        for (signal, old) in self.saved.take().into_iter().flatten() {
            // SAFETY: `old` is what sigaction(2) itself returned for this signal.
            unsafe { sigaction(signal, &raw const old, ptr::null_mut()) };
        }
        // SAFETY: `before` is the mask that sigprocmask(2) returned.
        unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut()) };
    }
}

/// Whether one of them is ready before it would be worth going to sleep: an agent that
/// decides by itself answers in about the time that it takes a processor to wake up.
/// Others may have the processor meanwhile.
fn is_ready_soon(fds: &mut [libc::pollfd], patience: Duration) -> bool {
    let started = Instant::now();
    while started.elapsed() < patience.min(AWAKE) {
        if ppoll(fds, Duration::ZERO, None) > 0 {
            return true;
        }
        rustix::thread::sched_yield();
    }
    false
}

/// ppoll(2), with `mask` meanwhile; the number of descriptors that are ready, or -1.
fn ppoll(fds: &mut [libc::pollfd], patience: Duration, mask: Option<&sigset_t>) -> c_int {
    let patience = libc::timespec {
        tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(patience.subsec_nanos()),
    };
    let count = libc::nfds_t::try_from(fds.len()).unwrap_or_default();
    // SAFETY: `fds` are `count` initialised pollfd; the time and the mask, where
    // there is one, are initialised; all outlive the call.
    unsafe {
        libc::ppoll(
            fds.as_mut_ptr(),
            count,
            &raw const patience,
            mask.map_or(ptr::null(), ptr::from_ref),
        )
    }
}

/// Puts our handlers in the place of those that are returned.
fn installed() -> Vec<(c_int, sigaction)> {
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
    saved
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
