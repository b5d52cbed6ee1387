//! A PostgreSQL of the test's own, in a folder of its own, reached by a socket there.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;

/// Who it runs as where the test is root: `nobody`.
const NOBODY: u32 = 65_534;

pub struct Postgres {
    server: Child,
    folder: TempDir,
}

impl Postgres {
    /// `None` where it is not installed, which is said.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("skipped: PostgreSQL (initdb, postgres) is not installed");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("writ-pg").tempdir_in("/tmp").unwrap();
        let root = rustix::process::geteuid().is_root();
        if root {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let data = folder.path().join("data");
        let run = |program: &str| {
            let mut command = Command::new(programs.join(program));
            if root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let made = run("initdb")
            .args(["--auth=trust", "--username=writ", "--no-sync", "--pgdata"])
            .arg(&data)
            .status()
            .unwrap();
        assert!(made.success(), "initdb");
        let server = run("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
            .arg(folder.path())
            .spawn()
            .unwrap();
        let postgres = Self { server, folder };
        let until = Instant::now() + super::WAIT_MAX;
        while std::os::unix::net::UnixStream::connect(postgres.socket()).is_err() {
            assert!(Instant::now() < until, "PostgreSQL does not come up");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Some(postgres)
    }

    pub fn address(&self) -> String {
        format!("postgres://writ@localhost/postgres?host={}", self.folder.path().display())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Fast shutdown, so that its children and shared memory go along.
        let pid = rustix::process::Pid::from_child(&self.server);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        let _ = self.server.wait();
    }
}

fn programs() -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = path.split(':').map(PathBuf::from).collect();
    let debian = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    folders.extend(debian.map(|version| version.path().join("bin")));
    folders.into_iter().find(|it| it.join("initdb").exists() && it.join("postgres").exists())
}
