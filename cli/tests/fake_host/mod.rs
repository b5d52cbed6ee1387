//! A folder that looks like a host, with programs and an agent that a test
//! scripts. `writ` is run against it with `--root`.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;
use writ_protocol::FrameDecoder;

/// What the agent answers to a call: its frames, in order; `null` closes the
/// connection.
type Script = dyn Fn(&str, &Value) -> Vec<Value> + Send + Sync;

pub(crate) struct FakeHost {
    root: TempDir,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl FakeHost {
    /// A host with sudo and nothing else.
    pub(crate) fn new() -> Self {
        let host = Self { root: tempfile::tempdir().unwrap(), calls: Arc::default() };
        for file in ["sudoers.so", "sudo_writ.so"] {
            host.write(&format!("/usr/libexec/sudo/{file}"), "", 0o644);
        }
        host.write("/etc/sudo.conf", SUDO_CONF, 0o644);
        host.program("sudo", SUDO);
        host.program("systemctl", "echo \"systemctl $*\" >>\"$root/log\"");
        host.program("systemd-run", "echo \"systemd-run $*\" >>\"$root/log\"");
        host.program("journalctl", "exit 0");
        host.write("/etc/nsswitch.conf", "passwd: files systemd\ngroup: files systemd\n", 0o644);
        host.write("/usr/lib/x86_64-linux-gnu/libnss_systemd.so.2", "", 0o644);
        for folder in ["/run/writ", "/run/systemd/userdb", "/var/lib/writ"] {
            fs::create_dir_all(host.path(folder)).unwrap();
        }
        host
    }

    pub(crate) fn path(&self, absolute: &str) -> PathBuf {
        self.root.path().join(absolute.trim_start_matches('/'))
    }

    pub(crate) fn read(&self, absolute: &str) -> String {
        fs::read_to_string(self.path(absolute)).unwrap_or_default()
    }

    pub(crate) fn write(&self, absolute: &str, text: &str, mode: u32) {
        let path = self.path(absolute);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A shell script in /usr/bin; `$root` is the host's folder.
    pub(crate) fn program(&self, name: &str, body: &str) {
        let root = self.root.path().display();
        let script = format!("#!/bin/sh\nroot='{root}'\n{body}\n");
        self.write(&format!("/usr/bin/{name}"), &script, 0o755);
    }

    /// Lets an agent answer on the host's socket.
    pub(crate) fn agent(
        &self,
        script: impl Fn(&str, &Value) -> Vec<Value> + Send + Sync + 'static,
    ) {
        let socket = self.path("/run/writ/io.writ.Agent");
        let listener = UnixListener::bind(&socket).unwrap();
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
        let calls = Arc::clone(&self.calls);
        let script: Arc<Script> = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (script, calls) = (Arc::clone(&script), Arc::clone(&calls));
                std::thread::spawn(move || serve(stream, &*script, &calls));
            }
        });
    }

    /// The parameters of every call of that method, in order.
    pub(crate) fn calls_of(&self, method: &str) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        let of_method = calls.iter().filter(|(name, _)| name == method);
        of_method.map(|(_, parameters)| parameters.clone()).collect()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_writ"));
        command
            .arg("--root")
            .arg(self.root.path())
            .args(arguments)
            .env_remove("WRIT_REASON")
            .env_remove("WRIT_TICKET")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn writ(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn serve(mut stream: UnixStream, script: &Script, calls: &Mutex<Vec<(String, Value)>>) {
    let mut decoder = FrameDecoder::default();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        decoder.push(&buffer[..read]);
        while let Ok(Some(frame)) = decoder.next_frame() {
            let call: Value = serde_json::from_slice(&frame).unwrap();
            let method = call["method"].as_str().unwrap();
            let method = method.strip_prefix("io.writ.Agent.").unwrap().to_owned();
            let parameters = call["parameters"].clone();
            calls.lock().unwrap().push((method.clone(), parameters.clone()));
            for reply in script(&method, &parameters) {
                if reply.is_null() {
                    return;
                }
                let mut bytes = serde_json::to_vec(&reply).unwrap();
                bytes.push(0);
                if stream.write_all(&bytes).is_err() {
                    return;
                }
            }
        }
    }
}

/// A reply that no other follows.
pub(crate) fn reply(parameters: Value) -> Vec<Value> {
    vec![json!({ "parameters": parameters })]
}

/// An error reply of the interface.
pub(crate) fn error(name: &str, parameters: Value) -> Vec<Value> {
    vec![json!({ "error": format!("io.writ.Agent.{name}"), "parameters": parameters })]
}

/// A `Status` of an agent that is well.
pub(crate) fn status() -> Value {
    json!({
        "version": "0.1.0", "host": "web-1", "mode": "enforce", "policy_digest": "ab",
        "policy_loaded_wall_ms": 1_795_475_525_000_u64, "roles": 2, "pending": 1, "granted": 0,
        "running": 0, "connections_refused": 0, "journal_lines_dropped": 0, "findings": []
    })
}

