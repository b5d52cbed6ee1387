//! sudo.conf and the plugin, as sudo would load them.

use std::fs;
use std::io;

use super::{Diagnosis, units};
use crate::host::Host;
use crate::sudo::conf::{DoorState, SUDO_CONF, SudoConf};
use crate::sudo::{plugin, probe};
use crate::verbs::Door;

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
    units::look_at_trial(host, Door::Sudo, conf.door_state() != DoorState::Off, diagnosis);
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
    units::look(host, "sudo", diagnosis);
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
