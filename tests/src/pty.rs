//! A pseudo-terminal: the person's end and the end that ssh takes for one.

use std::fs::File;
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) rows: NonZeroU16,
    pub(crate) columns: NonZeroU16,
}

impl Size {
    /// # Panics
    /// When either is 0: nothing can be shown on that.
    pub(crate) const fn new(rows: u16, columns: u16) -> Self {
        match (NonZeroU16::new(rows), NonZeroU16::new(columns)) {
            (Some(rows), Some(columns)) => Self { rows, columns },
            _ => panic!("a terminal has at least one row and one column"),
        }
    }
}

/// Opens a pair: ours, and the program's.
pub(crate) fn pair(size: Size) -> (File, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
        .expect("a pseudo-terminal");
    grantpt(&ours).expect("a pseudo-terminal");
    unlockpt(&ours).expect("a pseudo-terminal");
    let name = ptsname(&ours, Vec::new()).expect("a pseudo-terminal has a name");
    let theirs = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
        .expect("the other end of it");
    let ours = File::from(ours);
    resize(&ours, size);
    (ours, theirs)
}

/// Gives the terminal another size; the kernel tells the program (SIGWINCH).
pub(crate) fn resize(ours: &File, size: Size) {
    let window =
        Winsize { ws_row: size.rows.get(), ws_col: size.columns.get(), ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(ours, window).expect("a terminal has a size");
}
