//! Enabling on trial: it undoes itself unless it is confirmed in time.
//!
//! Two things see to that. A transient timer of systemd fires when the time is up,
//! whatever became of the terminal. A marker on disk outlives a reboot, which the
//! timer does not; at boot `writ-rollback.service` undoes what the marker says was
//! never confirmed. Both run `writ disable DOOR --if-unconfirmed`, which does
//! nothing once the marker is gone. Each door has a trial of its own.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use writ_protocol::text::{encode, shown};

use crate::host::Host;
use crate::moment::now_wall_ms;
use crate::replace;
use crate::span::in_ms;
use crate::verbs::Door;

/// Where the agent keeps its state.
const STATE_FOLDER: &str = "/var/lib/writ";

/// Why a trial cannot be begun or ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrialError {
    /// The marker.
    #[error("{0}: {1}")]
    Marker(String, io::Error),
    /// The folder that is locked meanwhile.
    #[error("{STATE_FOLDER} cannot be locked: {0}; is the agent installed?")]
    Lock(io::Error),
    /// systemd-run.
    #[error("the timer that would undo it cannot be started: {0}")]
    Timer(String),
}

/// A trial that is neither confirmed nor undone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trial {
    /// When it is undone, in milliseconds since 1970-01-01 UTC.
    pub(crate) until_wall_ms: u64,
    /// Services of PAM that are on trial.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) services: Vec<String>,
}

/// Where it is noted that a trial of the door goes on; `writ-rollback.service` has it as
/// its condition.
pub(crate) fn marker(door: Door) -> String {
    format!("{STATE_FOLDER}/rollback-{door}")
}

/// Held while a door's files and the marker are changed, so that a confirmation and the
/// timer do not cross.
pub(crate) struct TrialLock {
    /// flock(2) lasts as long as this is open.
    _folder: Option<File>,
}

impl TrialLock {
    /// Waits for whoever else is at it.
    ///
    /// # Errors
    /// When the folder cannot be opened or locked. Where it is not there, neither
    /// is a marker nor anybody to wait for.
    pub(crate) fn take(host: &Host) -> Result<Self, TrialError> {
        let folder = match File::open(host.path(STATE_FOLDER)) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { _folder: None });
            }
            Err(error) => return Err(TrialError::Lock(error)),
        };
        flock(&folder, FlockOperation::LockExclusive)
            .map_err(|errno| TrialError::Lock(errno.into()))?;
        Ok(Self { _folder: Some(folder) })
    }
}

/// The trial that is going on, if one is.
///
/// # Errors
/// When the marker is there and cannot be read.
pub(crate) fn pending(host: &Host, door: Door) -> Result<Option<Trial>, TrialError> {
    match fs::read(host.path(marker(door))) {
        // A marker that says nothing still says that nobody confirmed.
        Ok(text) => Ok(Some(serde_json::from_slice(&text).unwrap_or_default())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TrialError::Marker(marker(door), error)),
    }
}

/// Begins a trial, or begins the one that goes on anew: first the marker, then the
/// timer.
///
/// # Errors
/// When either fails; then there is no trial.
pub(crate) fn begin(
    host: &Host,
    door: Door,
    services: Vec<String>,
    lasts: Duration,
) -> Result<Trial, TrialError> {
    let failed = |error| TrialError::Marker(marker(door), error);
    let until_wall_ms = now_wall_ms().saturating_add(in_ms(lasts));
    let trial = Trial { until_wall_ms, services };
    let text = serde_json::to_vec(&trial).map_err(|error| failed(error.into()))?;
    stop_timer(host, door);
    replace::replace(&host.path(marker(door)), &text).map_err(failed)?;
    if let Err(error) = start_timer(host, door, lasts) {
        replace::remove(&host.path(marker(door))).map_err(failed)?;
        return Err(error);
    }
    Ok(trial)
}

/// Ends a trial, kept or undone: once the marker is gone, the timer does nothing.
///
/// # Errors
/// When the marker stays.
pub(crate) fn end(host: &Host, door: Door) -> Result<(), TrialError> {
    let failed = |error| TrialError::Marker(marker(door), error);
    replace::remove(&host.path(marker(door))).map_err(failed)?;
    stop_timer(host, door);
    Ok(())
}

fn start_timer(host: &Host, door: Door, lasts: Duration) -> Result<(), TrialError> {
    let failed = |error: io::Error| TrialError::Timer(error.to_string());
    let mut command = Command::new(host.path("/usr/bin/systemd-run"));
    command
        .arg(format!("--unit={}", unit(door)))
        .arg(format!("--on-active={}s", lasts.as_secs()))
        .args(["--timer-property=AccuracySec=1s", "--collect", "--quiet"])
        .arg(format!("--description=Undo `writ enable {door}` unless it was confirmed"))
        .arg("--")
        .arg(std::env::current_exe().map_err(failed)?);
    if host.path("/") != Path::new("/") {
        command.arg("--root").arg(host.path("/"));
    }
    command.args(["disable", &door.to_string(), "--if-unconfirmed"]);
    let output = command.output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let said = encode(output.stderr.trim_ascii());
    Err(TrialError::Timer(shown(&said)))
}

/// Stops the timer. That it does not run is as good.
fn stop_timer(host: &Host, door: Door) {
    let _ = Command::new(host.path("/usr/bin/systemctl"))
        .args(["stop", "--quiet"])
        .arg(format!("{}.timer", unit(door)))
        .output();
}

/// The transient units: a timer and the service that it starts.
fn unit(door: Door) -> String {
    format!("writ-rollback-{door}")
}
