//! Requests and grants as the rows of a table.

use writ_protocol::answers::{Decision, Request, RequestState};
use writ_protocol::calls::{Command, Verdict};
use writ_protocol::text::shown;

use crate::screen::Screen;
use crate::span::{countdown, in_words};
use crate::table::Table;
use crate::view::{command, session, window};

/// The longest command in a list, in characters: one that is longer would push the
/// others off the screen. The whole of it is in the question.
const COMMAND_CHARACTERS_MAX: usize = 800;

/// What waits for the reader, one row each: who asks for what, since when, and how
/// long is left. `now_wall_ms` is milliseconds since 1970-01-01 UTC.
pub(crate) fn to_decide(requests: &[Request], now_wall_ms: u64, screen: Screen) -> String {
    let mut table = Table::new(["ID", "WHO", "SINCE", "LEFT"], "WHAT");
    for request in requests {
        table.row(
            [
                shown(&request.id),
                who(request),
                in_words(now_wall_ms.saturating_sub(request.opened_wall_ms)),
                countdown(request.remaining_ms),
            ],
            what(request),
        );
    }
    table.render(screen)
}

/// What stands, one row each: its state, how long and how often it may still be
/// used.
pub(crate) fn standing(requests: &[Request], screen: Screen) -> String {
    let mut table = Table::new(["ID", "STATE", "LEFT", "USES"], "WHAT");
    for request in requests {
        let uses = match (request.state, &request.window) {
            (RequestState::Pending, _) => String::new(),
            // They are not counted.
            (RequestState::Granted | RequestState::Running, Some(_)) => "any".to_owned(),
            (RequestState::Granted | RequestState::Running, None) => request.uses_left.to_string(),
        };
        table.row(
            [shown(&request.id), state(request), countdown(request.remaining_ms), uses],
            what(request),
        );
    }
    table.render(screen)
}

/// The same for everybody's, with a column for whose it is.
pub(crate) fn everybody(requests: &[Request], screen: Screen) -> String {
    let mut table = Table::new(["ID", "WHO", "STATE", "LEFT"], "WHAT");
    for request in requests {
        table.row(
            [shown(&request.id), who(request), state(request), countdown(request.remaining_ms)],
            what(request),
        );
    }
    table.render(screen)
}

/// Who asks, with the account he logged in to where that is another.
pub(crate) fn who(request: &Request) -> String {
    match &request.login_user {
        Some(login) if *login != request.user => {
            format!("{} ({})", shown(&request.user), shown(login))
        }
        _ => shown(&request.user),
    }
}

/// What somebody answered, such as `bob approved` or `carol refused: not today`.
pub(crate) fn decision(decision: &Decision) -> String {
    let verdict = match decision.verdict {
        Verdict::Approve if decision.self_approval => "approved his own request",
        Verdict::Approve => "approved",
        Verdict::Deny => "refused",
    };
    let by = match &decision.in_place_of {
        Some(owner) => format!("{}, for {},", shown(&decision.by), shown(owner)),
        None => shown(&decision.by),
    };
    match &decision.comment {
        Some(comment) => format!("{by} {verdict}: {}", shown(comment)),
        None => format!("{by} {verdict}"),
    }
}

/// Who has looked at it.
pub(crate) fn seen(request: &Request) -> String {
    let names: Vec<String> = request.seen.iter().map(|seen| shown(&seen.by)).collect();
    names.join(", ")
}

fn state(request: &Request) -> String {
    match request.state {
        RequestState::Pending if request.needed > 1 => {
            format!("waiting, {} of {}", approvals(request), request.needed)
        }
        RequestState::Pending => "waiting".to_owned(),
        RequestState::Granted if request.window.is_some() => "open".to_owned(),
        RequestState::Running if request.window.is_some() => {
            format!("open, {} running", request.running)
        }
        RequestState::Granted => "granted".to_owned(),
        RequestState::Running => "running".to_owned(),
    }
}

/// How many have approved.
pub(crate) fn approvals(request: &Request) -> usize {
    let approved = |decision: &&Decision| decision.verdict == Verdict::Approve;
    request.decisions.iter().filter(approved).count()
}

/// What it is for, and under it what is not as usual.
fn what(request: &Request) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if let Some(grant) = &request.extends {
        lines.push(format!("{} is to stand longer", shown(grant)));
    }
    match (&request.command, &request.session, &request.window) {
        (Some(command), None, None) => lines.extend(of_command(request, command)),
        (None, Some(session), None) => lines.push(session::line(session)),
        (None, None, Some(window)) => {
            lines.push(window::line(&window.role));
            lines.extend(window::listed(window));
        }
        _ => lines.push("what this version of writ cannot show".to_owned()),
    }
    match (&request.reason, &request.ticket) {
        (Some(reason), Some(ticket)) => {
            lines.push(format!("why: {} ({})", shown(reason), shown(ticket)));
        }
        (Some(reason), None) => lines.push(format!("why: {}", shown(reason))),
        (None, Some(ticket)) => lines.push(format!("ticket: {}", shown(ticket))),
        (None, None) => {}
    }
    if request.state == RequestState::Pending {
        if !request.seen.is_empty() {
            lines.push(format!("seen by {}", seen(request)));
        }
        lines.extend(request.decisions.iter().map(decision));
    }
    lines
}

fn of_command(request: &Request, command: &Command) -> Vec<String> {
    let mut lines = vec![listed(request, command)];
    if let Some(name) = command::other_name(command) {
        lines.push(format!("called as {name}"));
    }
    if command.run_as.uid != 0 || command.run_as.group.is_some() {
        lines.push(format!("as {}", command::run_as(command)));
    }
    lines
}

/// The command; one that is too long for a list says what is missing and where it is.
fn listed(request: &Request, command: &Command) -> String {
    let line = command::line(command);
    let Some((end, _)) = line.char_indices().nth(COMMAND_CHARACTERS_MAX) else {
        return line;
    };
    let (seen, rest) = line.split_at(end);
    let more = rest.chars().count();
    format!("{seen}… ({more} characters more: writ show {})", shown(&request.id))
}
