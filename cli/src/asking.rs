//! What people answer: it is put to the agent, filled in where the policy wants a
//! reason or a ticket, waited for, and told.

mod wait;

use std::io;

use writ_protocol::answers::{Answer, AnswerState, Ask};
use writ_protocol::calls::{Extend, Method, Request};
use writ_protocol::text::shown;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::{print, print_json};
use wait::{Waited, Waiting};
pub(crate) use writ_desk::terminal::Terminal;

/// A call that people answer.
pub(crate) trait Asking: Method<Reply = Ask> {
    /// Where the reason and the ticket stand in it.
    fn remarks(&mut self) -> (&mut Option<String>, &mut Option<String>);
}

impl Asking for Request {
    fn remarks(&mut self) -> (&mut Option<String>, &mut Option<String>) {
        (&mut self.reason, &mut self.ticket)
    }
}

impl Asking for Extend {
    fn remarks(&mut self) -> (&mut Option<String>, &mut Option<String>) {
        (&mut self.reason, &mut self.ticket)
    }
}

/// Why it is asked, whatever it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Grounds {
    /// Say why
    #[arg(long, value_name = "TEXT", env = "WRIT_REASON", hide_env_values = true)]
    reason: Option<String>,

    /// Name the ticket that it belongs to
    #[arg(long, value_name = "TICKET", env = "WRIT_TICKET", hide_env_values = true)]
    ticket: Option<String>,
}

/// How it is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Manner {
    #[command(flatten)]
    grounds: Grounds,

    /// Print the ID and do not wait for the answer
    #[arg(long)]
    no_wait: bool,

    /// Print the last answer as JSON, with the fields of io.writ.Agent's Answer
    #[arg(long)]
    json: bool,
}

/// Asks, and tells the answer. `allowed` words the one that people hope for.
///
/// # Errors
/// When the agent refuses or is not there, or the wait ends without an answer.
pub(crate) fn ask<C: Asking>(
    host: &Host,
    mut call: C,
    manner: &Manner,
    allowed: impl FnOnce(&Answer, &C) -> String,
) -> Result<Exit, Failure> {
    match put(host, &mut call, &manner.grounds, manner.no_wait)? {
        Some(answer) => tell(&answer, manner, |answer| allowed(answer, &call)),
        None => Ok(Exit::Open),
    }
}

/// Asks for what has to be granted before a verb can do its own: nothing is told on
/// standard output. [`Exit::Done`] is a yes; what else it comes to was told.
///
/// # Errors
/// As [`ask`].
pub(crate) fn ask_first<C: Asking>(
    host: &Host,
    mut call: C,
    grounds: &Grounds,
) -> Result<Exit, Failure> {
    let Some(answer) = put(host, &mut call, grounds, false)? else { return Ok(Exit::Open) };
    let exit = exit(&answer);
    if exit != Exit::Done {
        tell_no(&answer);
    }
    Ok(exit)
}

/// Asks until there is an answer; none when the person left, which he was told.
fn put<C: Asking>(
    host: &Host,
    call: &mut C,
    grounds: &Grounds,
    no_wait: bool,
) -> Result<Option<Answer>, Failure> {
    let (reason, ticket) = call.remarks();
    (*reason, *ticket) = (said(grounds.reason.as_deref()), said(grounds.ticket.as_deref()));
    loop {
        let waited = Waiting::new(host, &*call, no_wait)?.finish()?;
        match waited {
            Waited::Answered(answer) if answer.state == AnswerState::Wanted => {
                fill_in(call, &answer)?;
            }
            Waited::Answered(answer) => return Ok(Some(answer)),
            Waited::Interrupted(Some(answer)) => {
                eprintln!("{}", stays_open(&answer));
                return Ok(None);
            }
            Waited::Interrupted(None) => {
                let sentence = "interrupted; `writ status` says whether the request is open";
                return Err(Failure::verb(Exit::Open, sentence));
            }
        }
    }
}

/// The ID of an answer, made safe; empty where it has none.
pub(crate) fn id(answer: &Answer) -> String {
    answer.id.as_deref().map(shown).unwrap_or_default()
}

/// An empty WRIT_REASON says as little as none.
fn said(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Asks the person for what is missing, where there is one.
fn fill_in(call: &mut impl Asking, answer: &Answer) -> Result<(), Failure> {
    let mut terminal = Terminal::open().map_err(|_| missing(answer))?;
    let (reason, ticket) = call.remarks();
    if answer.wants_reason {
        *reason = Some(terminal.ask("Reason: ").map_err(unread)?);
    }
    if answer.wants_ticket {
        let question = match &answer.ticket_pattern {
            Some(pattern) => format!("Ticket ({}): ", shown(pattern)),
            None => "Ticket: ".to_owned(),
        };
        *ticket = Some(terminal.ask(&question).map_err(unread)?);
    }
    Ok(())
}

fn unread(error: io::Error) -> Failure {
    Failure::verb(
        Exit::Failed,
        format!("nothing was asked for: the terminal gave no answer ({error})"),
    )
}

fn missing(answer: &Answer) -> Failure {
    let what = match (answer.wants_reason, answer.wants_ticket) {
        (true, true) => "a reason and a ticket; give them with --reason and --ticket",
        (false, true) => "a ticket; give it with --ticket",
        _ => "a reason; give it with --reason",
    };
    Failure::verb(Exit::Usage, format!("the policy wants {what}"))
}

fn tell(
    answer: &Answer,
    manner: &Manner,
    allowed: impl FnOnce(&Answer) -> String,
) -> Result<Exit, Failure> {
    let exit = match answer.state {
        AnswerState::Open | AnswerState::Waiting if manner.no_wait => Exit::Done,
        _ => exit(answer),
    };
    if manner.json {
        print_json(answer)?;
        return Ok(exit);
    }
    match answer.state {
        AnswerState::Allowed => print(&allowed(answer))?,
        AnswerState::Open | AnswerState::Waiting if manner.no_wait => {
            print(&format!("{}\n", id(answer)))?;
        }
        _ => tell_no(answer),
    }
    Ok(exit)
}

/// What an answer comes to for whoever waited for it.
fn exit(answer: &Answer) -> Exit {
    match answer.state {
        AnswerState::Allowed | AnswerState::Unasked => Exit::Done,
        AnswerState::Denied | AnswerState::Wanted => Exit::Denied,
        AnswerState::Expired | AnswerState::Open | AnswerState::Waiting => Exit::Open,
    }
}

/// Tells an answer that is no yes.
fn tell_no(answer: &Answer) {
    match answer.state {
        AnswerState::Open | AnswerState::Waiting => eprintln!("{}", stays_open(answer)),
        _ => {
            let message = answer.message.as_deref().unwrap_or("the answer is no");
            eprintln!("writ: {}", shown(message));
        }
    }
}

fn stays_open(answer: &Answer) -> String {
    let id = id(answer);
    format!(
        "writ: request {id} stays open; `writ status` shows it, `writ cancel {id}` takes it back"
    )
}
