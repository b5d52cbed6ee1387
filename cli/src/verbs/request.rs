//! `writ request`: asks in advance, so that the same sudo passes later.

mod resolve;
mod terminal;
mod wait;

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use writ_protocol::answers::{Answer, AnswerState};
use writ_protocol::calls;
use writ_protocol::text::{shown, shown_command};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::{print, print_json};
use crate::span::{in_ms, in_words, parse_span};
use crate::view::command;
use terminal::Terminal;
use wait::{Waited, Waiting};

/// Ask for a command in advance, so that the same sudo passes later
///
/// The command is resolved as sudo does it: a name without a slash is looked up in
/// sudo's usual secure_path (/usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin,
/// /sbin, /bin), and the working directory counts. Once it is approved, run it with
/// sudo from the same directory.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 approved (with --no-wait: asked), 3 denied, 4 still open, or
nobody answered in time.

Example: writ request --reason 'nginx hangs' --for 30m -- systemctl restart nginx")]
pub(crate) struct Arguments {
    /// The command and its arguments, as you will give them to sudo
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<OsString>,

    /// Ask to run it as this user, as with sudo -u
    #[arg(short, long, value_name = "NAME", default_value = "root")]
    user: String,

    /// Ask that the grant stand this long at most: 90s, 30m, 1h30m, 2d
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    lasts: Option<Duration>,

    /// Ask that it may be used this often
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    uses: Option<u32>,

    /// Say why
    #[arg(long, value_name = "TEXT", env = "WRIT_REASON", hide_env_values = true)]
    reason: Option<String>,

    /// Name the ticket that it belongs to
    #[arg(long, value_name = "TICKET", env = "WRIT_TICKET", hide_env_values = true)]
    ticket: Option<String>,

    /// Print the ID and do not wait for the answer
    #[arg(long)]
    no_wait: bool,

    /// Print the last answer as JSON, with the fields of io.writ.Agent's Answer
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let command = resolve::command(host, &arguments.command, &arguments.user)
        .map_err(|error| Failure::verb(error.exit(), error))?;
    let mut request = calls::Request {
        command,
        reason: said(arguments.reason.as_deref()),
        ticket: said(arguments.ticket.as_deref()),
        lasts_ms: arguments.lasts.map(in_ms),
        uses: arguments.uses,
    };
    loop {
        let waited = Waiting::new(host, &request, arguments.no_wait)?.finish()?;
        match waited {
            Waited::Answered(answer) if answer.state == AnswerState::Wanted => {
                fill_in(&mut request, &answer)?;
            }
            Waited::Answered(answer) => return tell(&answer, &request, arguments),
            Waited::Interrupted(Some(answer)) => {
                eprintln!("{}", stays_open(&answer));
                return Ok(Exit::Open);
            }
            Waited::Interrupted(None) => {
                let sentence = "interrupted; `writ status` says whether the request is open";
                return Err(Failure::verb(Exit::Open, sentence));
            }
        }
    }
}

/// An empty WRIT_REASON says as little as none.
fn said(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Asks the person for what is missing, where there is one.
fn fill_in(request: &mut calls::Request, answer: &Answer) -> Result<(), Failure> {
    let mut terminal = Terminal::open().map_err(|_| missing(answer))?;
    if answer.wants_reason {
        request.reason = Some(terminal.ask("Reason: ").map_err(unread)?);
    }
    if answer.wants_ticket {
        let question = match &answer.ticket_pattern {
            Some(pattern) => format!("Ticket ({}): ", shown(pattern)),
            None => "Ticket: ".to_owned(),
        };
        request.ticket = Some(terminal.ask(&question).map_err(unread)?);
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

fn tell(answer: &Answer, request: &calls::Request, arguments: &Arguments) -> Result<Exit, Failure> {
    let exit = match answer.state {
        AnswerState::Allowed => Exit::Done,
        AnswerState::Denied | AnswerState::Wanted => Exit::Denied,
        AnswerState::Expired => Exit::Open,
        AnswerState::Open | AnswerState::Waiting if arguments.no_wait => Exit::Done,
        AnswerState::Open | AnswerState::Waiting => Exit::Open,
    };
    if arguments.json {
        print_json(answer)?;
        return Ok(exit);
    }
    match answer.state {
        AnswerState::Allowed => print(&approved(answer, request))?,
        AnswerState::Denied | AnswerState::Expired | AnswerState::Wanted => {
            let message = answer.message.as_deref().unwrap_or("the answer is no");
            eprintln!("writ: {}", shown(message));
        }
        AnswerState::Open | AnswerState::Waiting if arguments.no_wait => {
            print(&format!("{}\n", id(answer)))?;
        }
        AnswerState::Open | AnswerState::Waiting => eprintln!("{}", stays_open(answer)),
    }
    Ok(exit)
}

fn approved(answer: &Answer, request: &calls::Request) -> String {
    let sudo = sudo_line(&request.command);
    let message = match &answer.message {
        Some(message) => shown(message),
        None => format!("{} is approved.", id(answer)),
    };
    let within = match answer.remaining_ms {
        0 => String::new(),
        remaining_ms => format!(" within {}", in_words(remaining_ms)),
    };
    format!(
        "{message}\nRun it{within} from {}:\n  {sudo}\n",
        shown_command([request.command.cwd.as_str()])
    )
}

/// What to type so that the grant is used.
fn sudo_line(command: &calls::Command) -> String {
    let words = command.argv.iter().map(String::as_str);
    let typed = shown_command(words);
    if command.run_as.uid == 0 {
        format!("sudo {typed}")
    } else {
        format!("sudo -u {} {typed}", command::run_as(command))
    }
}

fn stays_open(answer: &Answer) -> String {
    let id = id(answer);
    format!(
        "writ: request {id} stays open; `writ status` shows it, `writ cancel {id}` takes it back"
    )
}

fn id(answer: &Answer) -> String {
    answer.id.as_deref().map(shown).unwrap_or_default()
}
