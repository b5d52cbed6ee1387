//! The agent as a process of its host: which one it is, and what it holds.

use std::collections::BTreeMap;

use crate::host::Host;

/// What tells one life of the agent from the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentLife {
    /// The number of its process.
    pub pid: u32,
    /// How often systemd had to start it again.
    pub restarts: u32,
}

impl Host {
    /// The agent that runs now.
    #[track_caller]
    pub fn agent_life(&self) -> AgentLife {
        let told = self.root(&["systemctl", "show", "--property=MainPID,NRestarts", "writd"]);
        let values: BTreeMap<&str, &str> =
            told.ok().lines().filter_map(|line| line.split_once('=')).collect();
        let number = |name: &str| values[name].parse().expect("systemd prints a number");
        AgentLife { pid: number("MainPID"), restarts: number("NRestarts") }
    }

    /// How many descriptors the agent has open.
    #[track_caller]
    pub fn agent_descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.agent_life().pid);
        self.root(&["ls", &folder]).ok().lines().count()
    }

    /// What the agent holds of memory, in KiB: `VmRSS` is now, `VmHWM` the most that
    /// it was since it started (proc_pid_status(5)).
    #[track_caller]
    pub fn agent_memory_kib(&self, field: &str) -> u64 {
        let status = self.read(&format!("/proc/{}/status", self.agent_life().pid));
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        number.unwrap_or_else(|| panic!("no {field} in {status}"))
    }
}
