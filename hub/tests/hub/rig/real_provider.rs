//! A real login provider in a process of its own (`login-provider/`), with its own login form.

use std::io::{BufRead as _, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hub/rig/login-provider");

pub struct RealProvider {
    process: Child,
    /// It would end if nobody could hear it any more.
    _said: Lines<BufReader<ChildStdout>>,
    folder: TempDir,
    port: u16,
}

impl RealProvider {
    /// `None` where it is not installed, which is said. It sends people back to that hub.
    pub fn start(hub: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "a secret that the two share").unwrap();
        let modules = Path::new(FOLDER).join("node_modules");
        let process = Command::new("node")
            .arg(Path::new(FOLDER).join("provider.mjs"))
            .arg(format!("{hub}/v1/login/oidc/callback"))
            .arg(&secret)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let (true, Ok(mut process)) = (modules.is_dir(), process) else {
            eprintln!("skipped: the login provider is not installed (tests/rig/hub.sh does it)");
            return None;
        };
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next().expect("it says its port").unwrap().parse().unwrap();
        Some(Self { process, _said: lines, folder, port })
    }

    /// What a hub's configuration says of it.
    pub fn settings(&self) -> String {
        format!(
            "[oidc]\nname = \"Example SSO\"\nissuer = \"http://localhost:{}\"\n\
             client_id = \"writ\"\nclient_secret_file = \"{}\"\n",
            self.port,
            self.folder.path().join("secret").display()
        )
    }
}

impl Drop for RealProvider {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
