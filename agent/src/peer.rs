//! Who is at the other end of a connection.

use std::cell::OnceCell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::{PeerCredentials, PeerPidfd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use writ_engine::facts::{Leader, ROOT, Uid};

use crate::process::{self, Ahead, Process, ProcessError, ProcessFiles};

/// The process that connected, held so that its number cannot come to mean
/// another process unseen.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The effective user at the moment of connecting (`SO_PEERCRED`, unix(7)).
    pub uid: Uid,
    /// Its number.
    pub pid: i32,
    /// The process itself (pidfd_open(2)).
    handle: OwnedFd,
    /// Its files, once they were opened.
    files: OnceCell<ProcessFiles>,
    /// Since when it runs, once that was looked at: it does not change.
    leader: OnceCell<Leader>,
}

impl Peer {
    /// Takes the peer of a connection from the kernel.
    ///
    /// # Errors
    /// When the kernel does not say, or the process is already gone.
    pub(crate) fn of(socket: &impl AsFd) -> Result<Self, ProcessError> {
        let gone = |pid: i32, what: String| ProcessError { pid, what };
        let credentials =
            getsockopt(socket, PeerCredentials).map_err(|errno| gone(0, errno.to_string()))?;
        let pid = credentials.pid();
        let handle = getsockopt(socket, PeerPidfd)
            .ok()
            .or_else(|| pidfd_of(pid))
            .ok_or_else(|| gone(pid, "it has ended".to_owned()))?;
        Ok(Self {
            uid: Uid(credentials.uid()),
            pid,
            handle,
            files: OnceCell::new(),
            leader: OnceCell::new(),
        })
    }

    /// Whether it may speak for somebody else: sudo and the like, root all of them.
    #[must_use]
    pub(crate) fn is_root(&self) -> bool {
        self.uid == ROOT
    }

    /// What `/proc` says of it now. It was alive after its files were opened, so that
    /// they are of this process and of no later one with its number.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn look_at(&self) -> Result<Process, ProcessError> {
        self.files()?.look()
    }

    /// What is looked at before it asks.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn look_ahead(&self) -> Result<Ahead, ProcessError> {
        self.files()?.look_ahead()
    }

    fn files(&self) -> Result<&ProcessFiles, ProcessError> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let files = ProcessFiles::open(self.pid)?;
        self.is_alive()?;
        Ok(self.files.get_or_init(|| files))
    }

    /// The process, as it can be found again. It was alive after it was first looked at.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn leader(&self) -> Result<Leader, ProcessError> {
        if let Some(leader) = self.leader.get() {
            return Ok(*leader);
        }
        let started_ticks = process::started_ticks(self.pid)?;
        self.is_alive()?;
        Ok(*self.leader.get_or_init(|| Leader { pid: self.pid, started_ticks }))
    }

    /// The process itself (pidfd_open(2)).
    #[must_use]
    pub(crate) fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    fn is_alive(&self) -> Result<(), ProcessError> {
        if self.has_ended() {
            return Err(ProcessError { pid: self.pid, what: "it has ended".to_owned() });
        }
        Ok(())
    }

    fn has_ended(&self) -> bool {
        // A pidfd is readable once its process has ended (pidfd_open(2)).
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        !matches!(poll(&mut [PollFd::new(&self.handle, PollFlags::IN)], Some(&at_once)), Ok(0))
    }
}

/// Before Linux 6.5, which has no `SO_PEERPIDFD`: the process that has the number
/// now.
fn pidfd_of(pid: i32) -> Option<OwnedFd> {
    pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peer_of_a_pair_is_this_process() {
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let peer = Peer::of(&one).unwrap();
        assert_eq!(peer.pid, i32::try_from(std::process::id()).unwrap());
        assert!(peer.look_at().is_ok());
        assert_eq!(peer.leader().unwrap().pid, peer.pid);
    }
}
