//! The hub that is measured: the program of its package, in a process of its own, over SQLite
//! on this machine's disk.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;
use writ_tests::hub_package;

/// What hosts and approvers call it.
pub(crate) const ORIGIN: &str = "http://localhost:8080";

/// Where its state is: on a disk, so that its commits are written to one.
const FOLDER: &str = "/var/tmp";

/// Open files of the hub, as its unit has it, and of the fleet.
const FILES_MAX: u64 = 65_536;

/// A running hub.
pub(crate) struct Hub {
    process: Child,
    /// It would end if nobody could hear it any more.
    _said: BufReader<ChildStderr>,
    pub(crate) address: SocketAddr,
    program: PathBuf,
    config: PathBuf,
    _folder: TempDir,
}

impl Hub {
    /// # Panics
    /// When it cannot be started.
    pub(crate) fn start() -> Self {
        let hard = getrlimit(Resource::Nofile).maximum.unwrap_or(FILES_MAX);
        let files = Rlimit { current: Some(FILES_MAX.min(hard)), maximum: Some(hard) };
        setrlimit(Resource::Nofile, files).expect("a limit below the hard one");
        let folder = tempfile::Builder::new().prefix("writ-bench-").tempdir_in(FOLDER);
        let folder = folder.expect("a folder");
        let program = unpacked(folder.path());
        let config = folder.path().join("hub.toml");
        // As behind a proxy, whose word on who calls it takes.
        let text = format!(
            "url = \"{ORIGIN}\"\nlisten = \"127.0.0.1:0\"\nproxies = [\"127.0.0.1\"]\n\
             database = \"sqlite://{}/hub.db\"\n",
            folder.path().display()
        );
        std::fs::write(&config, text).expect("a file");
        let mut process = command(&program, &config, &["serve"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the hub can be started");
        let mut said = BufReader::new(process.stderr.take().expect("a pipe"));
        let mut line = String::new();
        said.read_line(&mut line).expect("its standard error");
        // "writ-hub: ORIGIN is served at ADDRESS"
        let address = line.trim().rsplit(' ').next().and_then(|word| word.parse().ok());
        let address = address.unwrap_or_else(|| panic!("the hub said {line:?}"));
        Self { process, _said: said, address, program, config, _folder: folder }
    }

    /// What its program prints when its admin says this.
    #[track_caller]
    pub(crate) fn admin(&self, words: &[&str]) -> String {
        let output = command(&self.program, &self.config, words).output().expect("the program");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "writ-hub {}: {said}", words[0]);
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// A line of `/proc/PID/status` that is in KiB, in MiB (proc_pid_status(5)).
    pub(crate) fn mib(&self, line: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("the hub runs");
        let value = status.lines().find_map(|text| text.strip_prefix(line)).expect("such a line");
        let kib: f64 = value.trim().trim_end_matches(" kB").parse().expect("a number");
        kib / 1024.0
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(program: &Path, config: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.arg("--config").arg(config).args(words).stdin(Stdio::null());
    command
}

/// The program, out of its package.
fn unpacked(folder: &Path) -> PathBuf {
    let status = Command::new("dpkg-deb").arg("--extract").arg(hub_package()).arg(folder).status();
    assert!(status.expect("dpkg-deb").success(), "the hub's package cannot be unpacked");
    folder.join("usr/bin/writ-hub")
}
