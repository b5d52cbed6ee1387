//! Processes: what `/proc` says of them, and signals to the very ones that were seen
//! (proc_pid_status(5), pidfd_send_signal(2)).

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use writ_engine::facts::{Leader, Uid};
use writ_engine::record::StoppedProcess;

use crate::{process, sessions};

/// How many processes of the host are looked at.
const HOST_PROCESSES_MAX: usize = 1 << 16;

/// How many processes a record names; of further ones, it has the number.
const NAMED_MAX: usize = 32;

/// A process as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub pid: i32,
    pub parent: i32,
    pub name: String,
    /// Its real user.
    pub uid: Uid,
    /// Its real group and its supplementary ones.
    pub groups: BTreeSet<u32>,
    started_ticks: u64,
    /// The terminal that controls it.
    pub terminal: Option<PathBuf>,
}

impl Seen {
    /// The process that has this number now.
    pub(super) fn look(pid: i32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let status = Status::parse(&status)?;
        Some(Self {
            pid,
            parent: status.parent,
            name: status.name,
            uid: status.uid,
            groups: status.groups,
            started_ticks: process::started_in(&stat)?,
            terminal: sessions::terminal_in(&stat),
        })
    }

    /// A process that was known before, if it is still there.
    pub(super) fn of(leader: Leader) -> Option<Self> {
        Self::look(leader.pid).filter(|seen| seen.is(leader))
    }

    /// Whether it is this one.
    pub(super) fn is(&self, leader: Leader) -> bool {
        leader == Leader { pid: self.pid, started_ticks: self.started_ticks }
    }

    /// Sends signals to it, in order, if it is still the one that was seen: the number
    /// is held first, and then looked at again.
    pub(super) fn signal(&self, signals: &[Signal]) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        let again = Self::look(self.pid);
        if !again
            .is_some_and(|again| again.started_ticks == self.started_ticks && again.uid == self.uid)
        {
            return;
        }
        for signal in signals {
            let _ = pidfd_send_signal(&handle, *signal);
        }
    }
}

/// Those that are still there, of these numbers.
pub(super) fn look_at(pids: &[i32]) -> Vec<Seen> {
    pids.iter().filter_map(|pid| Seen::look(*pid)).collect()
}

/// A process, if it is still there, and all that come of it.
pub(super) fn family(first: Leader) -> Vec<Seen> {
    let Some(first) = Seen::of(first) else {
        return Vec::new();
    };
    let parents: Vec<(i32, i32)> =
        numbers().filter_map(|pid| Some((pid, process::parent(pid)?))).collect();
    let mut of_it = BTreeSet::from([first.pid]);
    let mut before = 0;
    // Each round finds a generation at least.
    while before < of_it.len() {
        before = of_it.len();
        let next = parents.iter().filter(|(_, parent)| of_it.contains(parent)).map(|(pid, _)| *pid);
        let next: Vec<i32> = next.collect();
        of_it.extend(next);
    }
    look_at(&of_it.into_iter().collect::<Vec<_>>())
}

fn numbers() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.take(HOST_PROCESSES_MAX)
}

/// Every process of the host.
pub(super) fn all() -> Vec<Seen> {
    numbers().filter_map(Seen::look).collect()
}

/// Every process of a user.
pub(super) fn of_user(uid: Uid) -> Vec<Seen> {
    numbers().filter_map(Seen::look).filter(|seen| seen.uid == uid).collect()
}

/// As many of them as a record takes, and how many there are besides.
pub(super) fn named(seen: &[Seen]) -> (Vec<StoppedProcess>, u32) {
    let name = |seen: &Seen| StoppedProcess { pid: seen.pid, name: seen.name.clone() };
    let more = seen.len().saturating_sub(NAMED_MAX);
    (seen.iter().take(NAMED_MAX).map(name).collect(), u32::try_from(more).unwrap_or(u32::MAX))
}

/// What of `/proc/PID/status` counts.
#[derive(Debug, PartialEq, Eq)]
struct Status {
    name: String,
    parent: i32,
    uid: Uid,
    groups: BTreeSet<u32>,
}

impl Status {
    /// Its first line is a name that the process chose; the kernel escapes what would
    /// end the line.
    fn parse(text: &str) -> Option<Self> {
        let value = |key: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(':').map(str::trim))
        };
        let real = |key: &str| value(key)?.split_whitespace().next()?.parse::<u32>().ok();
        let mut groups: BTreeSet<u32> =
            value("Groups")?.split_whitespace().filter_map(|group| group.parse().ok()).collect();
        groups.insert(real("Gid")?);
        Some(Self {
            name: value("Name")?.to_owned(),
            parent: value("PPid")?.parse().ok()?,
            uid: Uid(real("Uid")?),
            groups,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_is_known_by_its_real_ids_and_every_group() {
        let text = "Name:\tssh Uid:\\n\nUmask:\t0022\nPPid:\t7\nUid:\t1000\t0\t0\t0\nGid:\t1000\t33\t33\t33\nGroups:\t27 60 \n";
        let status = Status::parse(text).unwrap();
        assert_eq!((status.parent, status.uid), (7, Uid(1000)));
        // A group that a program gives by its own mode bits is effective, not real.
        assert_eq!(status.groups, BTreeSet::from([27, 60, 1000]));
    }

    #[test]
    fn a_signal_reaches_the_process_that_was_seen_and_no_other() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let seen = Seen::look(pid).unwrap();
        let earlier = Seen { started_ticks: seen.started_ticks - 1, ..seen.clone() };
        earlier.signal(&[Signal::KILL]);
        let another = Seen { uid: Uid(seen.uid.0 + 1), ..seen.clone() };
        another.signal(&[Signal::KILL]);
        assert_eq!(child.try_wait().unwrap(), None);
        seen.signal(&[Signal::TERM]);
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(child.wait().unwrap().signal(), Some(15));
    }

    #[test]
    fn a_record_names_some_and_counts_the_rest() {
        let me = Seen::look(i32::try_from(std::process::id()).unwrap()).unwrap();
        let (named, more) = named(&vec![me; 40]);
        assert_eq!((named.len(), more), (32, 8));
    }
}
