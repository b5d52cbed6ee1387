//! `writ audit verify`: whether the record is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Serialize;
use writ_ledger::{Break, Reader, Report, verify};

use super::journal::{JournalHead, heads};
use super::signatures::{self, Signatures};
use super::source::{LEDGER, SourceError};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::{Screen, counted, print, print_json};
use writ_protocol::text::shown;

/// Check every byte of the ledger, and its head against the journal
///
/// Verifies the signed answers on record again, too. Exits with 1 and names the place where the chain does not verify. Lines cut off
/// at the end are found by the copies of the head that the journal holds, also when
/// the agent went on after that.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON: {"whole": …, "lines": …, "segments": …, "first_seq": …,
    /// "head": {"seq": …, "digest": "…"}, "broken": …, "journal": {"seq": …,
    /// "digest": "…", "agrees": …}, "acknowledged": […],
    /// "signatures": {"verified": …, "wrong": […]}}
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
    signatures: Signatures,
}

/// A place in the chain.
#[derive(Debug, Serialize)]
struct Place {
    seq: u64,
    digest: String,
}

/// A head that the journal holds, and whether the ledger has that line.
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
    let told = heads(host).unwrap_or_default();
    let report = verify(&host.path(LEDGER)).map_err(SourceError::from)?;
    let journal = compare(host, &report, told)?;
    let signatures = signatures::verify(host)?;
    let agrees = journal.as_ref().is_none_or(|told| told.agrees);
    let whole = report.broken.is_none() && agrees && signatures.wrong.is_empty();
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
        signatures,
    })
}

/// Looks the journal's heads up in the ledger, newest first: the first that it has
/// not, or else the newest. `None` where they are of a part of the ledger that was
/// removed or is behind a break, so that nothing can be compared.
fn compare(
    host: &Host,
    report: &Report,
    mut told: Vec<JournalHead>,
) -> Result<Option<Compared>, SourceError> {
    let first = report.first.map_or(0, |first| first.link.seq);
    let last = report.head.map_or(0, |head| head.link.seq);
    told.retain(|head| head.seq >= first && (head.seq <= last || report.broken.is_none()));
    let digests = digests_of(host, &told)?;
    let agrees = |head: &JournalHead| digests.get(&head.seq) == Some(&head.digest);
    let missing = told.iter().position(|head| !agrees(head)).unwrap_or(0);
    let told = told.into_iter().nth(missing);
    Ok(told.map(|head| Compared { agrees: agrees(&head), seq: head.seq, digest: head.digest }))
}

/// The digests of the lines with these numbers, of those that are there and verify.
fn digests_of(host: &Host, told: &[JournalHead]) -> Result<BTreeMap<u64, String>, SourceError> {
    let wanted: BTreeSet<u64> = told.iter().map(|head| head.seq).collect();
    Ok(Reader::open(&host.path(LEDGER))?
        .map_while(Result::ok)
        .filter(|entry| wanted.contains(&entry.link.seq))
        .map(|entry| (entry.link.seq, entry.link.digest.to_string()))
        .collect())
}

fn text(findings: &Findings, screen: Screen) -> String {
    let mut text = String::new();
    // Writing to a String does not fail, here and below.
    let _ = match (&findings.broken, &findings.head) {
        (Some(broken), _) => {
            let broken = format!("The ledger is broken: {broken}.");
            writeln!(
                text,
                "{}\n{} before it verify.",
                screen.alarming(&broken),
                counted(findings.lines, "line")
            )
        }
        (None, Some(head)) => writeln!(
            text,
            "The ledger is whole: {} in {} verify, up to number {}, digest {}.",
            counted(findings.lines, "line"),
            counted(findings.segments, "segment"),
            head.seq,
            head.digest
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
    push_signatures(&mut text, &findings.signatures, screen);
    text
}

fn push_signatures(text: &mut String, signatures: &Signatures, screen: Screen) {
    let _ = match signatures.verified {
        0 => Ok(()),
        1 => writeln!(text, "One signed answer verifies."),
        verified => writeln!(text, "{verified} signed answers verify."),
    };
    for wrong in &signatures.wrong {
        let (id, why) = (shown(&wrong.id), shown(&wrong.why));
        let what = format!("The signed answer to {id}, number {}, does not: {why}.", wrong.seq);
        let _ = writeln!(text, "{}", screen.alarming(&what));
    }
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
