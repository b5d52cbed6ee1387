//! Asks sudo itself which plugins it loads.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::process::{Command, Output, Stdio};

use writ_protocol::text::shown;

use crate::host::Host;
use crate::sudo::conf::SUDO_CONF;

/// sudo gets this long to answer, in seconds: a plugin may wait for an agent that
/// does not come.
const ANSWER_SECONDS_MAX: &str = "20";

/// Where sudo is.
const SUDO: &str = "/usr/bin/sudo";

/// What [`REHEARSAL`] says once it could lay the text over the file.
const CURTAIN: &str = "rehearsal\n";

/// Lays standard input over the file $1, for this mount namespace only, then runs
/// `$2 -V`. The text lies on a file system of its own, which is gone with the
/// namespace.
const REHEARSAL: &str = r#"set -e
    mount -t tmpfs -o mode=0755 writ /tmp
    umask 022
    cat >/tmp/sudo.conf
    mount --bind /tmp/sudo.conf "$1"
    echo rehearsal
    exec "$2" -V </dev/null"#;

/// Why sudo is not as it should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    /// It could not be run.
    #[error("`sudo -V` cannot be run: {0}")]
    NotRun(io::Error),
    /// It failed.
    #[error("`sudo -V` fails ({status}): {said}")]
    Fails {
        /// How it ended.
        status: String,
        /// What it said, escaped.
        said: String,
    },
    /// It works without the plugin.
    #[error("`sudo -V` works, but does not name Writ's {missing} plugin")]
    NotNamed {
        /// Which one.
        missing: &'static str,
    },
    /// It works with the plugin, which is not wanted.
    #[error("`sudo -V` still names Writ's plugin")]
    StillNamed,
}

/// Checks that sudo works.
///
/// # Errors
/// When `sudo -V` fails, as it does for everybody if a plugin cannot be loaded.
pub(crate) fn sudo_works(host: &Host) -> Result<(), ProbeError> {
    version_text(host).map(drop)
}

/// Checks that sudo works and loads both of Writ's plugins.
///
/// # Errors
/// When it fails, or one is missing.
pub(crate) fn sudo_loads_writ(host: &Host) -> Result<(), ProbeError> {
    names_both(&version_text(host)?)
}

/// Checks that sudo would work and load both with `text` as its sudo.conf, without
/// anybody else's sudo seeing it: a plugin that cannot be loaded fails every sudo
/// of the host, and here it fails one.
///
/// Where that cannot be tried (no right to mount, no sudo.conf to lay the text
/// over), nothing is said against it.
///
/// # Errors
/// When it would fail, or one would be missing.
pub(crate) fn sudo_would_load_writ(host: &Host, text: &[u8]) -> Result<(), ProbeError> {
    let mut command = limited("/usr/bin/unshare");
    command
        .args(["--mount", "--propagation=private", "/bin/sh", "-c", REHEARSAL, "sh"])
        .arg(host.path(SUDO_CONF))
        .arg(host.path(SUDO));
    let output = run_with(command, text).map_err(ProbeError::NotRun)?;
    match output.stdout.starts_with(CURTAIN.as_bytes()) {
        true => names_both(&version_of(&output)?),
        false => Ok(()),
    }
}

/// Checks that sudo works and loads none of them.
///
/// # Errors
/// When it fails, or one is there.
pub(crate) fn sudo_is_without_writ(host: &Host) -> Result<(), ProbeError> {
    let text = version_text(host)?;
    if names(&text, "approval") || names(&text, "audit") {
        return Err(ProbeError::StillNamed);
    }
    Ok(())
}

fn names_both(text: &str) -> Result<(), ProbeError> {
    match ["approval", "audit"].into_iter().find(|kind| !names(text, kind)) {
        Some(missing) => Err(ProbeError::NotNamed { missing }),
        None => Ok(()),
    }
}

/// Whether a line such as `writ approval plugin version 0.1.0` is there.
fn names(text: &str, kind: &str) -> bool {
    let start = format!("writ {kind} plugin");
    text.lines().any(|line| line.trim_start().to_ascii_lowercase().starts_with(&start))
}

/// What root's `sudo -V` says: it loads, opens and asks every plugin.
fn version_text(host: &Host) -> Result<String, ProbeError> {
    let mut command = limited(host.path(SUDO));
    command.arg("-V").stdin(Stdio::null());
    version_of(&command.output().map_err(ProbeError::NotRun)?)
}

/// A command that ends in time, without the caller's environment.
fn limited(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("/usr/bin/timeout");
    command
        .args(["--kill-after=5", ANSWER_SECONDS_MAX])
        .arg(program)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8");
    command
}

/// Runs it with `text` as its standard input.
fn run_with(mut command: Command, text: &[u8]) -> io::Result<Output> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ended before it had read all says why by its status.
        let _ = stdin.write_all(text);
    }
    child.wait_with_output()
}

fn version_of(output: &Output) -> Result<String, ProbeError> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(ProbeError::Fails { status: output.status.to_string(), said: said(output) })
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<String> = text.lines().map(shown).collect();
    match lines.is_empty() {
        true => "it says nothing".to_owned(),
        false => lines.join("; "),
    }
}
