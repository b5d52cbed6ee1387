//! An event in words.

use std::io;

use nix::sys::signal::Signal;
use writ_engine::facts::{Aim, Ending, Person};
use writ_engine::hinges::{DoorChange, Standing};
use writ_engine::id::RequestId;
use writ_engine::record::{
    AnswerRefused, By, EndReason, ExpiryReason, Force, LetPass, Made, Opened, Outcome, Record,
    SessionEnd, SessionEnding, StoppedProcess, What,
};
use writ_engine::time::Span;
use writ_protocol::text::shown;

use super::subjects::{Known, Subject};
use crate::moment::local;
use crate::span::in_words;
use crate::view::{command, session, window};

/// What happened, on one line; `known` is what it is about, as far as it is to be said.
pub(crate) fn sentence(what: &What, known: Known<'_>) -> String {
    let Known { subject, run } = known;
    match what {
        What::AgentStarted { version, torn_bytes, .. } => {
            let torn = match torn_bytes {
                None => String::new(),
                Some(bytes) => format!("; an unfinished line of {bytes} bytes was cut off"),
            };
            format!("writd {} started{torn}", shown(version))
        }
        What::AgentStopped => "writd stopped".to_owned(),
        What::PolicyLoaded { digest, force } => {
            format!("policy {} is in force{}", shown(digest), observed(*force))
        }
        What::PolicyRefused { message } => {
            format!("the policy files were not taken: {}", shown(message))
        }
        What::RequestOpened(opened) => request_opened(opened, subject),
        What::RequestJoined { .. } => format!("{} asked again", requester(subject)),
        What::RequestEscalated { from } => {
            let from: Vec<String> = from.iter().map(|name| shown(&name.to_string())).collect();
            format!("nobody answered; {} may decide too", from.join(", "))
        }
        What::RequestCancelled { by } => format!("{} took the request back", person(by)),
        What::RequestExpired { reason } => format!("the request ended: {}", expiry(*reason)),
        What::DecisionMade(made) => decision_made(made, subject),
        What::RequestDenied { by, comment } => {
            format!("denied by {}{}", name(by), remark(comment.as_deref()))
        }
        // The uses of a window are not counted.
        What::GrantStarted { lasts, uses: 0 } => format!("open for {}", in_words(lasts.0)),
        What::GrantStarted { lasts, uses } => {
            format!("granted for {}{}", in_words(lasts.0), runs(Some(*uses)))
        }
        What::GrantExtended { request, lasts } => {
            format!("stands {} longer, as {request} asked", in_words(lasts.0))
        }
        What::GrantEnded { reason, by, comment } => {
            let why = end(*reason, by);
            format!("the grant ended: {why}{}", remark(comment.as_deref()))
        }
        What::CommandStarted { .. } => {
            format!("started{}{}", what_of(run.or(subject)), why_of(run))
        }
        What::SubcommandStarted { command: started, missed, .. } => {
            let missed = match missed {
                0 => String::new(),
                missed => format!(" ({missed} before it may not be on record)"),
            };
            format!("it started {}{missed}", command::line(&command::of(started)))
        }
        What::CommandFinished { ending, runtime, .. } => {
            format!("{}{}", finished(*ending, *runtime), what_of(run))
        }
        What::SessionEnded(end) => session_ended(end),
        What::BreakGlassUsed(used) => {
            let absent = match &used.without_agent {
                Some(passed) => {
                    format!(" while the agent was not there, at {}", local(passed.at.0))
                }
                None => String::new(),
            };
            let (who, what) = (requester(subject), what_of(subject));
            let unseen = unseen(used.without_agent.as_ref());
            format!("{who} broke the glass{absent}{what}{}{unseen}", why_of(subject))
        }
        What::BreakGlassReviewed { by, comment } => {
            format!("{} reviewed it{}", person(by), remark(comment.as_deref()))
        }
        What::DoorChanged(change) => door_changed(change),
        What::AnswerRefused(refused) => answer_refused(refused),
        What::LedgerAcknowledged { by, comment, what } => format!(
            "{} acknowledged that the ledger was broken ({}): {}",
            person(by),
            shown(what),
            shown(comment)
        ),
    }
}

