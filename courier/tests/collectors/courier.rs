//! The courier, as a process.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use super::agent::{FakeAgent, PATIENCE};

/// How long what was sent goes without a loss until it counts, in these tests.
const SETTLES_AFTER_MS: u64 = 300;

pub(crate) struct Courier {
    process: Child,
    state: PathBuf,
}

impl Courier {
    pub(crate) fn started(agent: &FakeAgent) -> Self {
        let state = agent.folder.path().to_owned();
        let process = Command::new(env!("CARGO_BIN_EXE_writ-courier"))
            .arg("--socket")
            .arg(agent.socket())
            .arg("--state")
            .arg(&state)
            .args(["--settles-after-ms", &SETTLES_AFTER_MS.to_string(), "--first-wait-ms", "20"])
            .env("http_proxy", "http://127.0.0.1:1")
            .spawn()
            .unwrap();
        Self { process, state }
    }

    pub(crate) fn killed_and_started(mut self, agent: &FakeAgent) -> Self {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        Self::started(agent)
    }

    /// Waits until the collector's place is kept as this one.
    pub(crate) fn await_position(&self, seq: u64) {
        let until = Instant::now() + PATIENCE;
        let file = self.state.join("collectors.json");
        let wanted = format!("\"seq\":{seq},");
        while !std::fs::read_to_string(&file).is_ok_and(|text| text.contains(&wanted)) {
            assert!(Instant::now() < until, "{seq} is not kept in {}", file.display());
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn ended(mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
