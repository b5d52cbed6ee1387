//! A hub in a process of its own, which can be killed.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

pub struct Replica {
    process: Child,
    /// It would end if nobody could hear it any more.
    _said: BufReader<ChildStderr>,
    pub address: SocketAddr,
}

impl Replica {
    /// One of several at an origin, over one database; its configuration is in that folder.
    pub fn start(folder: &Path, name: &str, origin: &str, database: &str) -> Self {
        let config = folder.join(format!("{name}.toml"));
        let text =
            format!("url = \"{origin}\"\nlisten = \"127.0.0.1:0\"\ndatabase = \"{database}\"\n");
        std::fs::write(&config, text).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_writ-hub"))
            .arg("--config")
            .arg(&config)
            .arg("serve")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        // "writ-hub: ORIGIN is served at ADDRESS"
        let address = line.trim().rsplit(' ').next().unwrap().parse();
        let address = address.unwrap_or_else(|_| panic!("the hub said {line:?}"));
        Self { process, _said: said, address }
    }

    /// Without a word (SIGKILL), and waits until it is gone.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