fn answer_refused(refused: &AnswerRefused) -> String {
    let of = match &refused.approver {
        Some(approver) => format!(" that names {}", shown(approver)),
        None => String::new(),
    };
    let more = match refused.more {
        0 => String::new(),
        more => format!(" (and {more} before it)"),
    };
    let (by, why) = (person(&refused.by), shown(&refused.why));
    format!("{by} handed in an answer{of} that did not count: {why}{more}")
}

fn door_changed(change: &DoorChange) -> String {
    let door = match change.door.split_once(':') {
        Some((_, service)) => format!("the service {} of PAM", shown(service)),
        None => shown(&change.door),
    };
    match (&change.hinge.standing, change.was) {
        (Standing::Off, _) => format!("{door} no longer asks Writ"),
        (Standing::On, Standing::On) => format!("{door} asks Writ by another file than before"),
        (Standing::On, _) => format!("{door} asks Writ"),
        (Standing::Broken, _) => {
            let fault = change.hinge.fault.as_deref().unwrap_or("nobody can say why");
            format!("{door} does not ask Writ as it should: {}", shown(fault))
        }
    }
}

/// Whether a record belongs to the story of `id`: it bears it, or it is what came of
/// `id`, which asked that another grant stand longer.
pub(crate) fn is_of(record: &Record, id: RequestId) -> bool {
    let came_of = matches!(&record.what, What::GrantExtended { request, .. } if *request == id);
    record.id == Some(id) || came_of
}

/// A person, with the account that he logged in to where that is another.
pub(crate) fn person(person: &Person) -> String {
    let account = shown(person.name());
    match &person.login {
        Some(login) if login.uid != person.account.uid => {
            format!("{account} (logged in as {})", shown(&login.name))
        }
        _ => account,
    }
}

fn request_opened(opened: &Opened, subject: Option<&Subject>) -> String {
    let asked: Vec<String> = opened.asked.iter().map(|name| shown(name)).collect();
    let asked = asked.join(", ");
    let why = why(opened.reason.as_deref(), opened.ticket.as_deref());
    let asked = match opened.asked.as_slice() {
        [] => "asked the policy".to_owned(),
        _ => format!("asked {asked}"),
    };
    let longer = match opened.extends {
        Some(grant) => format!(" that {grant} stand {} longer", in_words(opened.lasts.0)),
        None => String::new(),
    };
    format!("{} {asked}{longer}{}{why}", person(&opened.requester), what_of(subject))
}

fn decision_made(made: &Made, subject: Option<&Subject>) -> String {
    let by = match &made.in_place_of {
        Some(owner) => format!("{}, for {},", name(&made.by), shown(owner)),
        None => name(&made.by),
    };
    let verdict = match made.outcome {
        Outcome::Allow => "allowed",
        Outcome::Approve => "approved",
        Outcome::Deny => "refused",
        Outcome::WouldAsk => "would have asked people about",
        Outcome::Pass => "let pass",
    };
    let about = match (&made.about, subject) {
        (Some(about), Some(subject)) => {
            let why = why(about.reason.as_deref(), about.ticket.as_deref());
            format!(" {}{}{why}", person(&about.requester), what_of(Some(subject)))
        }
        _ => String::new(),
    };
    let narrowed = match made.lasts {
        Some(lasts) => format!(" for {}", in_words(lasts.0)),
        None => String::new(),
    };
    let uses = runs(made.uses);
    let proved = if made.proved { ", having proved who he is" } else { "" };
    let signed = match &made.signed {
        Some(signed) => format!(", signed with {}", signed.fingerprint),
        None => String::new(),
    };
    let absent = match &made.without_agent {
        Some(passed) => format!(", while the agent was not there, at {}", local(passed.at.0)),
        None => String::new(),
    };
    let comment = remark(made.comment.as_deref());
    let observed = observed(made.force);
    let unseen = unseen(made.without_agent.as_ref());
    format!(
        "{by} {verdict}{about}{narrowed}{uses}{proved}{signed}{absent}{comment}{observed}{unseen}"
    )
}

/// Nobody saw whether what passed without the agent began, nor how it ended.
fn unseen(passed: Option<&LetPass>) -> &'static str {
    match passed {
        Some(_) => "; what became of it is on no record",
        None => "",
    }
}

