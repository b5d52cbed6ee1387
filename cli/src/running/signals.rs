//! Signals as something that can be read.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What is done about.
const TAKEN: [Signal; 9] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTSTP,
    Signal::SIGCONT,
    Signal::SIGWINCH,
];

/// They do not act by themselves as long as this is there.
pub(super) struct Signals {
    source: SignalFd,
    taken: SigSet,
}

impl Signals {
    /// # Errors
    /// What the system says.
    pub(super) fn open() -> io::Result<Self> {
        let taken: SigSet = TAKEN.into_iter().collect();
        let source = SignalFd::with_flags(&taken, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        taken.thread_block()?;
        Ok(Self { source, taken })
    }

    /// The next one that has come.
    pub(super) fn next(&self) -> Option<Signal> {
        let signal = self.source.read_signal().ok().flatten()?;
        i32::try_from(signal.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok())
    }
}

/// Stops this process until it is continued, as Ctrl-Z does.
pub(super) fn stop() {
    // Cannot be refused: it is sent to oneself (kill(2)).
    let _ = raise(Signal::SIGSTOP);
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.source.as_fd()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // What came last is not to strike now: the command had it.
        while self.next().is_some() {}
        let _ = self.taken.thread_unblock();
    }
}
