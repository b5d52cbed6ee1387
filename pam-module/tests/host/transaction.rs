//! A transaction of PAM in a process of its own, with the module in its stack.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// What PAM returns where the module left it alone: it is passed over then.
pub(crate) const LEFT_ALONE: &str = "13";

/// One transaction, before it begins.
pub(crate) struct Transaction {
    folder: TempDir,
    service: String,
    user: String,
    stages: Vec<String>,
    /// What stands on its command line behind `--`.
    words: Vec<OsString>,
    shell: String,
    environment: Vec<(&'static str, &'static str)>,
}

impl Transaction {
    /// Of a service, for a user, with these words behind the module's name.
    pub(crate) fn new(service: &str, user: &str, socket: &Path, options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let module = built().join("libpam_writ.so");
        let line = |facility: &str, other: &str| {
            format!(
                "{facility} [success=1 ignore=2 default=die] {} socket={} {options}\n{facility} requisite pam_deny.so\n{facility} [default=done] pam_permit.so\n{facility} [default=die] pam_debug.so {other}=acct_expired\n",
                module.display(),
                socket.display()
            )
        };
        let stack = ["auth auth", "account acct", "session open_session"]
            .map(|pair| pair.split_once(' ').unwrap())
            .map(|(facility, other)| line(facility, other))
            .concat();
        std::fs::write(folder.path().join(service), stack).unwrap();
        Self {
            folder,
            service: service.to_owned(),
            user: user.to_owned(),
            stages: Vec::new(),
            words: Vec::new(),
            shell: "exec \"$@\"".to_owned(),
            environment: Vec::new(),
        }
    }

    pub(crate) fn stages(mut self, stages: &[&str]) -> Self {
        self.stages = stages.iter().map(|stage| (*stage).to_owned()).collect();
        self
    }

    /// Words that the program takes no notice of.
    pub(crate) fn words(mut self, words: &[OsString]) -> Self {
        self.words = words.to_vec();
        self
    }

    /// What a shell does before the program begins, which is `"$@"`.
    pub(crate) fn by_shell(mut self, script: &str) -> Self {
        self.shell = script.to_owned();
        self
    }

    pub(crate) fn environment(mut self, variables: &[(&'static str, &'static str)]) -> Self {
        self.environment = variables.to_vec();
        self
    }

    /// The lines that it printed, but for those of `pam_debug`, which tells what it does.
    pub(crate) fn run(self) -> Vec<String> {
        let done = Command::new("/bin/sh")
            .args(["-c", &self.shell, "sh"])
            .arg(built().join("examples/transaction"))
            .args([self.folder.path().as_os_str(), OsStr::new(&self.service)])
            .arg(&self.user)
            .args(&self.stages)
            .arg("--")
            .args(&self.words)
            .envs(self.environment)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        let lines = String::from_utf8(done.stdout).unwrap();
        lines.lines().filter(|line| !line.starts_with("message 4 ")).map(str::to_owned).collect()
    }
}

/// The names in the module's dynamic symbol table, by nm(1).
pub(crate) fn exported_symbols() -> Vec<String> {
    let module = built().join("libpam_writ.so");
    let nm = Command::new("nm").args(["-D", "--defined-only"]).arg(module).output().unwrap();
    let text = String::from_utf8(nm.stdout).unwrap();
    text.lines().filter_map(|line| Some(line.split_whitespace().next_back()?.to_owned())).collect()
}

/// The module and the program, built as the tests are: cargo builds no shared object for
/// tests.
fn built() -> &'static Path {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    TARGET.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        // target/PROFILE/deps/TEST
        let target = test.ancestors().nth(3).unwrap();
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "-p", "writ-pam-module", "--lib", "--examples"])
            .arg("--target-dir")
            .arg(target)
            .status()
            .unwrap();
        assert!(status.success());
        target.join("debug")
    })
}
