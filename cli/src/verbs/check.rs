//! `writ check`: is a policy as it should be?

mod accounts;

use std::path::{Path, PathBuf};

use serde::Serialize;
use writ_engine::time::WallTime;
use writ_policy::{
    Accounts, Colour, Diagnostic, HostName, Loaded, Refusal, Trust, review, review_at,
};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::now_wall_ms;
use crate::screen::{Screen, counted, print, print_json};
use accounts::HostAccounts;

/// Where the policy lies.
const POLICY_FOLDER: &str = "/etc/writ";

/// Say what is wrong with policy files, before an agent reads them
///
/// Everything that is wrong is told at once, with its file and line, and then what may
/// not be as it was meant: rules that no command reaches, questions that nobody can
/// answer, users whom this host does not have, and what is allowed without a question
/// though it can start a shell. Another folder than /etc/writ may belong to anybody: a
/// checkout, say; whether its users are on this host is looked at with --here.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 the files are taken; 1 they are not, or, with --strict, something may
not be as it was meant.")]
pub(crate) struct Arguments {
    /// The folder with writ.toml, roles.d and approvers.d; left out: /etc/writ
    dir: Option<PathBuf>,

    /// Hold the users and groups of DIR against those of this host
    #[arg(long, requires = "dir")]
    here: bool,

    /// Fail also when something may not be as it was meant
    #[arg(long)]
    strict: bool,

    /// Print JSON: {"errors": […], "warnings": […]}, each with file, line, column,
    /// message and help
    #[arg(long)]
    json: bool,
}

/// One thing told, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Told<'d> {
    file: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'d str>,
}

/// All that is told, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Checked<'d> {
    errors: Vec<Told<'d>>,
    warnings: Vec<Told<'d>>,
}

/// Reads the files as an agent would, and looks through them.
pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let (errors, warnings, read) = match load(host, arguments.dir.as_deref(), None)? {
        Err(refusal) => (refusal.errors().to_vec(), Vec::new(), None),
        Ok(loaded) => {
            let own = HostAccounts(host);
            let is_here = arguments.dir.is_none() || arguments.here;
            let accounts = is_here.then_some(&own as &dyn Accounts);
            let mut warnings = loaded.warnings.clone();
            warnings.extend(review(&loaded.sources, accounts));
            let now = WallTime(now_wall_ms());
            warnings.extend(review_at(&loaded.sources, &loaded.policy, now));
            let read = (loaded.sources.len(), loaded.policy.settings().roles.len());
            (Vec::new(), warnings, Some(read))
        }
    };
    if arguments.json {
        let (errors, warnings) = (told(&errors), told(&warnings));
        print_json(&Checked { errors, warnings })?;
    } else {
        print(&text(&errors, &warnings, read))?;
    }
    let worries = !errors.is_empty() || arguments.strict && !warnings.is_empty();
    Ok(if worries { Exit::Failed } else { Exit::Done })
}

fn text(errors: &[Diagnostic], warnings: &[Diagnostic], read: Option<(usize, usize)>) -> String {
    let rendered = errors.iter().chain(warnings).map(|told| told.render(colour()));
    let mut text = rendered.map(|told| format!("{}\n", told.trim_end())).collect::<Vec<_>>();
    match warnings.len() {
        0 => {}
        1 => text.push("1 thing may not be as it was meant.\n".to_owned()),
        many => text.push(format!("{many} things may not be as they were meant.\n")),
    }
    if let Some((files, roles)) = read {
        let (files, roles) = (counted(files, "file"), counted(roles, "role"));
        let well =
            if warnings.is_empty() { "nothing is wrong with them" } else { "no error in them" };
        text.push(format!("{files} with {roles}; {well}.\n"));
    }
    let between = if errors.is_empty() { "" } else { "\n" };
    text.join(between)
}

fn told(diagnostics: &[Diagnostic]) -> Vec<Told<'_>> {
    let told = diagnostics.iter().map(|diagnostic| Told {
        file: diagnostic.file(),
        line: diagnostic.position().map(|position| position.line),
        column: diagnostic.position().map(|position| position.column),
        message: diagnostic.message(),
        help: diagnostic.help(),
    });
    told.collect()
}

/// The policy of this host as its agent reads it, or that of another folder; or what is
/// wrong with the files is told, and there is none.
///
/// # Errors
/// When the host cannot be looked at, or nothing can be told.
pub(super) fn load_or_tell(
    host: &Host,
    dir: Option<&Path>,
    host_name: Option<&str>,
) -> Result<Option<Loaded>, Failure> {
    match load(host, dir, host_name)? {
        Ok(loaded) => Ok(Some(loaded)),
        Err(refusal) => {
            print(&format!("{}\n", refusal.render(colour()).trim_end()))?;
            Ok(None)
        }
    }
}

/// The policy of this host as its agent reads it, or that of another folder; for this
/// host, or for the one of that name.
///
/// # Errors
/// When the host cannot be looked at; the inner error is what is wrong with the files.
pub(super) fn load(
    host: &Host,
    dir: Option<&Path>,
    host_name: Option<&str>,
) -> Result<Result<Loaded, Refusal>, Failure> {
    let (folder, trust) = match dir {
        Some(dir) => (dir.to_owned(), Trust::Anybody),
        None => (host.path(POLICY_FOLDER), Trust::OwnedBy(host.owner()?.as_raw())),
    };
    let name = match host_name {
        Some(name) => HostName::of(name.as_bytes()),
        None => HostName::of(rustix::system::uname().nodename().to_bytes()),
    };
    Ok(writ_policy::load(&folder, &name, trust))
}

fn colour() -> Colour {
    if Screen::of_stdout().has_colours() { Colour::Ansi } else { Colour::Plain }
}
