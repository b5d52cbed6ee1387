//! `writ audit verify`: whether the record is whole.

use std::fmt::Write;

use serde::Serialize;
use writ_ledger::{Break, Reader, Report, verify};

use super::journal::{JournalHead, newest_head};
use super::source::{LEDGER, SourceError};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::{Screen, print, print_json};

/// Check every byte of the ledger, and its head against the journal
///
/// Exits with 1 and names the place where the chain does not verify. Lines cut off
/// at the end are found by the copy of the head that the journal holds.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON: {"whole": …, "lines": …, "segments": …, "first_seq": …,
    /// "head": {"seq": …, "digest": "…"}, "broken": …, "journal": {"seq": …,
    /// "digest": "…", "agrees": …}, "acknowledged": […]}
    #[arg(long)]
    json: bool,
}

/// What was found, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Findings {
    whole: bool,
    lines: u64,
    segments: u64,
    first_seq: Option<u64>,
    head: Option<Place>,
    /// The place and what is wrong there.
    broken: Option<String>,
    journal: Option<Compared>,
    acknowledged: Vec<Break>,
}

/// A place in the chain.
#[derive(Debug, Serialize)]
struct Place {
    seq: u64,
    digest: String,
}

/// The head that the journal holds, and whether the ledger has that line.
#[derive(Debug, Serialize)]
struct Compared {
    seq: u64,
    digest: String,
    agrees: bool,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let findings = look(host)?;
    if arguments.json {
        print_json(&findings)?;
    } else {
        print(&text(&findings, Screen::of_stdout()))?;
    }
    Ok(if findings.whole { Exit::Done } else { Exit::Failed })
}

fn look(host: &Host) -> Result<Findings, Failure> {
    // Read first: the agent writes on, and the ledger is always ahead.
    let told = newest_head(host).ok().flatten();
    let report = verify(&host.path(LEDGER)).map_err(SourceError::from)?;
    let journal = match told {
        Some(told) => compare(host, &report, told)?,
        None => None,
    };
    let whole = report.broken.is_none() && journal.as_ref().is_none_or(|told| told.agrees);
    Ok(Findings {
        whole,
        lines: report.lines,
        segments: report.segments,
        first_seq: report.first.map(|first| first.link.seq),
        head: report
            .head
            .map(|head| Place { seq: head.link.seq, digest: head.link.digest.to_string() }),
        broken: report.broken.map(|broken| broken.to_string()),
        journal,
        acknowledged: report.acknowledged,
    })
}

/// Looks the journal's head up in the ledger; `None` where that part of the ledger
/// was removed or is behind a break, so that nothing can be compared.
fn compare(
    host: &Host,
    report: &Report,
    told: JournalHead,
) -> Result<Option<Compared>, SourceError> {
    let older = report.first.is_some_and(|first| told.seq < first.link.seq);
    let behind = report.head.is_some_and(|head| told.seq > head.link.seq);
    if older || (behind && report.broken.is_some()) {
        return Ok(None);
    }
    let agrees = digest_at(host, told.seq)? == Some(told.digest.clone());
    Ok(Some(Compared { seq: told.seq, digest: told.digest, agrees }))
}

/// The digest of the line with that number, if it is there and verifies.
fn digest_at(host: &Host, seq: u64) -> Result<Option<String>, SourceError> {
    let found =
        Reader::open(&host.path(LEDGER))?.map_while(Result::ok).find(|entry| entry.link.seq == seq);
    Ok(found.map(|entry| entry.link.digest.to_string()))
}

fn text(findings: &Findings, screen: Screen) -> String {
    let mut text = String::new();
    // Writing to a String does not fail, here and below.
    let _ = match (&findings.broken, &findings.head) {
        (Some(broken), _) => {
            let broken = format!("The ledger is broken: {broken}.");
            writeln!(
                text,
                "{}\n{} lines before it verify.",
                screen.alarming(&broken),
                findings.lines
            )
        }
        (None, Some(head)) => writeln!(
            text,
            "The ledger is whole: {} lines in {} segments verify, up to number {}, digest {}.",
            findings.lines, findings.segments, head.seq, head.digest
        ),
        (None, None) => writeln!(text, "The ledger is empty."),
    };
    if let Some(first) = findings.first_seq.filter(|first| *first > 1) {
        let _ = writeln!(text, "It starts with number {first}: older segments were removed.");
    }
    for found in &findings.acknowledged {
        let _ = writeln!(
            text,
            "Root acknowledged a break in segment {}, line {}.",
            found.segment, found.line
        );
    }
    push_journal(&mut text, findings, screen);
    text
}

fn push_journal(text: &mut String, findings: &Findings, screen: Screen) {
    let _ = match &findings.journal {
        Some(told) if told.agrees => {
            writeln!(text, "The journal has number {} with the same digest.", told.seq)
        }
        Some(told) => {
            let what = format!(
                "The journal has number {} with digest {}, the ledger has not: lines were cut off or rewritten.",
                told.seq, told.digest
            );
            writeln!(text, "{}", screen.alarming(&what))
        }
        None => writeln!(
            text,
            "It was not compared with the journal, which names no head that can be looked up."
        ),
    };
}
