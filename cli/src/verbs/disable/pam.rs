//! `writ disable pam`: services of PAM no longer ask Writ.

use super::Arguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::pam::service::{self, Service, ServiceError};
use crate::trial::{self, TrialLock};
use crate::verbs::Door;

/// Why one still asks.
#[derive(Debug, thiserror::Error)]
enum DisableError {
    #[error("{0}; as root, take the lines marked `# writ` out of the service's file")]
    Service(#[from] ServiceError),
    #[error(transparent)]
    Trial(#[from] trial::TrialError),
}

impl From<DisableError> for Failure {
    fn from(error: DisableError) -> Self {
        let exit = match error {
            DisableError::Service(ServiceError::Name(_)) => Exit::Usage,
            _ => Exit::Failed,
        };
        Self::verb(exit, error)
    }
}

/// Disables them; returns what to tell.
pub(super) fn run(host: &Host, arguments: &Arguments) -> Result<String, Failure> {
    Ok(disable(host, arguments)?)
}

fn disable(host: &Host, arguments: &Arguments) -> Result<String, DisableError> {
    let _lock = TrialLock::take(host)?;
    let tried = trial::pending(host, Door::Pam)?;
    let meant: Vec<String> = match (&tried, arguments.if_unconfirmed) {
        (None, true) => {
            return Ok("Nothing waits for a confirmation; nothing was changed.\n".to_owned());
        }
        // A mark that says nothing still says that nobody confirmed.
        (Some(tried), true) if !tried.services.is_empty() => tried.services.clone(),
        _ => arguments.services.clone(),
    };
    let services: Vec<Service> = if meant.is_empty() {
        service::enabled(host)?.into_iter().map(|(service, _)| service).collect()
    } else {
        meant.iter().map(|name| Service::named(name)).collect::<Result<_, _>>()?
    };
    let mut said = String::new();
    let mut failed = None;
    // One that fails keeps no other from going.
    for service in &services {
        match service.take_out(host) {
            Ok(true) => said.push_str(&format!("{} no longer asks Writ.\n", service.name())),
            Ok(false) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    let on_trial = |name: &String| !services.iter().any(|service| service.name() == name);
    if !tried.is_some_and(|tried| tried.services.iter().any(on_trial)) {
        trial::end(host, Door::Pam)?;
    }
    Ok(if said.is_empty() {
        "None of them asks Writ; nothing was changed.\n".to_owned()
    } else {
        said
    })
}
