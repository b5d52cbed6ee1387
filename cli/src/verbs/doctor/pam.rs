//! The services of PAM that ask Writ, and whether their files are as they were written.

use writ_hinges::hang::look_at_service;

use super::{Diagnosis, units};
use crate::host::Host;
use crate::pam::module;
use crate::pam::service::{self, ServiceError};
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
