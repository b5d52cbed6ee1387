//! A booted host: its nspawn process, its PID 1, its way down.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::inside::Inside;
use crate::release::rig;
use crate::running::Running;
use crate::wait::holds_within;

/// How long a boot may take, beside another one on a busy machine.
const BOOT_LIMIT: Duration = Duration::from_secs(120);

/// How long the way down may take: systemd's own limit for a service that does
/// not want to stop is 90 s, which no service of a test should need.
const POWER_OFF_LIMIT: Duration = Duration::from_secs(60);

/// From a boot to a power-off.
pub(crate) struct Machine {
    nspawn: Child,
    leader: u32,
    console: PathBuf,
}

impl Machine {
    /// Boots what lies in `folder`, and waits until systemd has started
    /// everything.
    ///
    /// # Panics
    /// With the console's text, and the failed units, if it does not.
    pub(crate) fn boot(folder: &Path, original: &Path) -> Self {
        let console = folder.join("console.log");
        let log = OpenOptions::new().create(true).append(true).open(&console).expect("a log file");
        let nspawn = Command::new(rig("boot.sh"))
            .args([folder, original])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a descriptor"))
            .stderr(log)
            .spawn()
            .expect("boot.sh can be started");
        let mut machine = Self { nspawn, leader: 0, console };
        machine.find_leader();
        machine.wait_for_units();
        machine
    }

    /// The host's PID 1, as a process of the machine outside.
    pub(crate) fn leader(&self) -> u32 {
        self.leader
    }

    /// All that the console has shown since the first boot.
    pub(crate) fn console(&self) -> String {
        fs::read(&self.console)
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .unwrap_or_default()
    }

    /// Shuts down in order.
    pub(crate) fn power_off(mut self) {
        // nspawn passes this on as the signal on which systemd halts in order
        // (systemd-nspawn(1), --kill-signal=).
        let told = kill_process(pid(self.nspawn.id()), Signal::TERM);
        assert!(told.is_ok(), "the host was not up: {told:?}");
        let off = holds_within(POWER_OFF_LIMIT, || self.nspawn_is_gone());
        assert!(off, "the host did not power off; its console:\n{}", self.console());
    }

    /// Ends it as a power cut does: nothing in it is told. (Dropping it is all.)
    pub(crate) fn cut_power(self) {}

    fn nspawn_is_gone(&mut self) -> bool {
        self.nspawn.try_wait().expect("a child can be waited for").is_some()
    }

    /// nspawn's child that is PID 1 of a process namespace and has become
    /// systemd, which moves to `init.scope` first of all.
    fn find_leader(&mut self) {
        let nspawn = self.nspawn.id();
        let children = format!("/proc/{nspawn}/task/{nspawn}/children");
        let mut leader = None;
        holds_within(BOOT_LIMIT, || {
            leader = fs::read_to_string(&children)
                .unwrap_or_default()
                .split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .find(|pid| is_systemd(*pid));
            leader.is_some() || self.nspawn_is_gone()
        });
        let Some(leader) = leader else {
            panic!("the host did not start; its console:\n{}", self.console());
        };
        self.leader = leader;
    }

    fn wait_for_units(&mut self) {
        let inside = Inside::of(self.leader);
        let mut state = String::new();
        holds_within(BOOT_LIMIT, || {
            // systemctl does not wait before PID 1 listens, so it is asked again.
            let (question, group) = inside.command(&["systemctl", "is-system-running", "--wait"]);
            state = Running::start(question, "systemctl", Some(group)).finish(BOOT_LIMIT).stdout;
            matches!(state.trim(), "running" | "degraded") || self.nspawn_is_gone()
        });
        if state.trim() != "running" {
            let (list, group) = inside.command(&["systemctl", "--failed", "--no-pager"]);
            let failed = Running::start(list, "systemctl", Some(group)).finish(BOOT_LIMIT);
            panic!("the host is {:?}, not running: {failed}\n{}", state.trim(), self.console());
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if self.nspawn_is_gone() {
            return;
        }
        if self.leader != 0 {
            // nspawn tidies up and ends when its PID 1 does.
            let _ = kill_process(pid(self.leader), Signal::KILL);
        } else {
            // It has not come that far; what it started ends with its berth.
            let _ = self.nspawn.kill();
        }
        if !holds_within(POWER_OFF_LIMIT, || self.nspawn_is_gone()) {
            let _ = self.nspawn.kill();
            let _ = self.nspawn.wait();
        }
    }
}

fn pid(number: u32) -> Pid {
    i32::try_from(number).ok().and_then(Pid::from_raw).expect("the kernel gave this number")
}

fn is_systemd(pid: u32) -> bool {
    let first_of_its_namespace = fs::read_to_string(format!("/proc/{pid}/status"))
        .unwrap_or_default()
        .lines()
        .any(|line| line.starts_with("NSpid:") && line.ends_with("\t1"));
    let settled = fs::read_to_string(format!("/proc/{pid}/cgroup"))
        .unwrap_or_default()
        .lines()
        .any(|line| line.starts_with("0::") && line.ends_with("/init.scope"));
    first_of_its_namespace && settled
}
