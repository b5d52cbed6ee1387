//! `writ enable pam`: makes services of PAM ask Writ, each checked with PAM itself.

use super::{AgentError, Arguments, OddWait, ShortTrial, check_agent};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::local;
use crate::pam::hurry::Hurry;
use crate::pam::lines::PlaceError;
use crate::pam::service::{self, Present, Service, ServiceError};
use crate::pam::{lines, module, probe};
use crate::trial::{self, Trial, TrialLock};
use crate::verbs::Door;

/// Why a service does not ask.
#[derive(Debug, thiserror::Error)]
enum EnableError {
    #[error("name the services that are to ask: `writ enable pam su sshd`")]
    NoService,
    #[error("{0}; nothing was changed")]
    Service(#[from] ServiceError),
    #[error("{file}: {error}; nothing was changed")]
    Place { file: String, error: PlaceError },
    #[error("{0}; nothing was changed")]
    Module(#[from] module::ModuleError),
    #[error("{0}; nothing was changed")]
    Before(probe::ProbeError),
    #[error("with Writ's lines, {0}; nothing was changed")]
    Rehearsal(probe::ProbeError),
    #[error(
        "with Writ's lines PAM would say \"{with}\" to root at {service}, and says \"{without}\" as it is; nothing was changed"
    )]
    WouldDiffer { service: String, with: String, without: String },
    #[error("{fault}; the former file of {service} is back")]
    After { service: String, fault: String },
    #[error(
        "{fault}, and the former file of {service} could not be put back: {error}; as root, take the lines marked `# writ` out of it"
    )]
    Stuck { service: String, fault: String, error: ServiceError },
    #[error(transparent)]
    Trial(#[from] trial::TrialError),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error(transparent)]
    ShortTrial(#[from] ShortTrial),
    #[error(transparent)]
    OddWait(#[from] OddWait),
    #[error("the trial is over: no service of PAM is on trial, and none was kept")]
    Over,
}

impl From<EnableError> for Failure {
    fn from(error: EnableError) -> Self {
        let exit = match &error {
            EnableError::Agent(error) => error.exit(),
            EnableError::NoService
            | EnableError::ShortTrial(_)
            | EnableError::OddWait(_)
            | EnableError::Service(
                ServiceError::Name(_)
                | ServiceError::Everybodys(..)
                | ServiceError::Unattended(_)
                | ServiceError::Activated(_)
                | ServiceError::Missing(_),
            ) => Exit::Usage,
            _ => Exit::Failed,
        };
        Self::verb(exit, error)
    }
}

/// A service whose file is to change.
struct Change {
    service: Service,
    former: Present,
    text: String,
    /// What PAM says to root as it is.
    before: probe::Verdict,
}

/// Enables them, or keeps what is on trial; returns what to tell.
pub(super) fn run(host: &Host, arguments: &Arguments) -> Result<String, Failure> {
    Ok(if arguments.confirm { confirm(host)? } else { enable(host, arguments)? })
}

fn enable(host: &Host, arguments: &Arguments) -> Result<String, EnableError> {
    arguments.check_trial()?;
    if arguments.services.is_empty() {
        return Err(EnableError::NoService);
    }
    let _lock = TrialLock::take(host)?;
    module::check(host)?;
    let mut changes = Vec::new();
    for name in &arguments.services {
        changes.extend(planned(host, &Service::named(name)?, arguments)?);
    }
    let tried = trial::pending(host, Door::Pam)?;
    if changes.is_empty() && (tried.is_none() || arguments.rollback_after.is_none()) {
        return Ok("They ask Writ already; nothing was changed.\n".to_owned());
    }
    if !arguments.force {
        check_agent(host)?;
    }
    let begun = match arguments.rollback_after {
        Some(lasts) => {
            let mut services = tried.clone().unwrap_or_default().services;
            services.extend(changes.iter().map(|change| change.service.name().to_owned()));
            services.sort();
            services.dedup();
            Some(trial::begin(host, Door::Pam, services, lasts)?)
        }
        None => None,
    };
    for (index, change) in changes.iter().enumerate() {
        if let Err(error) = put_in(host, change) {
            for done in changes.iter().take(index) {
                restore(host, done, &error.to_string())?;
            }
            if begun.is_some() && tried.is_none() {
                // If it stays, its timer finds nothing to undo.
                let _ = trial::end(host, Door::Pam);
            }
            return Err(error);
        }
    }
    Ok(told(&changes, begun.as_ref()))
}

/// Checks a service, and says what is to change; nothing where it asks already.
fn planned(
    host: &Host,
    service: &Service,
    arguments: &Arguments,
) -> Result<Option<Change>, EnableError> {
    service.is_one(host, arguments.force())?;
    let former = service.read(host)?;
    // What was wanted once stands until something else is.
    let hurried = || match lines::wait_of(&former.text) {
        None => Hurry::of(host, service.name())?.wait(service.name()),
        Some(_) => None,
    };
    let wait = arguments.wait()?.or_else(hurried);
    let text = service.with_writ(host, &former, wait).map_err(|error| EnableError::Place {
        file: service.path().display().to_string(),
        error,
    })?;
    for (other, _) in service::enabled(host)? {
        // su-l takes in su: with both, everybody would be asked twice.
        if other != *service && other.takes_in(host, service) {
            let error = PlaceError::Asked(other.name().to_owned());
            return Err(EnableError::Place { file: service.path().display().to_string(), error });
        }
    }
    if text == former.text {
        return Ok(None);
    }
    let before = probe::ask(host, service.name()).map_err(EnableError::Before)?;
    let rehearsed = probe::rehearse(host, service.name(), &text).map_err(EnableError::Rehearsal)?;
    // That PAM answers is enough where root never comes.
    let differs = |with: &probe::Verdict| *with != before && lines::is_for_root(service.name());
    if let Some(with) = rehearsed.filter(differs) {
        return Err(EnableError::WouldDiffer {
            service: service.name().to_owned(),
            with: with.words().to_owned(),
            without: before.words().to_owned(),
        });
    }
    Ok(Some(Change { service: service.clone(), former, text, before }))
}

/// Writes the lines and asks PAM; on another answer, the former file comes back.
fn put_in(host: &Host, change: &Change) -> Result<(), EnableError> {
    change.service.write(host, &change.text)?;
    let fault = match probe::ask(host, change.service.name()) {
        Ok(after) if after == change.before || !lines::is_for_root(change.service.name()) => {
            return Ok(());
        }
        Ok(after) => format!("with Writ's lines PAM says \"{}\" to root", after.words()),
        Err(error) => error.to_string(),
    };
    restore(host, change, &fault)?;
    Err(EnableError::After { service: change.service.name().to_owned(), fault })
}

fn restore(host: &Host, change: &Change, fault: &str) -> Result<(), EnableError> {
    let restored = match change.former.vendors {
        true => change.service.remove(host),
        false => change.service.write(host, &change.former.text),
    };
    restored.map_err(|error| EnableError::Stuck {
        service: change.service.name().to_owned(),
        fault: fault.to_owned(),
        error,
    })
}

fn told(changes: &[Change], trial: Option<&Trial>) -> String {
    let mut text = String::new();
    for Change { service, .. } in changes {
        text.push_str(&format!("{} now asks Writ.\n", service.name()));
    }
    if let Some(trial) = trial {
        text.push_str(&format!(
            "Try it from another terminal. At {} it is undone ({}), unless you keep it: \
             `writ enable pam --confirm`.\n",
            local(trial.until_wall_ms),
            trial.services.join(", ")
        ));
    }
    text
}

/// Keeps what is on trial, and returns what to tell.
fn confirm(host: &Host) -> Result<String, EnableError> {
    let _lock = TrialLock::take(host)?;
    let Some(tried) = trial::pending(host, Door::Pam)? else {
        let enabled = service::enabled(host)?;
        return match enabled.iter().any(|(_, text)| lines::asks(text)) {
            true => Ok("What asks Writ does so for good; nothing was changed.\n".to_owned()),
            false => Err(EnableError::Over),
        };
    };
    trial::end(host, Door::Pam)?;
    Ok(format!("They go on asking Writ: {}.\n", tried.services.join(", ")))
}