/// A pending `Request` of alice.
pub(crate) fn request() -> Value {
    json!({
        "id": "7K3M-Q2", "state": "pending", "user": "alice", "uid": 1000, "host": "web-1",
        "door": "sudo",
        "command": {
            "path": "/usr/bin/systemctl", "argv": ["systemctl", "restart", "nginx"],
            "cwd": "/home/alice", "edit": false, "run_as": { "user": "root", "uid": 0 }
        },
        "reason": "it hangs\u{1b}[2J", "asked": ["@oncall"], "needed": 1, "seen": [],
        "decisions": [],
        "opened_wall_ms": 1_795_475_525_000_u64, "remaining_ms": 272_000, "uses_left": 1,
        "running": 0, "digest": question().1, "may_decide": true
    })
}

/// The question of that request, and its digest.
pub(crate) fn question() -> (String, String) {
    let question = json!({
        "version": 1, "host": "web-1", "id": "7K3M-Q2",
        "requester": { "user": "alice", "uid": 1000 }, "door": "sudo",
        "aim": { "command": {
            "path": "/usr/bin/systemctl", "argv": ["systemctl", "restart", "nginx"],
            "cwd": "/home/alice", "run_as": { "user": "root", "uid": 0 }, "action": "run"
        } },
        "reason": "it hangs\u{1b}[2J", "asked": ["@oncall"], "needed": 1,
        "opened_wall_ms": "1795475525000", "timeout_ms": "300000", "lasts_ms": "3600000",
        "uses": 1
    });
    with_digest(&question)
}

/// The `Show` of that request.
pub(crate) fn shown() -> Value {
    let (question, digest) = question();
    json!({ "request": request(), "question": question, "digest": digest })
}

/// A window of a role as questions and records have it, with hostile names.
pub(crate) fn window() -> Value {
    json!({
        "role": "packet-capture", "groups": { "wire\u{1b}[2Jshark": 977 },
        "capabilities": ["CAP_NET_RAW", "CAP_SYS_ADMIN"], "root_equivalent": ["CAP_SYS_ADMIN"],
        "on_end": "terminate", "end_on_logout": false
    })
}

/// A pending `Request` of alice for that window; its question is
/// [`window_question`].
pub(crate) fn window_request() -> Value {
    let mut request = request();
    request.as_object_mut().unwrap().remove("command");
    request["window"] = json!({
        "role": "packet-capture", "groups": ["wire\u{1b}[2Jshark"], "actions": [],
        "capabilities": ["CAP_NET_RAW", "CAP_SYS_ADMIN"], "root_equivalent": ["CAP_SYS_ADMIN"]
    });
    request["door"] = "writ".into();
    request["role"] = "packet-capture".into();
    request["uses_left"] = 0.into();
    request["digest"] = window_question().1.into();
    request
}

/// The question of that request, and its digest.
pub(crate) fn window_question() -> (String, String) {
    let (text, _) = question();
    let mut question: Value = serde_json::from_str(&text).unwrap();
    question["door"] = "writ".into();
    question["aim"] = json!({ "window": window() });
    question["role"] = "packet-capture".into();
    question["uses"] = 0.into();
    with_digest(&question)
}

/// The `Show` of that request.
pub(crate) fn window_shown() -> Value {
    let (question, digest) = window_question();
    json!({ "request": window_request(), "question": question, "digest": digest })
}

/// The `Show` of the request that 8ABC-DE, which is for that window, stand a quarter
/// of an hour longer.
pub(crate) fn extension_shown() -> Value {
    let (text, _) = window_question();
    let mut question: Value = serde_json::from_str(&text).unwrap();
    question["extends"] = "8ABC-DE".into();
    question["lasts_ms"] = "900000".into();
    let (question, digest) = with_digest(&question);
    let mut request = window_request();
    request["extends"] = "8ABC-DE".into();
    request["digest"] = digest.clone().into();
    json!({ "request": request, "question": question, "digest": digest })
}

fn with_digest(question: &Value) -> (String, String) {
    let text = question.to_string();
    let digest = writ_engine::question::digest(&text);
    (text, digest)
}

pub(crate) const SUDO_CONF: &str = "# sudo.conf\nSet disable_coredump false\n";

/// A sudo that names the plugins that sudo.conf has, as `sudo -V` does, and fails
/// while the file `broken` is there.
const SUDO: &str = r#"
echo "Sudo version 1.9.16p2"
conf="$root/etc/sudo.conf"
if grep -q '^Plugin writ_approval' "$conf" 2>/dev/null; then
    if [ -e "$root/broken" ]; then
        echo "sudo: error in $conf: unable to load" >&2
        exit 1
    fi
    echo "Writ approval plugin version 0.1.0"
fi
if grep -q '^Plugin writ_audit' "$conf" 2>/dev/null; then
    echo "Writ audit plugin version 0.1.0"
fi
exit 0
"#;
