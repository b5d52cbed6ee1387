//! Asks sudo itself which plugins it loads.

use std::io;
use std::process::{Command, Output, Stdio};

use writ_protocol::text::shown;

use crate::host::Host;

/// sudo gets this long to answer, in seconds: a plugin may wait for an agent that
/// does not come.
const ANSWER_SECONDS_MAX: &str = "20";

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
    let text = version_text(host)?;
    for missing in ["approval", "audit"] {
        if !names(&text, missing) {
            return Err(ProbeError::NotNamed { missing });
        }
    }
    Ok(())
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

/// Whether a line such as `writ approval plugin version 0.1.0` is there.
fn names(text: &str, kind: &str) -> bool {
    let start = format!("writ {kind} plugin");
    text.lines().any(|line| line.trim_start().to_ascii_lowercase().starts_with(&start))
}

/// What root's `sudo -V` says: it loads, opens and asks every plugin.
fn version_text(host: &Host) -> Result<String, ProbeError> {
    let output = Command::new("/usr/bin/timeout")
        .args(["--kill-after=5", ANSWER_SECONDS_MAX])
        .arg(host.path("/usr/bin/sudo"))
        .arg("-V")
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .map_err(ProbeError::NotRun)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(ProbeError::Fails { status: output.status.to_string(), said: said(&output) })
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<String> = text.lines().map(shown).collect();
    match lines.is_empty() {
        true => "it says nothing".to_owned(),
        false => lines.join("; "),
    }
}
