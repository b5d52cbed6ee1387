//! `writ audit list`: the events, a line each.

use std::io::{self, BufWriter, Write};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use writ_engine::id::RequestId;
use writ_engine::record::Record;

use super::event;
use super::source::{self, Line};
use super::subjects::{Known, Subjects};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::{local, now_wall_ms};
use crate::screen::Screen;
use crate::span::{in_ms, parse_span};

/// List the events, oldest first, a line each
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only what this user asked for, under this account or logged in to it
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// Only this request and what came of it
    #[arg(long)]
    id: Option<RequestId>,

    /// Only what happened since: a length of time ago (2h, 7d), or a local time
    /// (2026-11-23, '2026-11-23 18:00')
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    since: Option<Since>,

    /// Only events of this name, such as decision.made, or of this kind, such as
    /// grant
    #[arg(long, value_name = "NAME")]
    event: Option<String>,

    /// Print JSON, an object a line: {"seq": …, "record": {…}}, with the fields of
    /// the ledger
    #[arg(long)]
    json: bool,
}

/// The first moment that is of interest, in milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Since(u64);

impl Since {
    /// The moment, in milliseconds since 1970-01-01 UTC.
    pub(crate) const fn wall_ms(self) -> u64 {
        self.0
    }
}

/// A text that is no moment.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no time; write a length of time such as 2h, a day as 2026-11-23, or '2026-11-23 18:00'"
)]
pub(crate) struct SinceError(String);

/// Takes a length of time ago or a local time.
///
/// # Errors
/// When it is neither.
pub(crate) fn parse_since(text: &str) -> Result<Since, SinceError> {
    if let Ok(ago) = parse_span(text) {
        return Ok(Since(now_wall_ms().saturating_sub(in_ms(ago))));
    }
    let wrong = || SinceError(text.to_owned());
    let moment: DateTime = text.parse().map_err(|_| wrong())?;
    let moment = moment.to_zoned_datetime(TimeZone::system()).map_err(|_| wrong())?;
    let milliseconds = moment.timestamp().as_millisecond();
    Ok(Since(u64::try_from(milliseconds).map_err(|_| wrong())?))
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let screen = Screen::of_stdout();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut subjects = Subjects::default();
    let mut fault = None;
    for line in source::lines(host)? {
        match line {
            Ok(line) => write_line(&mut out, &line, &mut subjects, arguments, screen)?,
            Err(error) => fault = Some(error),
        }
    }
    out.flush()?;
    match fault {
        Some(error) => Err(error.into()),
        None => Ok(Exit::Done),
    }
}

fn write_line(
    out: &mut impl Write,
    line: &Line,
    subjects: &mut Subjects,
    arguments: &Arguments,
    screen: Screen,
) -> io::Result<()> {
    let Some(record) = &line.record else {
        return write_unknown(out, line, arguments);
    };
    let known = subjects.of(record);
    if !arguments.want(record, known) {
        return Ok(());
    }
    if arguments.json {
        serde_json::to_writer(&mut *out, &line.printed())?;
        return writeln!(out);
    }
    let when = screen.faint(&local(record.at.wall.0));
    let id = record.id.map(|id| id.to_string()).unwrap_or_default();
    let name = record.what.name();
    let sentence = event::sentence(&record.what, known);
    writeln!(out, "{when}  {name:<19}  {id:<7}  {sentence}")
}

/// An event of a newer version: nothing is known of it but its place, so it is
/// listed unless something else was asked for.
fn write_unknown(out: &mut impl Write, line: &Line, arguments: &Arguments) -> io::Result<()> {
    if arguments.is_narrowed() {
        return Ok(());
    }
    if arguments.json {
        serde_json::to_writer(&mut *out, &line.printed())?;
        return writeln!(out);
    }
    writeln!(out, "number {}: an event that this version of writ does not know", line.seq)
}

impl Arguments {
    fn is_narrowed(&self) -> bool {
        self.user.is_some() || self.id.is_some() || self.since.is_some() || self.event.is_some()
    }

    fn want(&self, record: &Record, known: Known<'_>) -> bool {
        let of_user = |user: &String| known.subject.is_some_and(|subject| subject.is_of(user));
        let named = |wanted: &String| {
            let name = record.what.name();
            let kind = name.split_once('.').map(|(kind, _)| kind);
            name == wanted || kind == Some(wanted.as_str())
        };
        self.user.as_ref().is_none_or(of_user)
            && self.id.is_none_or(|id| event::is_of(record, id))
            && self.since.is_none_or(|since| record.at.wall.0 >= since.0)
            && self.event.as_ref().is_none_or(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_lengths_days_and_moments() {
        let hour_ago = now_wall_ms() - 3_600_000;
        let Since(since) = parse_since("1h").unwrap();
        assert!(since.abs_diff(hour_ago) < 60_000);
        let day = parse_since("2026-11-23").unwrap();
        let evening = parse_since("2026-11-23 18:00").unwrap();
        assert_eq!(evening.0 - day.0, 18 * 3_600_000);
        assert!(parse_since("yesterday").is_err());
    }
}
