//! Who is logged in where, from the files that sd-login(3) reads
//! (`/run/systemd/sessions`).
//!
//! sshd opens its session before it has a terminal, so logind does not know of
//! one; there it is the terminal of the oldest process of the session that has
//! one: the login shell's.

use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::fs::inotify::WatchFlags;
use writ_engine::facts::Uid;

use crate::folder_changes::FolderChanges;

/// Where logind keeps its sessions.
const SESSIONS_DIR: &str = "/run/systemd/sessions";

/// The most sessions that are looked at.
const SESSIONS_MAX: usize = 4096;

/// Where control groups are mounted: alone, or beside those of the first version
/// (systemd's "hybrid" and "legacy" set-ups).
const CGROUP_ROOTS: [&str; 3] =
    ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];

/// How many processes of a session are looked at for a terminal.
const PROCESSES_MAX: usize = 64;

/// The device majors of pseudo-terminals (Linux `Documentation/admin-guide/devices.txt`).
const PTS_MAJORS: std::ops::RangeInclusive<u32> = 136..=143;

/// Changes of them from now on.
///
/// # Errors
/// Where logind does not run, or the process has no descriptor left.
pub(crate) fn changes() -> io::Result<FolderChanges> {
    let changes = FolderChanges::new()?;
    // A file that has changed is put in the place of the old one.
    changes.watch(SESSIONS_DIR.as_ref(), WatchFlags::DELETE | WatchFlags::MOVED_TO)?;
    Ok(changes)
}

/// A login session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Its owner.
    pub uid: Uid,
    /// Its terminal below `/dev`, such as `pts/3`.
    pub tty: Option<String>,
    /// Where it came from.
    pub remote_host: Option<String>,
    /// Its first process.
    leader: Option<u32>,
}

/// The session of that name, if logind has one.
#[must_use]
pub(crate) fn session(name: &str) -> Option<Session> {
    parse(&fs::read_to_string(Path::new(SESSIONS_DIR).join(name)).ok()?)
}

/// Every session that has a terminal.
#[must_use]
pub(crate) fn on_terminals() -> Vec<(Session, PathBuf)> {
    let Ok(entries) = fs::read_dir(SESSIONS_DIR) else {
        return Vec::new();
    };
    entries
        .take(SESSIONS_MAX)
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            // `NAME.ref` is a pipe that keeps the session alive: opening it would block.
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let session = plain.then(|| session(&name)).flatten()?;
            let of_shell = || session.leader.and_then(terminal_of_shell);
            let tty = session.tty.as_deref().and_then(terminal).or_else(of_shell)?;
            Some((session, tty))
        })
        .collect()
}

/// The pseudo-terminal that controls a process, such as `/dev/pts/3`.
#[must_use]
pub(crate) fn terminal_of(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(format!("/dev/pts/{}", pseudo_terminal(&stat)?))
}

/// The device of a terminal's name, if it is one of a terminal.
pub(crate) fn terminal(tty: &str) -> Option<PathBuf> {
    let number = tty.strip_prefix("pts/").or_else(|| tty.strip_prefix("tty"))?;
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| Path::new("/dev").join(tty))
}

/// The terminal of the oldest process beside `leader` that has one.
fn terminal_of_shell(leader: u32) -> Option<PathBuf> {
    let cgroup = fs::read_to_string(format!("/proc/{leader}/cgroup")).ok()?;
    let path = crate::process::systemd_path(&cgroup).trim_start_matches('/');
    let file = |root: &&str| Path::new(root).join(path).join("cgroup.procs");
    let processes = CGROUP_ROOTS.iter().find_map(|root| fs::read_to_string(file(root)).ok())?;
    let mut processes: Vec<u32> =
        processes.lines().filter_map(|line| line.parse().ok()).take(PROCESSES_MAX).collect();
    processes.sort_unstable();
    processes.into_iter().find_map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        terminal_in(&stat)
    })
}

/// The pseudo-terminal that controls a process, from its `/proc/PID/stat`.
pub(crate) fn terminal_in(stat: &str) -> Option<PathBuf> {
    Some(Path::new("/dev/pts").join(pseudo_terminal(stat)?.to_string()))
}

/// Whoever has a session that is not about to go (sd_session_get_state(3)).
#[must_use]
pub(crate) fn logged_in() -> Vec<Uid> {
    let names = names().into_iter();
    let texts =
        names.filter_map(|name| fs::read_to_string(Path::new(SESSIONS_DIR).join(name)).ok());
    texts.filter_map(|text| open_for(&text)).collect()
}

/// The names of all sessions.
#[must_use]
pub(crate) fn names() -> Vec<String> {
    let entries = fs::read_dir(SESSIONS_DIR).into_iter().flatten().take(SESSIONS_MAX).flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    // `NAME.ref` is a pipe that keeps the session alive: opening it would block.
    names.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric())).collect()
}

/// The owner of a session, and the process that it was opened by.
#[must_use]
pub(crate) fn opened_by(name: &str) -> Option<(Uid, i32)> {
    let session = session(name)?;
    Some((session.uid, i32::try_from(session.leader?).ok()?))
}

/// Whose session it is, where he is a person who is logged in with it.
fn open_for(text: &str) -> Option<Uid> {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let of_person = value("CLASS").is_none_or(|class| class.starts_with("user"));
    let closing = value("STATE") == Some("closing");
    (of_person && !closing).then_some(parse(text)?.uid)
}

/// The number of the pseudo-terminal that controls a process (proc_pid_stat(5),
/// field 7, counted from behind the name, which may hold anything).
fn pseudo_terminal(stat: &str) -> Option<u32> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let device: u32 = behind_name.split_whitespace().nth(4)?.parse().ok()?;
    let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xf_ff00);
    PTS_MAJORS.contains(&major).then(|| minor + (major - PTS_MAJORS.start()) * 256)
}

fn parse(text: &str) -> Option<Session> {
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    };
    let uid = Uid(value("UID")?.parse().ok()?);
    let leader = value("LEADER").and_then(|pid| pid.parse().ok());
    Some(Session { uid, tty: value("TTY"), remote_host: value("REMOTE_HOST"), leader })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_of_ssh_has_its_origin_and_terminal() {
        let text = "# private\nUID=1000\nUSER=alice\nACTIVE=1\nREMOTE=1\nREMOTE_HOST=10.0.0.7\nTTY=pts/0\n";
        let session = parse(text).unwrap();
        assert_eq!(session.uid, Uid(1000));
        assert_eq!(session.remote_host.as_deref(), Some("10.0.0.7"));
        assert_eq!(terminal(session.tty.as_deref().unwrap()), Some(PathBuf::from("/dev/pts/0")));
    }

    #[test]
    fn the_terminal_of_a_process_is_read_behind_its_name() {
        let stat = "77 (a) 1 (b) S 1 77 77 34820 77 4194304 0 0";
        assert_eq!(pseudo_terminal(stat), Some(4));
        assert_eq!(pseudo_terminal("77 (sshd) S 1 77 77 0 -1 4194304"), None);
        assert_eq!(pseudo_terminal("77 (getty) S 1 77 77 1025 -1 4194304"), None);
    }

    #[test]
    fn only_terminals_are_terminals() {
        assert_eq!(terminal("pts/../sda"), None);
        assert_eq!(terminal("sda"), None);
        assert_eq!(terminal("tty1"), Some(PathBuf::from("/dev/tty1")));
    }
}
