//! An approver's own machine: a home, a key, and the program.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use writ_signed::HostKey;

use crate::hub::{Hub, PATIENCE};

/// How long the hub may take, in milliseconds: more than it does on a busy machine, less
/// than a test of a silent one should.
const PACE_MS: &str = "4000";

pub(crate) struct Desk {
    folder: TempDir,
    url: String,
    agent: Option<Child>,
}

impl Desk {
    /// Where the key `bob` is known to the hub, and the hosts are known.
    pub(crate) fn of_bob(hub: &Hub, hosts: &[(&str, &HostKey)]) -> Self {
        let desk = Self::empty(hub);
        let key = desk.key("bob");
        hub.knows("bob", &fs::read_to_string(key.with_extension("pub")).unwrap());
        for (name, key) in hosts {
            desk.add_host(&format!("{name} {}\n", key.public().line()));
        }
        desk
    }

    pub(crate) fn empty(hub: &Hub) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), url: hub.url(), agent: None };
        fs::create_dir_all(desk.at(".config/writ")).unwrap();
        fs::create_dir(desk.at("run")).unwrap();
        fs::set_permissions(desk.at("run"), fs::Permissions::from_mode(0o700)).unwrap();
        desk
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A key without a passphrase.
    pub(crate) fn key(&self, name: &str) -> PathBuf {
        let path = self.at(name);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
            .arg(&path)
            .status()
            .expect("ssh-keygen, of OpenSSH's client");
        assert!(made.success());
        path
    }

    pub(crate) fn add_host(&self, line: &str) {
        let known = self.known_hosts() + line;
        fs::write(self.at(".config/writ/hosts"), known).unwrap();
    }

    pub(crate) fn known_hosts(&self) -> String {
        fs::read_to_string(self.at(".config/writ/hosts")).unwrap_or_default()
    }

    /// An ssh-agent with these keys, whose files are gone.
    pub(crate) fn with_agent(mut self, keys: &[&str]) -> Self {
        let socket = self.at("agent");
        let agent = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .expect("ssh-agent, of OpenSSH's client");
        self.agent = Some(agent);
        let until = Instant::now() + PATIENCE;
        while !socket.exists() {
            assert!(Instant::now() < until, "no ssh-agent");
            thread::yield_now();
        }
        for key in keys {
            let added = Command::new("ssh-add")
                .arg("-q")
                .arg(self.at(key))
                .env("SSH_AUTH_SOCK", &socket)
                .status()
                .expect("ssh-add");
            assert!(added.success());
            fs::remove_file(self.at(key)).unwrap();
        }
        self
    }

    /// The words that call a hub.
    fn words<'a>(url: &'a str, words: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["--hub", url];
        all.extend_from_slice(words);
        all.extend(["--pace-ms", PACE_MS]);
        all
    }

    fn set_up(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .env("XDG_RUNTIME_DIR", self.at("run"))
            .env("TZ", "UTC")
            .env("TERM", "dumb");
        if self.at("bob").exists() {
            command.env("WRIT_KEY", self.at("bob"));
        }
        if self.agent.is_some() {
            command.env("SSH_AUTH_SOCK", self.at("agent"));
        }
    }

    /// Runs it without a terminal.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.run_at(&self.url, words)
    }

    /// The same, at another hub.
    pub(crate) fn run_at(&self, url: &str, words: &[&str]) -> Output {
        // In a session of its own, so that the terminal of who runs the tests is not its.
        let mut command = Command::new("setsid");
        command.arg("--wait").arg(env!("CARGO_BIN_EXE_writ-remote")).args(Self::words(url, words));
        self.set_up(&mut command);
        command.stdin(Stdio::null()).output().expect("setsid of util-linux")
    }

    /// Runs it on a terminal.
    pub(crate) fn at_terminal(&self, words: &[&str]) -> AtTerminal {
        let mut line = env!("CARGO_BIN_EXE_writ-remote").to_owned();
        for word in Self::words(&self.url, words) {
            line.push_str(&format!(" '{word}'"));
        }
        let mut command = Command::new("script");
        command.args(["-q", "-e", "-c", &line, "/dev/null"]);
        self.set_up(&mut command);
        command.env("SHELL", "/bin/sh").stdin(Stdio::piped()).stdout(Stdio::piped());
        AtTerminal::of(command.spawn().expect("script of util-linux"))
    }

    /// Runs `watch` without a terminal; what it says on standard error is between the rest.
    pub(crate) fn watch(&self) -> AtTerminal {
        let mut command = Command::new("sh");
        let program = env!("CARGO_BIN_EXE_writ-remote");
        command.arg("-c").arg("exec \"$@\" 2>&1").arg("sh").arg(program);
        command.args(Self::words(&self.url, &["watch"]));
        self.set_up(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        AtTerminal::of(command.spawn().unwrap())
    }

    /// The one file in the folder of logins.
    pub(crate) fn session(&self) -> Option<PathBuf> {
        let found = fs::read_dir(self.at("run/writ")).ok()?;
        let mut paths: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
        assert!(paths.len() <= 1, "{paths:?}");
        paths.pop()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(agent) = &mut self.agent {
            let _ = agent.kill();
            let _ = agent.wait();
        }
    }
}

/// A program that somebody reads along with.
pub(crate) struct AtTerminal {
    child: Child,
    keyboard: ChildStdin,
    pieces: Receiver<Vec<u8>>,
    /// What came, and how much of it was read.
    text: String,
    seen: usize,
}

impl AtTerminal {
    fn of(mut child: Child) -> Self {
        let keyboard = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let (send, pieces) = channel();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = stdout.read(&mut piece) {
                if send.send(piece[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keyboard, pieces, text: String::new(), seen: 0 }
    }

    /// Waits for a text after the last that was waited for; gives what came before it.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.text[self.seen..].find(text) {
                let before = self.text[self.seen..self.seen + at].to_owned();
                self.seen += at + text.len();
                return before;
            }
            let left = until.saturating_duration_since(Instant::now());
            let Ok(piece) = self.pieces.recv_timeout(left) else {
                panic!("{text:?} did not come: {}", self.text);
            };
            self.text.push_str(&String::from_utf8_lossy(&piece));
        }
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits for its end; gives all it said and what it exited with.
    pub(crate) fn end(mut self) -> (String, Option<i32>) {
        drop(self.keyboard);
        while let Ok(piece) = self.pieces.recv_timeout(PATIENCE) {
            self.text.push_str(&String::from_utf8_lossy(&piece));
        }
        (self.text, self.child.wait().unwrap().code())
    }

    /// Ends it; gives all it said.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.end().0
    }
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// That it exited so, and said on standard error what it must have.
#[track_caller]
pub(crate) fn refused(output: &Output, code: i32, words: &[&str]) {
    let said = error(output);
    assert_eq!(output.status.code(), Some(code), "{said}{}", out(output));
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{said:?}");
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// So that nothing waits for ever where a test is wrong.
pub(crate) const SOON: Duration = Duration::from_secs(40);
