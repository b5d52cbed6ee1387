//! Asks PAM itself whether it lets root on, by a transaction of the service in a process
//! of its own: a module may hang, crash, or end whoever loads it.

use std::io::{self, Write};
use std::process::{Command, Output, Stdio};

use writ_protocol::text::shown;

use super::service::PAM_FOLDER;
use crate::host::Host;

/// PAM gets this long to answer, in seconds: a module may wait for a server that does
/// not come.
const ANSWER_SECONDS_MAX: &str = "20";

/// What speaks to PAM.
const CLIENT: &str = "/usr/libexec/writ/writ-pam";

/// What [`REHEARSAL`] says once it could lay the folder over the real one.
const CURTAIN: &str = "rehearsal\n";

/// Lays a copy of the folder $1 over it, for this mount namespace only, with standard
/// input as its file $2, then asks about root.
const REHEARSAL: &str = r#"set -e
    mount -t tmpfs -o mode=0755 writ /tmp
    umask 022
    cp -a "$1" /tmp/pam.d
    rm -f "/tmp/pam.d/$2"
    cat >"/tmp/pam.d/$2"
    mount --bind /tmp/pam.d "$1"
    echo rehearsal
    exec "$3" account "$2" root </dev/null"#;

/// Why a stack says nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    /// It could not be run.
    #[error("{CLIENT} cannot be run: {0}")]
    NotRun(io::Error),
    /// It hung, crashed, or was ended by a module.
    #[error("PAM does not answer for {service} ({how}): {said}")]
    NoAnswer {
        /// The service.
        service: String,
        /// How the process ended.
        how: String,
        /// What it said, escaped.
        said: String,
    },
}

/// What the account stack of a service says about root: the code of pam(3), and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    said: String,
}

impl Verdict {
    /// For people.
    pub(crate) fn words(&self) -> &str {
        self.said.split_once(' ').map_or(&self.said, |(_, words)| words)
    }
}

/// What the stack says as it is.
///
/// # Errors
/// When it says nothing.
pub(crate) fn ask(host: &Host, service: &str) -> Result<Verdict, ProbeError> {
    let mut command = limited(host);
    command.arg(host.path(CLIENT)).args(["account", service, "root"]).stdin(Stdio::null());
    let output = command.output().map_err(ProbeError::NotRun)?;
    verdict(service, &output)
}

/// What it would say with `text` as the service's file, without anybody else meeting it.
/// `None` where that cannot be tried, as without the right to mount.
///
/// # Errors
/// When it would say nothing.
pub(crate) fn rehearse(
    host: &Host,
    service: &str,
    text: &str,
) -> Result<Option<Verdict>, ProbeError> {
    let mut command = limited(host);
    command
        .args([
            "/usr/bin/unshare",
            "--mount",
            "--propagation=private",
            "/bin/sh",
            "-c",
            REHEARSAL,
            "sh",
        ])
        .arg(host.path(PAM_FOLDER))
        .arg(service)
        .arg(host.path(CLIENT));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(ProbeError::NotRun)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ended before it had read all says why by its status.
        let _ = stdin.write_all(text.as_bytes());
    }
    let mut output = child.wait_with_output().map_err(ProbeError::NotRun)?;
    if !output.stdout.starts_with(CURTAIN.as_bytes()) {
        return Ok(None);
    }
    output.stdout.drain(..CURTAIN.len());
    verdict(service, &output).map(Some)
}

/// A command that ends in time, without the caller's environment.
fn limited(host: &Host) -> Command {
    let mut command = Command::new(host.path("/usr/bin/timeout"));
    command
        .args(["--kill-after=5", ANSWER_SECONDS_MAX])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8");
    command
}

fn verdict(service: &str, output: &Output) -> Result<Verdict, ProbeError> {
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim_end().strip_prefix("account ") {
        Some(said) if matches!(output.status.code(), Some(0 | 1)) => {
            Ok(Verdict { said: shown(said) })
        }
        _ => Err(ProbeError::NoAnswer {
            service: service.to_owned(),
            how: how(output),
            said: complaint(output),
        }),
    }
}

fn how(output: &Output) -> String {
    match output.status.code() {
        // timeout(1)
        Some(124 | 137) => format!("nothing within {ANSWER_SECONDS_MAX} s"),
        _ => output.status.to_string(),
    }
}

fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<String> = text.lines().map(shown).collect();
    match lines.is_empty() {
        true => "it says nothing".to_owned(),
        false => lines.join("; "),
    }
}
