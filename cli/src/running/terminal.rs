//! A terminal of the command's own, shown on the one that its user has.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};

/// The caller's terminal while it belongs to the command: raw, and as it was before once
/// this is dropped.
#[derive(Debug)]
pub(super) struct Terminal {
    master: OwnedFd,
    before: Termios,
    is_raw: bool,
}

impl Terminal {
    /// A new pseudo-terminal of the size and with the keys of the caller's, and its end
    /// for the command.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn open() -> io::Result<(Self, OwnedFd)> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags)?;
        unlockpt(&master)?;
        let for_command = ioctl_tiocgptpeer(&master, flags)?;
        let before = tcgetattr(io::stdin())?;
        tcsetattr(&for_command, OptionalActions::Now, &before)?;
        let terminal = Self { master, before, is_raw: false };
        terminal.take_size();
        Ok((terminal, for_command))
    }

    /// The end that the command is seen at.
    pub(super) fn master(&self) -> &OwnedFd {
        &self.master
    }

    /// From now on every key is the command's.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn make_raw(&mut self) -> io::Result<()> {
        let mut raw = self.before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Drain, &raw)?;
        self.is_raw = true;
        Ok(())
    }

    /// As it was before.
    pub(super) fn restore(&mut self) {
        if self.is_raw {
            // One that is gone needs nothing.
            let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
            self.is_raw = false;
        }
    }

    /// Gives the command's terminal the size that the caller's has now; whoever runs on
    /// it is told (`SIGWINCH`, ioctl_tty(2)).
    pub(super) fn take_size(&self) {
        if let Ok(size) = tcgetwinsize(io::stdin().as_fd()) {
            let _ = tcsetwinsize(&self.master, size);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.restore();
    }
}
