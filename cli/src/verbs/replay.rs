//! `writ replay`: what another policy would have said of what was done.

mod people;
mod proposals;
mod tally;
mod view;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;

use writ_protocol::text::shown;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::past::{self, Act, Days, Passed, Source};
use crate::screen::{Screen, print, print_json};
use crate::verbs::audit::{Since, lines, parse_since};
use crate::verbs::check;
use people::People;
use tally::Tally;

/// What is read of a log at a time, in bytes.
const READ_BYTES: usize = 256 * 1024;

/// Run past uses of sudo against a policy, and say what it would change
///
/// The past is our own ledger, or the logs of a host that never had Writ. For each rule
/// and each day it says what would be allowed, asked about (of whom, how often) and
/// denied, and what would change for those who did it; it proposes rules for what is
/// frequent and harmless, and to take out rules that nothing was ever for. Nothing is
/// changed.
///
/// The groups of users are those of this host, or of a group(5) file; those of our
/// ledger's records are on record. A log proves nothing: anybody may write to syslog
/// under any name, and only with `journalctl -o json` can be told which program wrote.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples: writ replay --policy /srv/policy
          journalctl -t sudo -o json | writ replay --policy . --from journal
          writ replay --policy . --from auth-log --host web-1 /var/log/auth.log.1")]
pub(crate) struct Arguments {
    /// The policy files of this folder, whosever they are; left out: /etc/writ
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,

    /// What the files hold
    #[arg(long, value_enum, default_value = "ledger")]
    from: Source,

    /// The logs, one after the other; left out, or -: standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// As on the host of this name; its tags are those of the writ.toml that is read
    #[arg(long, value_name = "NAME")]
    host: Option<String>,

    /// Take the groups of users from this file, as /etc/group of another host
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,

    /// Of our ledger, only since: a length of time ago (2h, 7d), or a local time
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    since: Option<Since>,

    /// Propose rules for what was done this often
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    frequent: u64,

    /// Print JSON: {"acts": …, "days": […], "rules": […], "changes": […],
    /// "proposals": […], "never_used": […], "passed": {…}}
    #[arg(long)]
    json: bool,
}

/// A command line that cannot be meant, or a file that cannot be read.
#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error(
        "the ledger is in its own place and no file; leave the files out, or say what they hold with --from"
    )]
    FileOfLedger,
    #[error("--since is for the ledger; narrow logs before, as with `journalctl --since`")]
    SinceOfLog,
    #[error("{0} cannot be read: {1}")]
    File(String, io::Error),
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    match arguments.from {
        Source::Ledger if !arguments.files.is_empty() => {
            return Err(Failure::verb(Exit::Usage, ReplayError::FileOfLedger));
        }
        Source::SudoJson | Source::Journal | Source::AuthLog if arguments.since.is_some() => {
            return Err(Failure::verb(Exit::Usage, ReplayError::SinceOfLog));
        }
        _ => {}
    }
    let name = arguments.host.as_deref();
    let Some(loaded) = check::load_or_tell(host, arguments.policy.as_deref(), name)? else {
        return Ok(Exit::Failed);
    };
    let people = match &arguments.groups {
        Some(path) => People::of_file(&open(path)?).map_err(|error| unreadable(path, error))?,
        None => People::of_host(),
    };
    let mut tally = Tally::new(&loaded.policy, people);
    let mut passed = Passed::default();
    let fault = match arguments.from {
        Source::Ledger => of_ledger(host, arguments, &mut tally, &mut passed)?,
        _ => {
            of_logs(arguments, &mut tally, &mut passed)?;
            None
        }
    };
    passed.too_many_people = tally.people.left_out();
    let replayed = tally.finish(arguments.frequent, passed);
    if arguments.json {
        print_json(&replayed)?;
    } else {
        print(&view::text(&replayed, Screen::of_stdout()))?;
    }
    match fault {
        Some(failure) => Err(failure),
        None => Ok(Exit::Done),
    }
}

/// The failure is a break of the ledger: what precedes it counts.
fn of_ledger(
    host: &Host,
    arguments: &Arguments,
    tally: &mut Tally<'_>,
    passed: &mut Passed,
) -> Result<Option<Failure>, Failure> {
    let mut days = Days::local();
    let mut fault = None;
    for line in lines(host)? {
        let record = match line {
            Ok(line) => line.record,
            Err(error) => {
                fault = Some(error.into());
                continue;
            }
        };
        passed.read += 1;
        let in_time = |wall_ms: u64| arguments.since.is_none_or(|since| wall_ms >= since.wall_ms());
        if let Some(record) = record.filter(|record| in_time(record.at.wall.0))
            && let Some(act) = past::of_record(&record, &mut days)
        {
            tally.hear(act);
        }
    }
    Ok(fault)
}

fn of_logs(
    arguments: &Arguments,
    tally: &mut Tally<'_>,
    passed: &mut Passed,
) -> Result<(), Failure> {
    let mut each = |act: Act| tally.hear(act);
    if arguments.files.is_empty() {
        return past::read(arguments.from, io::stdin().lock(), passed, &mut each)
            .map_err(|error| unreadable(&PathBuf::from("standard input"), error));
    }
    for path in &arguments.files {
        let done = if path.as_os_str() == "-" {
            past::read(arguments.from, io::stdin().lock(), passed, &mut each)
        } else {
            let file = BufReader::with_capacity(READ_BYTES, open(path)?);
            past::read(arguments.from, file, passed, &mut each)
        };
        done.map_err(|error| unreadable(path, error))?;
    }
    Ok(())
}

fn open(path: &PathBuf) -> Result<File, Failure> {
    File::open(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &std::path::Path, error: io::Error) -> Failure {
    let path = shown(&path.to_string_lossy());
    Failure::verb(Exit::Failed, ReplayError::File(path, error))
}
