//! `writ init`: a first configuration.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Group, User};
use writ_engine::policy::Mode;
use writ_policy::template::{FirstConfiguration, TemplateError};
use writ_policy::{APPROVERS_FOLDER, ROLES_FOLDER, SourceFile};
use writ_protocol::CallError;
use writ_protocol::calls::Reload;
use writ_protocol::text::shown;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::replace;
use crate::screen::print;

/// Where the policy lies.
const POLICY_FOLDER: &str = "/etc/writ";

/// Everybody may look into the folders, root alone changes them.
const FOLDER_MODE: u32 = 0o755;

/// Groups whose members use sudo: on Debian and its kin, then on most others.
const ADMIN_GROUPS: [&str; 2] = ["sudo", "wheel"];

/// Write a first configuration to /etc/writ
///
/// Members of the admin group are then asked about everything but a few harmless
/// commands, and the approver answers. Files that are there already are never
/// written over. The agent reads them at once; sudo asks it only after
/// `writ enable sudo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The user of this host who will be asked
    #[arg(long, value_name = "NAME")]
    approver: String,

    /// The group whose members use sudo; left out: sudo or wheel, whichever there is
    #[arg(long, value_name = "GROUP")]
    admins: Option<String>,

    /// Let decisions bind from the start; without it they are only recorded
    #[arg(long)]
    enforce: bool,
}

/// Why there is no first configuration.
#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error("there is no user {0} on this host; `getent passwd` lists them")]
    NoUser(String),
    #[error("there is no group {0} on this host; `getent group` lists them")]
    NoGroup(String),
    #[error(
        "there is neither a group sudo nor a group wheel; name the group whose members use sudo with --admins"
    )]
    NoAdmins,
    #[error("the user database cannot be asked: {0}")]
    UserDatabase(#[from] nix::Error),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("{} is there already; nothing was written", .0.display())]
    Exists(PathBuf),
    #[error("{}: {source}; nothing was written", path.display())]
    Write { path: PathBuf, source: io::Error },
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Self {
        let exit = match error {
            InitError::NoUser(_) | InitError::NoGroup(_) | InitError::Template(_) => Exit::Usage,
            _ => Exit::Failed,
        };
        Self::verb(exit, error)
    }
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    if !host.is_mine() {
        return Err(Failure::NotRoot("writ init"));
    }
    let files = files(arguments)?;
    write_all(host, &files)?;
    for file in &files {
        print(&format!("{POLICY_FOLDER}/{}\n", shown(file.name())))?;
    }
    print(&reload(host)?)?;
    print("Next: `writ enable sudo --rollback-after 10m`, and try sudo from another terminal.\n")?;
    Ok(Exit::Done)
}

fn files(arguments: &Arguments) -> Result<Vec<SourceFile>, InitError> {
    let approver = arguments.approver.as_str();
    User::from_name(approver)?.ok_or_else(|| InitError::NoUser(shown(approver)))?;
    let admins = match &arguments.admins {
        Some(name) => Group::from_name(name)?
            .map(|group| group.name)
            .ok_or_else(|| InitError::NoGroup(shown(name)))?,
        None => ADMIN_GROUPS
            .into_iter()
            .find(|name| matches!(Group::from_name(name), Ok(Some(_))))
            .ok_or(InitError::NoAdmins)?
            .to_owned(),
    };
    let mode = if arguments.enforce { Mode::Enforce } else { Mode::Observe };
    let first = FirstConfiguration { approver, admins: &admins, mode };
    Ok(first.files()?)
}

/// Writes all files or none.
fn write_all(host: &Host, files: &[SourceFile]) -> Result<(), InitError> {
    let paths: Vec<PathBuf> =
        files.iter().map(|file| Path::new(POLICY_FOLDER).join(file.name())).collect();
    if let Some(path) = paths.iter().find(|path| fs::symlink_metadata(host.path(path)).is_ok()) {
        return Err(InitError::Exists(path.clone()));
    }
    for folder in ["", ROLES_FOLDER, APPROVERS_FOLDER] {
        let path = Path::new(POLICY_FOLDER).join(folder);
        let made = DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(host.path(&path));
        made.map_err(|source| InitError::Write { path, source })?;
    }
    for (file, path) in files.iter().zip(&paths) {
        if let Err(source) = replace::replace(&host.path(path), file.contents()) {
            for written in paths.iter().take_while(|written| *written != path) {
                // The error that led here is the one to tell.
                let _ = replace::remove(&host.path(written));
            }
            let path = path.clone();
            return Err(InitError::Write { path, source });
        }
    }
    Ok(())
}

/// Lets the agent read the files, and returns what to tell. That it does not run is
/// no failure: it reads them when it starts.
fn reload(host: &Host) -> Result<String, Failure> {
    let mut agent = match Agent::connect(host) {
        Ok(agent) => agent,
        Err(error) => return Ok(format!("They are read when the agent starts ({error}).\n")),
    };
    match agent.call(&Reload {}) {
        Ok(_) => Ok("The agent has read them.\n".to_owned()),
        Err(error @ CallError::Reply(_)) => Err(error.into()),
        Err(error) => Ok(format!("They are read when the agent starts ({error}).\n")),
    }
}
