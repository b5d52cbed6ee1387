//! The product on a host: its package installed, sudo's door open, a policy in force.

use serde_json::Value;

use crate::host::Host;
use crate::package::package;
use crate::running::Output;
use crate::wait::PATIENCE;

/// The files of a policy: their names below `/etc/writ`, and their texts.
pub type PolicyFiles<'a> = &'a [(&'a str, &'a str)];

/// Calls a method of the agent with nothing but a socket, as a stranger's program
/// would: `METHOD PARAMETERS`, and prints the reply's frame.
const CALL: &str = r#"
import json, socket, sys
agent = socket.socket(socket.AF_UNIX)
agent.connect("/run/writ/io.writ.Agent")
call = {"method": "io.writ.Agent." + sys.argv[1], "parameters": json.loads(sys.argv[2])}
agent.sendall(json.dumps(call).encode() + b"\0")
reply = b""
while not reply.endswith(b"\0"):
    part = agent.recv(65536)
    if not part:
        break
    reply += part
print(reply.rstrip(b"\0").decode())
"#;

/// Where [`CALL`] lies on a host.
const CALL_PATH: &str = "/srv/call.py";

impl Host {
    /// Installs the package, brings `policy` into force and lets sudo ask the agent.
    #[track_caller]
    pub fn install_product(&self, policy: PolicyFiles<'_>) {
        self.install(&package());
        self.take_policy(policy);
        self.root(&["writ", "enable", "sudo"]).ok();
        self.put(CALL_PATH, CALL, 0o644);
    }

    /// Replaces the files of `/etc/writ` by these and brings them into force.
    #[track_caller]
    pub fn take_policy(&self, files: PolicyFiles<'_>) {
        self.put_policy(files);
        self.root(&["writd", "reload"]).ok();
    }

    /// Replaces the files of `/etc/writ` by these; the agent is not told.
    #[track_caller]
    pub fn put_policy(&self, files: PolicyFiles<'_>) {
        self.root_sh("find /etc/writ -mindepth 1 ! -type d -delete").ok();
        for (name, text) in files {
            self.put(&format!("/etc/writ/{name}"), text, 0o644);
        }
    }

    /// Calls a method of the agent as `user`, past the command line; gives its reply.
    #[track_caller]
    pub fn call_agent(&self, user: &str, method: &str, parameters: &Value) -> Value {
        let line = format!("python3 {CALL_PATH} {method} '{parameters}'");
        json(&self.as_user(user, &line))
    }

    /// Every request and grant with `word` in its command, as root sees them.
    #[track_caller]
    pub fn requests_of(&self, word: &str) -> Vec<Value> {
        let status = json(&self.root(&["writ", "status", "--json"]));
        let mut requests = status["requests"].as_array().expect("a list").clone();
        requests.retain(|request| request["command"]["argv"].to_string().contains(word));
        requests
    }

    /// Waits for a request in `state` that has `word` in its command, and gives its ID.
    #[track_caller]
    pub fn request_of(&self, state: &str, word: &str) -> String {
        let mut id = None;
        self.wait_until(&format!("a request ({state}) with {word}"), PATIENCE, || {
            let requests = self.requests_of(word);
            let found = requests.iter().find(|request| request["state"] == state);
            id = found.and_then(|request| Some(request["id"].as_str()?.to_owned()));
            id.is_some()
        });
        id.expect("it was waited for")
    }
}

/// The JSON that a program has printed.
///
/// # Panics
/// When it failed, or printed something else.
#[track_caller]
pub fn json(output: &Output) -> Value {
    serde_json::from_str(output.ok()).unwrap_or_else(|error| panic!("{error}: {output}"))
}
