//! `writ fmt`: policy files in one form.

mod layout;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use writ_policy::{APPROVERS_FOLDER, FILE_BYTES_MAX, HOST_FILE, ROLES_FOLDER};
use writ_protocol::text::shown;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::replace::replace;
use crate::screen::print;

/// Where the policy lies.
const POLICY_FOLDER: &str = "/etc/writ";

/// Standard input, to standard output.
const STANDARD: &str = "-";

/// Bring policy files into one form
///
/// Blanks, line breaks and commas become those that everybody's files have; comments,
/// the order of things and what they say stay. A file is replaced whole, and only when
/// something changes. A file that is no TOML is left as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 done; 1 a file is no TOML or cannot be written, or, with --check, is not
in this form.")]
pub(crate) struct Arguments {
    /// The files; - is standard input, to standard output; left out: all of /etc/writ
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Change nothing; name the files that are not in this form
    #[arg(long)]
    check: bool,
}

/// Why a file is not brought into form.
#[derive(Debug, thiserror::Error)]
enum FmtError {
    #[error("{0} cannot be read: {1}")]
    Read(String, io::Error),
    #[error("{0} is larger than 1 MiB, which no policy file may be")]
    TooLarge(String),
    #[error("{0} is no TOML, and is left as it is; `writ check` says where: {1}")]
    Layout(String, layout::LayoutError),
    #[error("{0} cannot be replaced: {1}")]
    Write(String, io::Error),
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let files = if arguments.files.is_empty() {
        all(&host.path(POLICY_FOLDER)).map_err(|error| Failure::verb(Exit::Failed, error))?
    } else {
        arguments.files.clone()
    };
    let mut exit = Exit::Done;
    for file in &files {
        match one(file, arguments.check) {
            Ok(None) => {}
            Ok(Some(told)) => {
                print(&told)?;
                if arguments.check {
                    exit = Exit::Failed;
                }
            }
            Err(error) => {
                // The others are brought into form all the same.
                eprintln!("writ: {}", shown(&error.to_string()));
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}

/// What is to be printed of a file: its name where it changes, or the text itself where
/// it came from standard input.
fn one(file: &Path, check: bool) -> Result<Option<String>, FmtError> {
    let name = file.display().to_string();
    let text = read(file).map_err(|error| FmtError::Read(name.clone(), error))?;
    let text = text.ok_or_else(|| FmtError::TooLarge(name.clone()))?;
    let formed = layout::of(&text).map_err(|error| FmtError::Layout(name.clone(), error))?;
    let standard = file == Path::new(STANDARD);
    if standard && !check {
        return Ok(Some(formed));
    }
    if formed == text {
        return Ok(None);
    }
    if !check {
        replace(file, formed.as_bytes()).map_err(|error| FmtError::Write(name.clone(), error))?;
    }
    Ok(Some(format!("{}\n", shown(&name))))
}

/// Nothing where it is too large.
fn read(file: &Path) -> io::Result<Option<String>> {
    let mut text = String::new();
    if file == Path::new(STANDARD) {
        io::stdin().lock().take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    } else {
        fs::File::open(file)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    }
    Ok(u64::try_from(text.len()).is_ok_and(|bytes| bytes <= FILE_BYTES_MAX).then_some(text))
}

/// The files of a policy folder, as far as they are there.
fn all(folder: &Path) -> Result<Vec<PathBuf>, FmtError> {
    let unreadable = |folder: &Path| {
        let name = folder.display().to_string();
        move |error| FmtError::Read(name, error)
    };
    let mut files: Vec<PathBuf> =
        Some(folder.join(HOST_FILE)).into_iter().filter(|file| file.exists()).collect();
    for name in [ROLES_FOLDER, APPROVERS_FOLDER] {
        let folder = folder.join(name);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(&folder)(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(unreadable(&folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // What editors leave behind is no policy file.
            if name.ends_with(".toml") && !name.starts_with('.') {
                found.push(path);
            }
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
