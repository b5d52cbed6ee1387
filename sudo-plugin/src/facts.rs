//! What sudo tells its plugins, parsed: who invoked it, and what is to run.
//!
//! sudo_plugin(5) gives vectors of `name=value`; all come from sudo itself or from
//! sudoers, but for the variables that the user may set to say why.

use writ_door::Refusal;
use writ_protocol::calls::{Command, RunAs};
use writ_protocol::{BREAK_GLASS_VARIABLE, text};

/// Why what sudo tells cannot be asked about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FactsError {
    /// A fact that every sudo since 1.9.13 tells.
    #[error("sudo did not say {0}; Writ works with sudo 1.9.13 and later")]
    Missing(&'static str),
    /// The working directory is gone, or a stopped program's cannot be read.
    #[error("the working directory cannot be told; change to one that exists and try again")]
    NoDirectory,
    /// The path is not the one that an approver would see.
    #[error("a command in another root directory (`sudo -R`) cannot be asked about")]
    OtherRoot,
}

impl From<FactsError> for Refusal {
    fn from(error: FactsError) -> Self {
        Self::Unaskable(error.to_string())
    }
}

/// Who invoked sudo, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invoker {
    /// His real uid.
    pub(crate) uid: u32,
    /// His terminal, such as `/dev/pts/3`, in the wire's form.
    pub(crate) tty: Option<String>,
    /// `sudo -n`: he does not want to be asked anything.
    pub(crate) noninteractive: bool,
    /// `WRIT_REASON` of his environment.
    pub(crate) reason: Option<String>,
    /// `WRIT_TICKET` of his environment.
    pub(crate) ticket: Option<String>,
    /// This process was `writ breakglass`, which found no agent to tell so.
    pub(crate) is_emergency: bool,
    cwd: Option<String>,
}

impl Invoker {
    /// From the `settings`, `user_info` and `submit_envp` of `open`.
    pub(crate) fn parse(
        settings: &[&[u8]],
        user_info: &[&[u8]],
        environment: &[&[u8]],
    ) -> Result<Self, FactsError> {
        Ok(Self {
            uid: number(user_info, "uid").ok_or(FactsError::Missing("who invoked it"))?,
            tty: value(user_info, "tty").map(text::encode),
            noninteractive: is_true(settings, "noninteractive"),
            reason: said(environment, "WRIT_REASON"),
            ticket: said(environment, "WRIT_TICKET"),
            // Its number says that it is for this process, and not for what it starts.
            is_emergency: said(environment, BREAK_GLASS_VARIABLE)
                .is_some_and(|pid| pid == std::process::id().to_string()),
            cwd: value(user_info, "cwd").map(text::encode),
        })
    }

    /// Whether root himself invoked sudo.
    pub(crate) fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// What is to run, from the `command_info` and `run_argv` of `check`.
    pub(crate) fn command(&self, info: &[&[u8]], argv: &[&[u8]]) -> Result<Command, FactsError> {
        if value(info, "chroot").is_some() {
            return Err(FactsError::OtherRoot);
        }
        let path = value(info, "command").ok_or(FactsError::Missing("which command is to run"))?;
        let uid =
            number(info, "runas_uid").ok_or(FactsError::Missing("whom the command runs as"))?;
        let edit = is_true(info, "sudoedit");
        let argv = if edit { edited_files(argv) } else { argv };
        let cwd = self.directory(info).ok_or(FactsError::NoDirectory)?;
        let path = text::encode(path);
        Ok(Command {
            path: if edit { path } else { from(&cwd, path) },
            argv: argv.iter().map(|word| text::encode(word)).collect(),
            cwd,
            run_as: RunAs {
                user: value(info, "runas_user").map_or_else(|| format!("#{uid}"), text::encode),
                uid,
                group: value(info, "runas_group").map(text::encode),
            },
            edit,
        })
    }

    /// Where the command runs: `runcwd` for one that an intercepted program starts,
    /// `cwd` for a login shell or `sudo -D`, else where sudo was invoked.
    fn directory(&self, info: &[&[u8]]) -> Option<String> {
        match value(info, "runcwd").or_else(|| value(info, "cwd")) {
            Some(UNKNOWN) => None,
            Some(directory) => Some(text::encode(directory)),
            None => self.cwd.clone(),
        }
    }
}

/// What sudo says when it cannot tell in which directory a command of an
/// intercepted program is to run.
const UNKNOWN: &[u8] = b"unknown";

/// A command that was called by a relative path (`sudo ./tool`): sudo hands the path
/// on as it was typed, and executes it from the directory that the command runs in.
fn from(directory: &str, path: String) -> String {
    if path.starts_with('/') {
        return path;
    }
    let mut below = path.as_str();
    while let Some(rest) = below.strip_prefix("./") {
        below = rest.trim_start_matches('/');
    }
    format!("{}/{below}", directory.trim_end_matches('/'))
}

/// sudoedit's vector is `editor [option…] -- file…`: the editor runs as the
/// invoker, the files are what he asks for.
fn edited_files<'a, 'b>(argv: &'a [&'b [u8]]) -> &'a [&'b [u8]] {
    let files = argv.iter().position(|word| *word == b"--").map_or(0, |dashes| dashes + 1);
    argv.get(files..).unwrap_or_default()
}

