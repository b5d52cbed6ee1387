//! A command as its user typed it here.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, Mode, access};
use rustix::process::umask;
use writ_protocol::calls::Run;
use writ_protocol::run::keeps;
use writ_protocol::text::{encode, shown};

use super::{NOT_EXECUTABLE, NOT_FOUND};
use crate::exit::Exit;
use crate::failure::Failure;

/// Where a command without a slash is looked for; the same as its own PATH is then.
const FOLDERS: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// What is to run, and where.
#[derive(Debug)]
pub(crate) struct Command {
    path: PathBuf,
    words: Vec<OsString>,
    folder: PathBuf,
}

/// Why nothing can be run.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(
        "{0}: there is no such command in /usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin, /sbin or /bin; give its whole path"
    )]
    NotFound(String),
    #[error("{0} cannot be executed: {1}")]
    NotExecutable(String, io::Error),
    #[error("the working directory cannot be told: {0}")]
    NoFolder(io::Error),
}

impl Command {
    /// # Errors
    /// When the working directory is gone.
    pub(crate) fn new(path: PathBuf, words: Vec<OsString>) -> Result<Self, Failure> {
        let folder = std::env::current_dir().map_err(CommandError::NoFolder)?;
        Ok(Self { path, words, folder })
    }

    /// The command that these words name.
    ///
    /// # Errors
    /// When there is none that the caller may execute.
    pub(crate) fn find(words: &[OsString]) -> Result<Self, Failure> {
        let name = words.first().map(OsString::as_os_str).unwrap_or_default();
        let path = if name.as_bytes().contains(&b'/') {
            executable(Path::new(name))
        } else {
            let found = FOLDERS.iter().map(|folder| Path::new(folder).join(name));
            found
                .map(|path| executable(&path))
                .find(Result::is_ok)
                .unwrap_or_else(|| Err(CommandError::NotFound(shown(&encode(name.as_bytes())))))
        };
        Self::new(path?, words.to_vec())
    }

    /// The call that runs it.
    pub(super) fn call(&self, role: &str) -> Run {
        let text = |text: &OsStr| encode(text.as_bytes());
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            keeps(&name, &value).then(|| encode(format!("{name}={value}").as_bytes()))
        });
        Run {
            role: role.to_owned(),
            path: text(self.path.as_os_str()),
            argv: self.words.iter().map(|word| text(word)).collect(),
            cwd: text(self.folder.as_os_str()),
            environment: environment.collect(),
            umask: own_umask(),
        }
    }
}

/// The file of that path as PID 1 takes it: absolute, and without `.` and `..`. The last
/// part stays as it is: what a link is called can matter to what it leads to.
fn executable(path: &Path) -> Result<PathBuf, CommandError> {
    let not = |error: io::Error| {
        let shown = shown(&encode(path.as_os_str().as_bytes()));
        CommandError::NotExecutable(shown, error)
    };
    let name = path.file_name().ok_or_else(|| not(io::ErrorKind::IsADirectory.into()))?;
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent.canonicalize().map_err(not)?,
        _ => std::env::current_dir().map_err(CommandError::NoFolder)?,
    };
    let file = folder.join(name);
    if !std::fs::metadata(&file).map_err(not)?.is_file() {
        return Err(not(io::ErrorKind::PermissionDenied.into()));
    }
    access(&file, Access::EXEC_OK).map_err(|errno| not(errno.into()))?;
    Ok(file)
}

/// umask(2) tells the mask only while setting it.
fn own_umask() -> u32 {
    let mask = umask(Mode::from_raw_mode(0o077));
    umask(mask);
    mask.as_raw_mode() & 0o777
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        let exit = match &error {
            CommandError::NotFound(_) => Exit::Command(NOT_FOUND),
            CommandError::NotExecutable(_, error) if error.kind() == io::ErrorKind::NotFound => {
                Exit::Command(NOT_FOUND)
            }
            CommandError::NotExecutable(..) => Exit::Command(NOT_EXECUTABLE),
            CommandError::NoFolder(_) => Exit::Failed,
        };
        Self::verb(exit, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit_of(word: &str) -> Exit {
        Command::find(&[word.into()]).unwrap_err().exit()
    }

    #[test]
    fn a_command_is_found_in_the_usual_folders_or_by_its_path() {
        assert!(Command::find(&["sh".into()]).unwrap().path.ends_with("sh"));
        let by_path = Command::find(&["/usr/../bin/./sh".into()]).unwrap();
        assert!(!by_path.path.components().any(|part| part.as_os_str() == ".."));
    }

    #[test]
    fn what_is_not_there_and_what_cannot_be_executed_are_told_apart() {
        assert_eq!(exit_of("no-such-command"), Exit::Command(NOT_FOUND));
        assert_eq!(exit_of("/no/such/command"), Exit::Command(NOT_FOUND));
        assert_eq!(exit_of("/etc/passwd"), Exit::Command(NOT_EXECUTABLE));
        assert_eq!(exit_of("/etc"), Exit::Command(NOT_EXECUTABLE));
    }
}