fn finished(ending: Ending, runtime: Option<Span>) -> String {
    let after = match runtime {
        Some(runtime) => format!(" after {}", in_words(runtime.0)),
        None => String::new(),
    };
    match ending {
        Ending::ExitStatus(status) => format!("exited with {status}{after}"),
        Ending::Signal(number) => match Signal::try_from(number) {
            Ok(signal) => format!("ended by {signal}{after}"),
            Err(_) => format!("ended by signal {number}{after}"),
        },
        Ending::ExecErrno(errno) => {
            let error = io::Error::from_raw_os_error(errno);
            format!("could not be executed: {error}")
        }
        Ending::Unknown => "ended unseen: sudo was lost before it could tell".to_owned(),
    }
}

/// Such as `stopped what alice still ran: bash (812), vim (815) and 3 more`.
fn session_ended(end: &SessionEnd) -> String {
    let whose = shown(&end.account.name);
    let named = |process: &StoppedProcess| format!("{} ({})", shown(&process.name), process.pid);
    let mut processes: Vec<String> = end.processes.iter().map(named).collect();
    if end.more > 0 {
        processes.push(format!("{} more", end.more));
    }
    match end.how {
        SessionEnding::Stopped => {
            format!("stopped what {whose} still ran: {}", processes.join(", "))
        }
        SessionEnding::Gone => format!("what {whose} still ran was gone before it was stopped"),
    }
}

fn requester(subject: Option<&Subject>) -> String {
    subject.map_or("the requester".to_owned(), |subject| person(&subject.requester))
}

/// Such as `: /usr/bin/id -u as postgres` or `: (role web), lends group www-data`.
fn what_of(subject: Option<&Subject>) -> String {
    match subject.map(|subject| &subject.act.aim) {
        None => String::new(),
        Some(Aim::Command(command)) => {
            let command = command::of(command);
            let line = command::line(&command);
            if command.run_as.uid == 0 && command.run_as.group.is_none() {
                format!(": {line}")
            } else {
                format!(": {line} as {}", command::run_as(&command))
            }
        }
        Some(Aim::Session(opened)) => format!(": {}", session::line(&session::of(opened))),
        Some(Aim::Window(opened)) => {
            let lent = window::listed(&window::of(opened));
            let parts: Vec<String> = [window::line(&opened.role)].into_iter().chain(lent).collect();
            format!(": {}", parts.join(", "))
        }
    }
}

fn why_of(subject: Option<&Subject>) -> String {
    subject.map_or_else(String::new, |subject| {
        why(subject.reason.as_deref(), subject.ticket.as_deref())
    })
}

fn why(reason: Option<&str>, ticket: Option<&str>) -> String {
    match (reason, ticket) {
        (Some(reason), Some(ticket)) => format!(", because: {} ({})", shown(reason), shown(ticket)),
        (Some(reason), None) => format!(", because: {}", shown(reason)),
        (None, Some(ticket)) => format!(", for {}", shown(ticket)),
        (None, None) => String::new(),
    }
}

fn name(by: &By) -> String {
    match by {
        By::Policy => "the policy".to_owned(),
        By::Agent => "the agent".to_owned(),
        By::Person(by) => person(by),
    }
}

fn end(reason: EndReason, by: &By) -> String {
    match reason {
        EndReason::Expired => "its time was up".to_owned(),
        EndReason::Used => "it was used".to_owned(),
        EndReason::GivenBack => format!("{} gave it back", name(by)),
        EndReason::Revoked => format!("{} took it back", name(by)),
        EndReason::Reboot => "the host was booted anew".to_owned(),
        EndReason::Policy => "the policy no longer has it".to_owned(),
        EndReason::Broken => "a part of the ledger was lost".to_owned(),
        EndReason::Logout => "the last login session of whose it was has ended".to_owned(),
    }
}

fn expiry(reason: ExpiryReason) -> &'static str {
    match reason {
        ExpiryReason::Silence => "nobody answered in time",
        ExpiryReason::Reboot => "the host was booted anew",
        ExpiryReason::Policy => "the policy no longer lets it be asked for",
        ExpiryReason::Broken => "a part of the ledger was lost",
        ExpiryReason::GrantEnded => "the grant that was to stand longer has ended",
    }
}

fn remark(comment: Option<&str>) -> String {
    comment.map_or(String::new(), |comment| format!(": {}", shown(comment)))
}

fn runs(uses: Option<u32>) -> String {
    match uses {
        None => String::new(),
        Some(1) => ", one run".to_owned(),
        Some(uses) => format!(", {uses} runs"),
    }
}

fn observed(force: Force) -> &'static str {
    match force {
        Force::Enforced => "",
        Force::Observed => " (observed only)",
    }
}
