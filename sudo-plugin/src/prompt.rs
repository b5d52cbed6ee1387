//! Asks the person for a reason and a ticket, at his terminal and nowhere else.

use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_current_process_group};
use writ_door::width::columns;
use writ_door::{Answers, Field, Left, LinkError, Refusal, Wanted, Woken};
use writ_protocol::text;

use crate::line::{Line, Typed};
use crate::wait::Wait;

/// How long an answer may take to type.
const TYPING_PATIENCE: Duration = Duration::from_secs(5 * 60);

/// How often an empty answer is asked again.
const EMPTY_MAX: usize = 3;

/// What the terminal does with what it cannot take (ASCII BEL).
const BELL: &str = "\x07";

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PromptFailure {
    /// He left.
    Left,
    /// There is no terminal, or none that can be prepared.
    NoTerminal(&'static str, &'static str),
    /// Only empty answers, or none in time.
    Unanswered(&'static str, &'static str),
}

impl PromptFailure {
    /// The sentence of it; `id` if there is a request already.
    pub(crate) fn refusal(self, id: Option<&str>) -> Refusal {
        match self {
            Self::Left => Refusal::from_link(LinkError::Left(Left), id),
            Self::NoTerminal(what, variable) => Refusal::CannotAsk { what, variable },
            Self::Unanswered(what, variable) => Refusal::Unanswered { what, variable },
        }
    }
}

impl From<Left> for PromptFailure {
    fn from(_: Left) -> Self {
        Self::Left
    }
}

/// Asks for everything that is wanted.
pub(crate) fn fill_in(wanted: &Wanted, wait: &mut Wait) -> Result<Answers, PromptFailure> {
    let mut answers = Answers::default();
    if let Some(reason) = wanted.reason {
        answers.reason = Some(ask(reason, "Reason: ", wait)?);
    }
    if let Some(ticket) = &wanted.ticket {
        let label = ticket_label(ticket.pattern.as_deref(), wait);
        answers.ticket = Some(ask(ticket.field, &label, wait)?);
    }
    Ok(answers)
}

/// With the pattern in front of the cursor, or above it where it takes too much of
/// the line.
fn ticket_label(pattern: Option<&str>, wait: &mut Wait) -> String {
    let plain = "Ticket: ".to_owned();
    let Some(pattern) = pattern.map(text::shown) else {
        return plain;
    };
    let label = format!("Ticket (must match {pattern}): ");
    if columns(&label) <= wait.screen.columns() / 2 {
        return label;
    }
    wait.screen.say(&format!("the ticket must match {pattern}"));
    plain
}

fn ask(field: Field, label: &str, wait: &mut Wait) -> Result<String, PromptFailure> {
    let deadline = Instant::now() + TYPING_PATIENCE;
    for _ in 0..EMPTY_MAX {
        if !wait.screen.make_raw() {
            return Err(PromptFailure::NoTerminal(field.what, field.variable));
        }
        let typed = type_line(label, wait, deadline);
        wait.screen.write_to_terminal("\r\n");
        wait.screen.leave_line();
        wait.screen.make_cooked();
        match typed? {
            Some(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
            Some(_) => {}
            None => break,
        }
    }
    Err(PromptFailure::Unanswered(field.what, field.variable))
}

/// The line that was typed; `None` when the time was up.
fn type_line(label: &str, wait: &mut Wait, deadline: Instant) -> Result<Option<String>, Left> {
    let mut line = Line::default();
    draw(label, &mut line, wait);
    while Instant::now() < deadline {
        match wait.until_typed(deadline)? {
            Woken::Ready => {}
            Woken::TimedOut => break,
            Woken::Redraw => {
                wait.screen.make_raw();
                draw(label, &mut line, wait);
                continue;
            }
        }
        match line.take(wait.screen.read_byte().ok_or(Left)?) {
            Typed::Changed => draw(label, &mut line, wait),
            Typed::Nothing => {}
            Typed::Refused => wait.screen.write_to_terminal(BELL),
            Typed::Done => return Ok(Some(line.text())),
            Typed::Left => return Err(Left),
            Typed::Suspended => {
                wait.screen.make_cooked();
                // The pipeline that sudo is part of stops as a whole; this process in
                // its next wait, which ends as a redraw.
                let _ = kill_current_process_group(Signal::TSTP);
            }
        }
    }
    Ok(None)
}

fn draw(label: &str, line: &mut Line, wait: &mut Wait) {
    let room = wait.screen.columns().saturating_sub(columns(label));
    let seen = line.seen(room);
    wait.screen.update_around(&format!("{label}{}", seen.before), &seen.after);
}
