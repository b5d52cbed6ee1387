//! Commands of root's inside of a host, without a login: as a service would run
//! them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// What a service gets, and nothing of the environment outside.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("HOME", "/root"),
    ("LANG", "C.UTF-8"),
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("SHELL", "/bin/bash"),
];

/// Moves itself into the control group $1, then becomes the rest.
const JOIN_GROUP: &str = r#"mkdir -p "$1" && echo 0 >"$1/cgroup.procs" && shift && exec "$@""#;

/// The way into the host whose PID 1 this is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inside {
    leader: u32,
}

impl Inside {
    pub(crate) fn of(leader: u32) -> Self {
        Self { leader }
    }

    /// The command that runs `argv` in all namespaces of the host, and the
    /// control group it has to itself: one below `rig.service`, so that to the
    /// host's systemd it is part of a service and of no session.
    pub(crate) fn command(self, argv: &[&str]) -> (Command, PathBuf) {
        static STARTED: AtomicU32 = AtomicU32::new(0);

        let count = STARTED.fetch_add(1, Ordering::Relaxed);
        let group = self.root_group().join(format!("system.slice/rig.service/command-{count}"));
        let mut command = Command::new("/bin/sh");
        command
            .env_clear()
            .envs(ENVIRONMENT)
            .args(["-c", JOIN_GROUP, "sh"])
            .arg(&group)
            .args(["nsenter", "--target", &self.leader.to_string()])
            .args(["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--"])
            .args(argv);
        (command, group)
    }

    /// The host's root control group, as a path of the machine outside.
    fn root_group(self) -> PathBuf {
        let mounts = fs::read_to_string("/proc/mounts").expect("/proc is mounted");
        let top = mounts
            .lines()
            .find_map(|line| {
                let mut words = line.split(' ').skip(1);
                let (mount, kind) = (words.next()?, words.next()?);
                (kind == "cgroup2").then(|| PathBuf::from(mount))
            })
            .expect("cgroup2 is mounted");
        let groups =
            fs::read_to_string(format!("/proc/{}/cgroup", self.leader)).expect("the host is up");
        let path = groups
            .lines()
            .find_map(|line| line.strip_prefix("0::/")?.strip_suffix("/init.scope"))
            .expect("PID 1 is in init.scope");
        top.join(path)
    }
}
