//! The services of PAM that ask Writ, and whether their files are as they were written.

use writ_hinges::hang::look_at_service;
use writ_protocol::services::{WAIT_OPTION, WAIT_SECONDS, wait_seconds};

use super::{Diagnosis, units};
use crate::host::Host;
use crate::pam::hurry::Hurry;
use crate::pam::service::{self, ServiceError};
use crate::pam::{lines, module};
use crate::verbs::Door;

pub(super) fn look(host: &Host, diagnosis: &mut Diagnosis) {
    let enabled = match service::enabled(host) {
        Ok(enabled) => enabled,
        // A host may be without PAM.
        Err(ServiceError::File(_, error)) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(ServiceError::File(path, error)) => return diagnosis.unreadable(&path, &error),
        Err(error) => return diagnosis.find(error.to_string(), "look at the folder"),
    };
    units::look_at_trial(host, Door::Pam, !enabled.is_empty(), diagnosis);
    if enabled.is_empty() {
        return;
    }
    if let Err(error) = module::check(host) {
        diagnosis.find(
            format!("{error}; without it only root gets through the services that ask"),
            "until it is mended, `writ disable pam` gives them back",
        );
    }
    let mut well = Vec::new();
    for (service, text) in enabled {
        look_at_wait(host, service.name(), &text, diagnosis);
        match look_at_service(host, &service, text) {
            Ok(()) => well.push(service.name().to_owned()),
            Err(what) => diagnosis.find(
                what,
                format!("`writ enable pam {0}` writes the lines anew, `writ disable pam {0}` takes them out", service.name()),
            ),
        }
    }
    if !well.is_empty() {
        diagnosis.note(format!("These services of PAM ask Writ: {}.", well.join(", ")));
    }
    units::look(host, "PAM", diagnosis);
}

/// Who waits for longer than his service does hears nothing of how it went.
fn look_at_wait(host: &Host, service: &str, text: &str, diagnosis: &mut Diagnosis) {
    let told = lines::wait_of(text);
    if let Some(odd) = told.filter(|seconds| !WAIT_SECONDS.contains(seconds)) {
        diagnosis.find(
            format!(
                "the module takes no `{WAIT_OPTION}{odd}`, and waits at {service} as without it"
            ),
            format!("`writ enable pam {service} --wait TIME` takes 1s to 1h"),
        );
    }
    let told = told.filter(|seconds| WAIT_SECONDS.contains(seconds));
    let (Some(wait), Some(hurry)) = (told.or(wait_seconds(service)), Hurry::of(host, service))
    else {
        return;
    };
    if hurry.is_outlasted_by(wait) {
        let enough = hurry.wait(service).or(wait_seconds(service)).unwrap_or(1);
        diagnosis.find(
            format!(
                "{service} gives up after {} s ({}), and people wait there for up to {wait} s",
                hurry.seconds, hurry.set_by
            ),
            format!("`writ enable pam {service} --wait {enough}s`, or give them longer there"),
        );
    }
}
