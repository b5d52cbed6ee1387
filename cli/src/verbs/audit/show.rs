//! `writ audit show`: the story of one request.

use std::fmt::Write;

use serde::Serialize;
use writ_engine::facts::Door;
use writ_engine::id::RequestId;
use writ_protocol::text::{shown, shown_command};

use super::event;
use super::source::{self, Line, PrintedEvent};
use super::subjects::{Subject, Subjects};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::local;
use crate::screen::{Screen, print, print_json};
use crate::view::command;

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
    line.record.as_ref().is_some_and(|record| record.id == Some(id))
}

fn text(id: RequestId, events: &[Line], screen: Screen) -> String {
    let records = || events.iter().filter_map(|line| line.record.as_ref());
    let mut subjects = Subjects::default();
    let subject = records().find_map(|record| subjects.of(record).cloned());
    let mut text = screen.strong(&id.to_string());
    text.push('\n');
    if let Some(subject) = subject {
        push_subject(&mut text, &subject);
    }
    for record in records() {
        let when = screen.faint(&local(record.at.wall.0));
        // The head has said what it is about.
        let sentence = event::sentence(&record.what, None);
        // Writing to a String does not fail, here and below.
        let _ = writeln!(text, "{when}  {sentence}");
    }
    text
}

/// Who asked for what: the head of the story.
fn push_subject(text: &mut String, subject: &Subject) {
    let command = subject.command();
    let door = match subject.act.door {
        Door::Sudo => "sudo",
        Door::Writ => "writ request",
    };
    let tty = subject.act.tty.as_deref().map_or("no terminal".to_owned(), shown);
    let requester = event::person(&subject.requester);
    let from = match &subject.act.source_ip {
        Some(address) => {
            format!("{requester} by {door} on {tty}, logged in from {}", shown(address))
        }
        None => format!("{requester} by {door} on {tty}"),
    };
    let rule = match (&subject.source.role, &subject.source.rule) {
        (Some(role), Some(rule)) => Some(format!("{} of role {}", shown(rule), shown(role))),
        (Some(role), None) => Some(format!("role {}", shown(role))),
        (None, _) => None,
    };
    let fields = [
        ("who", Some(from)),
        ("command", Some(command::line(&command))),
        ("called as", command::other_name(&command)),
        ("in", Some(shown_command([command.cwd.as_str()]))),
        ("as", Some(command::run_as(&command))),
        ("sha256", subject.sha256.as_deref().map(shown)),
        ("reason", subject.reason.as_deref().map(shown)),
        ("ticket", subject.ticket.as_deref().map(shown)),
        ("rule", rule),
    ];
    for (label, value) in fields {
        if let Some(value) = value {
            let _ = writeln!(text, "  {label:<10}{value}");
        }
    }
}
