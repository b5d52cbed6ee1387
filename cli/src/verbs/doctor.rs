//! `writ doctor`: what is not as it should be, and what to do about it.

mod agent;
mod ledger;
mod lending;
mod nsswitch;
mod pam;
mod sudo;
mod system;
mod units;

use std::fmt::Write;
use std::io;

use serde::Serialize;
use writ_protocol::answers::Finding;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::{Screen, print, print_json, shown_lines};

/// Say what is not as it should be, and what to do about it
///
/// Looks at the agent and its socket, sudo.conf and the plugin as sudo would load
/// them, the services of PAM that ask, the ledger, the journal and the clock, and at what lending groups needs. Exits
/// with 1 if anything is wrong.
/// Run it as root: others may not look everywhere, and are told where they did not.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON: {"well": …, "findings": [{"what": "…", "remedy": "…"}], "notes":
    /// ["…"], "unseen": ["…"]}
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Diagnosis {
    findings: Vec<Finding>,
    /// What is as it was set up, and worth knowing.
    notes: Vec<String>,
    /// Files that the caller may not look at.
    unseen: Vec<String>,
}

impl Diagnosis {
    fn find(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        self.findings.push(Finding { what: what.into(), remedy: remedy.into() });
    }

    /// Something that could not be looked at: no finding where it is only that the
    /// caller may not.
    fn unreadable(&mut self, path: &str, error: &io::Error) {
        if error.kind() == io::ErrorKind::PermissionDenied {
            self.unseen.push(path.to_owned());
        } else {
            self.find(
                format!("{path} cannot be read: {error}"),
                "look at the disk and the file's mode",
            );
        }
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

#[derive(Debug, Serialize)]
struct Printed<'a> {
    well: bool,
    #[serde(flatten)]
    diagnosis: &'a Diagnosis,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut diagnosis = Diagnosis::default();
    agent::look(host, &mut diagnosis);
    sudo::look(host, &mut diagnosis);
    pam::look(host, &mut diagnosis);
    ledger::look(host, &mut diagnosis);
    system::look(host, &mut diagnosis);
    lending::look(host, &mut diagnosis);
    let well = diagnosis.findings.is_empty();
    if arguments.json {
        print_json(&Printed { well, diagnosis: &diagnosis })?;
    } else {
        print(&text(&diagnosis, Screen::of_stdout()))?;
    }
    Ok(if well { Exit::Done } else { Exit::Failed })
}

fn text(diagnosis: &Diagnosis, screen: Screen) -> String {
    let mut text = String::new();
    // Writing to a String does not fail, here and below.
    for finding in &diagnosis.findings {
        let what = screen.alarming(&shown_lines(&finding.what));
        let _ = writeln!(text, "{what}\n  {}", shown_lines(&finding.remedy));
    }
    for note in &diagnosis.notes {
        let _ = writeln!(text, "{}", shown_lines(note));
    }
    let _ = match (diagnosis.findings.is_empty(), diagnosis.unseen.is_empty()) {
        (true, true) => writeln!(text, "Nothing is wrong."),
        (_, false) => {
            let unseen = diagnosis.unseen.join(", ");
            writeln!(text, "Not looked at, as only root may: {unseen}.")
        }
        (false, true) => Ok(()),
    };
    text
}
