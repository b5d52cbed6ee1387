//! The host, as scenarios see it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::berth::Berth;
use crate::inside::Inside;
use crate::login::{Tty, ssh};
use crate::machine::Machine;
use crate::release::{Release, original};
use crate::running::{Output, Running};
use crate::terminal::Terminal;
use crate::wait::wait_until;

/// How long a command may run that is simply waited for.
const COMMAND_LIMIT: Duration = Duration::from_secs(120);

/// What a host is, unless a reboot of it has failed.
const IS_UP: &str = "the host is up";

/// A booted, throw-away Debian host.
///
/// Dropping it ends it and removes all of it; so does the end of the test's
/// process in any other way, `kill -9` included.
pub struct Host {
    release: Release,
    original: PathBuf,
    key: PathBuf,
    /// None while it is off: a reboot that failed.
    machine: Mutex<Option<Machine>>,
    // After the machine: fields are dropped in this order.
    berth: Berth,
}

impl Host {
    /// Boots a fresh host; the first of a release on this machine waits for its
    /// root file system to be made.
    ///
    /// # Panics
    /// With the console's text when it does not boot. Needs root.
    pub fn boot(release: Release) -> Self {
        let original = original(release);
        let berth = Berth::take(release);
        let machine = Machine::boot(berth.folder(), &original.root);
        Self {
            release,
            original: original.root,
            key: original.key,
            machine: Mutex::new(Some(machine)),
            berth,
        }
    }

    /// The release that it runs.
    pub fn release(&self) -> Release {
        self.release
    }

    /// Its PID 1, as a process of the machine outside: `nsenter -t PID -a` is a
    /// way to look around in it.
    pub fn leader(&self) -> u32 {
        self.machine().as_ref().expect(IS_UP).leader()
    }

    /// Runs a command as root, outside of any session (loginuid unset, in the
    /// control group of a service), with an empty standard input.
    ///
    /// # Panics
    /// When it takes more than two minutes.
    #[track_caller]
    pub fn root(&self, argv: &[&str]) -> Output {
        self.root_with(argv, b"")
    }

    /// As [`Host::root`], for a script of sh's.
    #[track_caller]
    pub fn root_sh(&self, script: &str) -> Output {
        self.root(&["sh", "-c", script])
    }

    /// As [`Host::root`], with `stdin` as standard input.
    #[track_caller]
    pub fn root_with(&self, argv: &[&str], stdin: &[u8]) -> Output {
        let mut running = self.start_root(argv);
        running.write(stdin);
        running.close_stdin();
        running.finish(COMMAND_LIMIT)
    }

    /// Starts a command as [`Host::root`] does, and leaves it running.
    pub fn start_root(&self, argv: &[&str]) -> Running {
        let (command, group) = Inside::of(self.leader()).command(argv);
        Running::start(command, &argv.join(" "), Some(group))
    }

    /// Logs `user` in by ssh without a terminal and runs a line of his shell's,
    /// with an empty standard input.
    ///
    /// # Panics
    /// When it takes more than two minutes.
    #[track_caller]
    pub fn as_user(&self, user: &str, line: &str) -> Output {
        self.as_user_with(user, line, b"")
    }

    /// As [`Host::as_user`], with `stdin` as standard input.
    #[track_caller]
    pub fn as_user_with(&self, user: &str, line: &str, stdin: &[u8]) -> Output {
        let mut running = self.start_as(user, line);
        running.write(stdin);
        running.close_stdin();
        running.finish(COMMAND_LIMIT)
    }

    /// Starts a line as [`Host::as_user`] does, and leaves it running with its
    /// standard input open. Dropping it is the loss of the connection.
    pub fn start_as(&self, user: &str, line: &str) -> Running {
        let mut command = ssh(self.leader(), &self.key, user, Tty::No);
        command.arg(line);
        Running::start(command, &format!("{user}: {line}"), None)
    }

    /// Logs `user` in by ssh with a terminal of 24 rows and 80 columns, and waits
    /// for his shell's prompt.
    #[track_caller]
    pub fn login(&self, user: &str) -> Terminal {
        Terminal::open(ssh(self.leader(), &self.key, user, Tty::Yes), user)
    }

    /// The command that logs `user` in by ssh on the terminal that it is run on: for
    /// a person of this machine who wants to look around.
    pub fn login_here(&self, user: &str) -> Command {
        ssh(self.leader(), &self.key, user, Tty::Here)
    }

    /// Installs a Debian package, with its dependencies checked and none fetched.
    ///
    /// # Panics
    /// With dpkg's words when it cannot.
    #[track_caller]
    pub fn install(&self, deb: &Path) {
        let package = std::fs::read(deb)
            .unwrap_or_else(|error| panic!("{} cannot be read: {error}", deb.display()));
        self.put("/run/rig.deb", package, 0o644);
        self.root(&["dpkg", "--install", "/run/rig.deb"]).ok();
    }

    /// Writes a file of root's with this mode, and the folders above it; one that
    /// is there already is replaced by a rename.
    #[track_caller]
    pub fn put(&self, path: &str, contents: impl AsRef<[u8]>, mode: u32) {
        let script = r#"set -e
            mkdir -p "$(dirname "$1")"
            cat >"$1.rig"
            chmod "$2" "$1.rig"
            mv "$1.rig" "$1""#;
        let mode = format!("{mode:o}");
        self.root_with(&["sh", "-c", script, "sh", path, &mode], contents.as_ref()).ok();
    }

    /// The text of a file.
    ///
    /// # Panics
    /// When it cannot be read.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        let output = self.root(&["cat", path]);
        output.ok();
        output.stdout
    }

    /// Whether a file is there.
    pub fn has(&self, path: &str) -> bool {
        self.root(&["test", "-e", path]).status == 0
    }

    /// Looks at `condition` until it holds; `what` names it.
    ///
    /// # Panics
    /// When it does not hold within `limit`.
    #[track_caller]
    pub fn wait_until(&self, what: &str, limit: Duration, condition: impl FnMut() -> bool) {
        wait_until(&format!("{what} (on {})", self.release), limit, condition);
    }

    /// Shuts down in order and boots again, with the same disk. Everyone is
    /// logged out.
    pub fn reboot(&self) {
        self.off_and_on(Machine::power_off);
    }

    /// Loses power and boots again: no process is told. What was written but not
    /// synced is still there, as the kernel outside goes on.
    pub fn cut_power(&self) {
        self.off_and_on(Machine::cut_power);
    }

    /// All that its console has shown since the first boot.
    pub fn console(&self) -> String {
        self.machine().as_ref().map(Machine::console).unwrap_or_default()
    }

    fn off_and_on(&self, off: fn(Machine)) {
        let mut machine = self.machine();
        off(machine.take().expect(IS_UP));
        *machine = Some(Machine::boot(self.berth.folder(), &self.original));
    }

    fn machine(&self) -> MutexGuard<'_, Option<Machine>> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
