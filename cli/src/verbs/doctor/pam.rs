//! The services of PAM that ask Writ, and whether their files are as they were written.

use super::{Diagnosis, units};
use crate::host::Host;
use crate::pam::service::{self, PAM_FOLDER, Present, Service, ServiceError};
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
        match look_at_file(host, &service, text) {
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

fn look_at_file(host: &Host, service: &Service, text: String) -> Result<(), String> {
    let path = service.path().display().to_string();
    service::check_alone(host, &service.path()).map_err(|error| error.to_string())?;
    if !lines::asks(&text) {
        return Err(format!("{path} has lines of Writ's, and does not ask it"));
    }
    if service.is_stale(host, &text) {
        return Err(format!("{path} is a copy of a file that its package has changed since"));
    }
    let present = Present { text, vendors: false };
    match service.with_writ(host, &present) {
        Ok(expected) if expected == present.text => Ok(()),
        Ok(_) => Err(format!(
            "{path}: Writ's lines are not as, or not where, they were written; in {PAM_FOLDER}, a line above them that ends the stack passes them over"
        )),
        Err(error) => Err(format!("{path}: {error}")),
    }
}
