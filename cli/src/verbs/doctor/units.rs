//! What a door needs of systemd: an agent after the next boot, and the undoing of a trial.

use std::process::Command;

use super::Diagnosis;
use crate::host::Host;
use crate::moment::{local, now_wall_ms};
use crate::trial::{self, TrialError};
use crate::verbs::Door;

/// Where doors ask while the agent cannot be reached.
const WITHOUT_AGENT_UNIT: &str = "writ-without-agent.socket";

/// What undoes a trial at boot.
const ROLLBACK_UNIT: &str = "writ-rollback.service";

/// Without its socket and its service after the next boot, nobody but root would
/// get through.
pub(super) fn look(host: &Host, who: &str, diagnosis: &mut Diagnosis) {
    if state_of_unit(host, "writd.socket").is_some_and(|state| state != "enabled") {
        diagnosis.find(
            format!("{who} asks Writ, but writd.socket is not enabled: after the next boot nobody would answer"),
            "`systemctl enable --now writd.socket`",
        );
    }
    match state_of_unit(host, WITHOUT_AGENT_UNIT).as_deref() {
        None | Some("enabled") => {}
        Some(state) if state.starts_with("masked") => diagnosis.note(format!(
            "{WITHOUT_AGENT_UNIT} is masked: nothing but root's own passes while the agent cannot be reached."
        )),
        Some(_) => diagnosis.find(
            format!("{who} asks Writ, but {WITHOUT_AGENT_UNIT} is not enabled: while the agent cannot be reached, nothing would pass that should"),
            format!("`systemctl enable --now {WITHOUT_AGENT_UNIT}`"),
        ),
    }
    // Enabled or not, the socket starts it; masked, nothing does.
    if state_of_unit(host, "writd.service").is_some_and(|state| state.starts_with("masked")) {
        diagnosis.find(
            format!("{who} asks Writ, but writd.service is masked: once it ends, nobody answers"),
            "`systemctl unmask writd.service`",
        );
    }
}

/// What systemctl(1) says to `is-enabled`; `None` where it says nothing.
fn state_of_unit(host: &Host, unit: &str) -> Option<String> {
    let asked = Command::new(host.path("/usr/bin/systemctl")).args(["is-enabled", unit]).output();
    let said = String::from_utf8_lossy(&asked.ok()?.stdout).trim().to_owned();
    (!said.is_empty()).then_some(said)
}

/// Looks at the trial of a door; `asks` says whether it is open.
pub(super) fn look_at_trial(host: &Host, door: Door, asks: bool, diagnosis: &mut Diagnosis) {
    let trial = match trial::pending(host, door) {
        Ok(Some(trial)) => trial,
        Ok(None) => return,
        Err(TrialError::Marker(path, error)) => return diagnosis.unreadable(&path, &error),
        Err(error) => {
            return diagnosis.find(error.to_string(), format!("`writ disable {door}` clears it"));
        }
    };
    let until = local(trial.until_wall_ms);
    if !asks {
        diagnosis.find(
            format!("a trial of {door} is still noted, though {door} does not ask Writ"),
            format!("`writ disable {door}` clears it"),
        );
    } else if trial.until_wall_ms < now_wall_ms() {
        diagnosis.find(
            format!("the trial of {door} ended at {until}, and nobody undid it"),
            format!("`writ enable {door} --confirm` keeps it, `writ disable {door}` undoes it"),
        );
    } else {
        if state_of_unit(host, ROLLBACK_UNIT).is_some_and(|state| state != "enabled") {
            diagnosis.find(
                format!("{door} asks Writ on trial, but {ROLLBACK_UNIT} is not enabled: a boot before {until} would not undo it"),
                format!("`systemctl enable {ROLLBACK_UNIT}`"),
            );
        }
        diagnosis.note(format!(
            "{door} asks Writ on trial until {until}; `writ enable {door} --confirm` keeps it."
        ));
    }
}