fn said(environment: &[&[u8]], name: &str) -> Option<String> {
    let said = String::from_utf8_lossy(value(environment, name)?);
    let said = said.trim();
    (!said.is_empty()).then(|| said.to_owned())
}

/// The value of the first `name=value`, as getenv(3) takes it.
fn value<'a>(pairs: &[&'a [u8]], name: &str) -> Option<&'a [u8]> {
    pairs.iter().find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

fn number(pairs: &[&[u8]], name: &str) -> Option<u32> {
    str::from_utf8(value(pairs, name)?).ok()?.parse().ok()
}

fn is_true(pairs: &[&[u8]], name: &str) -> bool {
    value(pairs, name) == Some(b"true")
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: [&[u8]; 4] = [b"user=alice", b"uid=1000", b"cwd=/home/alice", b"tty=/dev/pts/3"];
    const INFO: [&[u8]; 3] = [b"command=/usr/bin/id", b"runas_user=root", b"runas_uid=0"];

    fn alice(settings: &[&[u8]], environment: &[&[u8]]) -> Invoker {
        Invoker::parse(settings, &USER, environment).unwrap()
    }

    #[test]
    fn a_plain_command_is_told_whole() {
        let command = alice(&[], &[]).command(&INFO, &[b"id", b"-u", b"\x1b\xff\\"]).unwrap();
        assert_eq!(
            command,
            Command {
                path: "/usr/bin/id".into(),
                argv: vec!["id".into(), "-u".into(), "\x1b\\xff\\\\".into()],
                cwd: "/home/alice".into(),
                run_as: RunAs { user: "root".into(), uid: 0, group: None },
                edit: false,
            }
        );
    }

    #[test]
    fn a_login_shell_runs_in_its_own_directory_with_the_group_that_was_named() {
        let mut info = INFO.to_vec();
        info.extend([b"cwd=/root".as_slice(), b"runas_group=games"]);
        let command = alice(&[], &[]).command(&info, &[b"-bash"]).unwrap();
        assert_eq!(command.cwd, "/root");
        assert_eq!(command.run_as.group.as_deref(), Some("games"));
    }

    #[test]
    fn a_command_of_an_intercepted_shell_runs_where_the_shell_is() {
        let mut info = INFO.to_vec();
        info.extend([b"cwd=/root".as_slice(), b"runcwd=/var"]);
        assert_eq!(alice(&[], &[]).command(&info, &[b"id"]).unwrap().cwd, "/var");
        info.pop();
        info.push(b"runcwd=unknown");
        assert_eq!(alice(&[], &[]).command(&info, &[b"id"]), Err(FactsError::NoDirectory));
    }

    #[test]
    fn a_relative_path_is_told_from_where_the_command_runs() {
        let path_of = |path: &str, cwd: &str| {
            let (command, cwd) = (format!("command={path}"), format!("cwd={cwd}"));
            let info = [command.as_bytes(), cwd.as_bytes(), b"runas_uid=0"];
            alice(&[], &[]).command(&info, &[path.as_bytes()]).unwrap().path
        };
        assert_eq!(path_of("./tool", "/srv"), "/srv/tool");
        assert_eq!(path_of(".//./bin/tool", "/srv"), "/srv/bin/tool");
        assert_eq!(path_of("../tool", "/srv"), "/srv/../tool");
        assert_eq!(path_of("bin/tool", "/"), "/bin/tool");
    }

    #[test]
    fn an_edit_is_of_its_files() {
        let mut info = INFO.to_vec();
        info.push(b"sudoedit=true");
        let argv: [&[u8]; 5] = [b"vim", b"-n", b"--", b"/etc/hosts", b"--"];
        let command = alice(&[], &[]).command(&info, &argv).unwrap();
        assert!(command.edit);
        assert_eq!(command.argv, ["/etc/hosts", "--"]);
    }

    #[test]
    fn what_cannot_be_shown_as_it_runs_is_refused() {
        let mut info = INFO.to_vec();
        info.push(b"chroot=/srv");
        assert_eq!(alice(&[], &[]).command(&info, &[b"id"]), Err(FactsError::OtherRoot));
        let adrift = Invoker::parse(&[], &[b"uid=1000"], &[]).unwrap();
        assert_eq!(adrift.command(&INFO, &[b"id"]), Err(FactsError::NoDirectory));
        assert!(matches!(adrift.command(&[], &[b"id"]), Err(FactsError::Missing(_))));
        assert!(matches!(Invoker::parse(&[], &[b"uid=-1"], &[]), Err(FactsError::Missing(_))));
    }

    #[test]
    fn only_the_two_variables_are_taken_from_the_environment() {
        let environment: [&[u8]; 5] = [
            b"PATH=/tmp",
            b"WRIT_REASONS=no",
            b"WRIT_REASON= disk full ",
            b"WRIT_REASON=second",
            b"WRIT_TICKET=",
        ];
        let invoker = alice(&[], &environment);
        assert_eq!(invoker.reason.as_deref(), Some("disk full"));
        assert_eq!(invoker.ticket, None);
    }

    #[test]
    fn n_says_that_he_does_not_want_to_be_asked() {
        assert!(!alice(&[], &[]).noninteractive);
        assert!(alice(&[b"noninteractive=true"], &[]).noninteractive);
    }
}
