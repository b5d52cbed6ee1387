//! `writ audit show`: the story of one request.

use std::fmt::Write;

use serde::Serialize;
use writ_engine::facts::{Aim, Door};
use writ_engine::id::RequestId;
use writ_protocol::text::{shown, shown_command};

use super::event;
use super::source::{self, Line, PrintedEvent};
use super::subjects::{Known, Subject, Subjects};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::local;
use crate::screen::{Screen, print, print_json};
use crate::sheet::Sheet;
use crate::view::{command, session, window};

/// Tell the story of one request: who asked, why, who allowed it, what ran, how it
/// ended
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The request, such as 7K3M-Q2
    id: RequestId,

    /// Print JSON: {"id": "…", "events": [{"seq": …, "record": {…}}]}, with the
    /// fields of the ledger
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Story<'a> {
    id: RequestId,
    events: Vec<PrintedEvent<'a>>,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let id = arguments.id;
    let mut events = Vec::new();
    let mut fault = None;
    for line in source::lines(host)? {
        match line {
            Ok(line) => events.extend(Some(line).filter(|line| is_of(line, id))),
            Err(error) => fault = Some(error),
        }
    }
    if events.is_empty() && fault.is_none() {
        let sentence = format!("the ledger has no event of {id}");
        return Err(Failure::verb(Exit::Failed, sentence));
    }
    if arguments.json {
        let events = events.iter().map(Line::printed).collect();
        print_json(&Story { id, events })?;
    } else {
        print(&text(id, &events, Screen::of_stdout()))?;
    }
    match fault {
        Some(error) => Err(error.into()),
        None => Ok(Exit::Done),
    }
}

fn is_of(line: &Line, id: RequestId) -> bool {
    line.record.as_ref().is_some_and(|record| event::is_of(record, id))
}

fn text(id: RequestId, events: &[Line], screen: Screen) -> String {
    let records = || events.iter().filter_map(|line| line.record.as_ref());
    let mut subjects = Subjects::default();
    let subject = records().find_map(|record| subjects.of(record).subject.cloned());
    let mut sheet = Sheet::new(screen);
    sheet.title(&id.to_string());
    if let Some(subject) = subject {
        lay_out(&mut sheet, &subject);
    }
    let mut text = sheet.into_text();
    let mut subjects = Subjects::default();
    for record in records() {
        let when = screen.faint(&local(record.at.wall.0));
        // The head has said what it is about, but for what runs under a window.
        let known = Known { subject: None, ..subjects.of(record) };
        let sentence = event::sentence(&record.what, known);
        let other = record.id.filter(|other| *other != id);
        let other = other.map(|other| format!("{other} ")).unwrap_or_default();
        // Writing to a String does not fail.
        let _ = writeln!(text, "{when}  {other}{sentence}");
    }
    text
}

/// Who asked for what: the head of the story.
fn lay_out(sheet: &mut Sheet, subject: &Subject) {
    sheet.field("who", &who(subject));
    if let Some(grant) = subject.extends() {
        sheet.field("extends", &format!("{grant} is to stand longer"));
    }
    match &subject.act.aim {
        Aim::Command(command) => {
            let command = command::of(command);
            sheet.field("command", &command::line(&command));
            if let Some(name) = command::other_name(&command) {
                sheet.field("called as", &name);
            }
            sheet.field("in", &shown_command([command.cwd.as_str()]));
            sheet.field("as", &command::run_as(&command));
        }
        Aim::Session(session) => session::lay_out(sheet, session),
        Aim::Window(window) if subject.question.is_some() => {
            window::lay_out(sheet, window, &subject.requester.account.name);
        }
        Aim::Window(window) => sheet.field("role", &window::whole(&window.role)),
    }
    let sha256 = subject.question.as_ref().and_then(|question| question.sha256.as_deref());
    sheet.field_if("sha256", sha256);
    sheet.field_if("reason", subject.reason.as_deref());
    sheet.field_if("ticket", subject.ticket.as_deref());
    match (&subject.source.role, &subject.source.rule) {
        (Some(role), Some(rule)) => {
            sheet.field("rule", &format!("{} of role {}", shown(rule), shown(role)));
        }
        (Some(role), None) if subject.act.aim.window().is_none() => {
            sheet.field("rule", &format!("role {}", shown(role)));
        }
        (Some(_), None) | (None, _) => {}
    }
}

fn who(subject: &Subject) -> String {
    let door = match (subject.act.door, subject.extends()) {
        (Door::Sudo, _) => "sudo",
        (Door::Pam, _) => session::door(&subject.act.aim),
        (Door::Writ, None) => "writ request",
        (Door::Writ, Some(_)) => "writ extend",
    };
    let tty = subject.act.tty.as_deref().map_or("no terminal".to_owned(), shown);
    let requester = event::person(&subject.requester);
    match &subject.act.source_ip {
        Some(address) => {
            format!("{requester} by {door} on {tty}, logged in from {}", shown(address))
        }
        None => format!("{requester} by {door} on {tty}"),
    }
}
