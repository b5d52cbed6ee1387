//! sudo.conf and the plugin, as sudo would load them.

use std::fs;
use std::io;
use std::process::Command;

use super::Diagnosis;
use crate::host::Host;
use crate::moment::{local, now_wall_ms};
use crate::sudo::conf::{DoorState, SUDO_CONF, SudoConf};
use crate::sudo::trial::{self, MARKER, TrialError};
use crate::sudo::{plugin, probe};

/// What undoes a trial at boot.
const ROLLBACK_UNIT: &str = "writ-rollback.service";

const ENABLE: &str = "`writ enable sudo` writes the lines anew";

pub(super) fn look(host: &Host, diagnosis: &mut Diagnosis) {
    let text = match fs::read(host.path(SUDO_CONF)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return diagnosis.unreadable(SUDO_CONF, &error),
    };
    let conf = SudoConf::parse(&text);
    for line in &conf.misspelt {
        diagnosis.find(
            format!(
                "sudo passes over this line of {SUDO_CONF}, and runs commands without Writ: {line}"
            ),
            ENABLE,
        );
    }
    match conf.door_state() {
        DoorState::Off => diagnosis.note("sudo does not ask Writ; `writ enable sudo` lets it."),
        DoorState::Half => {
            diagnosis.find(format!("{SUDO_CONF} names only one of Writ's two plugins"), ENABLE)
        }
        DoorState::On => look_at_enabled(host, &conf, diagnosis),
    }
    look_at_trial(host, &conf, diagnosis);
}

fn look_at_enabled(host: &Host, conf: &SudoConf, diagnosis: &mut Diagnosis) {
    let owner = "it must be root's and not writable by others";
    let loose = !plugin::only_root_writes(host, SUDO_CONF.as_ref());
    if loose {
        diagnosis.find(
            format!("sudo passes over {SUDO_CONF} and runs commands without Writ: {owner}"),
            format!("`chown root:root {SUDO_CONF}; chmod 0644 {SUDO_CONF}`"),
        );
    }
    let mut checked = Vec::new();
    for named in conf.plugin_paths() {
        let found = plugin::locate(host, conf, named);
        if checked.contains(&named) {
            continue;
        }
        checked.push(named);
        if let Err(error) = found.and_then(|path| plugin::check_file(host, &path)) {
            diagnosis
                .find(error.to_string(), "until it is mended, `writ disable sudo` gives sudo back");
        }
    }
    // Others than root are not told of plugins; and what sudo makes of a file that
    // it passes over is said already.
    if host.is_mine() && !loose {
        look_at_sudo_itself(host, diagnosis);
    }
    look_at_units(host, diagnosis);
}

fn look_at_sudo_itself(host: &Host, diagnosis: &mut Diagnosis) {
    match probe::sudo_loads_writ(host) {
        Ok(()) => diagnosis.note("sudo asks Writ."),
        Err(error) => diagnosis.find(
            error.to_string(),
            "`writ disable sudo` gives sudo back; then find out why with `journalctl -u writd`",
        ),
    }
}

/// Without its socket and its service after the next boot, nobody but root could
/// use sudo.
fn look_at_units(host: &Host, diagnosis: &mut Diagnosis) {
    if state_of_unit(host, "writd.socket").is_some_and(|state| state != "enabled") {
        diagnosis.find(
            "sudo asks Writ, but writd.socket is not enabled: after the next boot nobody would answer",
            "`systemctl enable --now writd.socket`",
        );
    }
    // Enabled or not, the socket starts it; masked, nothing does.
    if state_of_unit(host, "writd.service").is_some_and(|state| state.starts_with("masked")) {
        diagnosis.find(
            "sudo asks Writ, but writd.service is masked: once it ends, nobody answers",
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

fn look_at_trial(host: &Host, conf: &SudoConf, diagnosis: &mut Diagnosis) {
    let trial = match trial::pending(host) {
        Ok(Some(trial)) => trial,
        Ok(None) => return,
        Err(TrialError::Marker(error)) => return diagnosis.unreadable(MARKER, &error),
        Err(error) => return diagnosis.find(error.to_string(), "`writ disable sudo` clears it"),
    };
    let until = local(trial.until_wall_ms);
    if conf.door_state() == DoorState::Off {
        diagnosis.find(
            "a trial of sudo is still noted, though sudo does not ask Writ",
            "`writ disable sudo` clears it",
        );
    } else if trial.until_wall_ms < now_wall_ms() {
        diagnosis.find(
            format!("the trial of sudo ended at {until}, and nobody undid it"),
            "`writ enable sudo --confirm` keeps it, `writ disable sudo` undoes it",
        );
    } else {
        if state_of_unit(host, ROLLBACK_UNIT).is_some_and(|state| state != "enabled") {
            diagnosis.find(
                format!("sudo asks Writ on trial, but {ROLLBACK_UNIT} is not enabled: a boot before {until} would not undo it"),
                format!("`systemctl enable {ROLLBACK_UNIT}`"),
            );
        }
        diagnosis.note(format!(
            "sudo asks Writ on trial until {until}; `writ enable sudo --confirm` keeps it."
        ));
    }
}
