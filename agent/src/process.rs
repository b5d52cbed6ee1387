//! What `/proc` says of a process (proc_pid_status(5), proc_pid_loginuid(5),
//! proc_pid_cgroup(5)).
//!
//! Files of `/proc/PID` are written by the kernel; the one text in them that a
//! user chooses, the process's name, has its newlines escaped, so that it cannot
//! forge a line.

use std::fs::File;
use std::io::{self, Read};

use writ_engine::facts::Uid;

/// An audit loginuid that was never set.
const LOGIN_UID_UNSET: u32 = u32::MAX;

/// How much room a file of `/proc/PID` is given, in bytes.
const FILE_BYTES_USUAL: usize = 4096;

/// How much of a file of `/proc/PID` is read at most, in bytes: the longest is a
/// control group's path in each hierarchy.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// What is known of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    /// The real user.
    pub real_uid: Uid,
    /// The user that logged in, where that was set.
    pub login_uid: Option<Uid>,
    /// The owner of the user slice that it runs in.
    pub session_owner: Option<Uid>,
    /// The logind session that it runs in.
    pub session: Option<String>,
}

/// A process that cannot be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the calling process {pid} cannot be looked at ({what}); it may have ended, try again")]
pub(crate) struct ProcessError {
    /// Which one.
    pub pid: i32,
    /// What failed.
    pub what: String,
}

impl Process {
    /// Looks at a process.
    ///
    /// # Errors
    /// When it is gone, or `/proc` is not what proc(5) says.
    pub(crate) fn look_at(pid: i32) -> Result<Self, ProcessError> {
        let error = |what: &str| ProcessError { pid, what: what.to_owned() };
        let read = |name: &str| {
            read_at_once(&format!("/proc/{pid}/{name}"))
                .map_err(|cause| error(&format!("/proc/{pid}/{name}: {cause}")))
        };
        let real_uid =
            real_uid(&read("status")?).ok_or_else(|| error("no Uid line in its status"))?;
        // A kernel without audit has no loginuid; the session's owner still counts.
        let login_uid = read("loginuid").ok().and_then(|text| login_uid(&text));
        let cgroup = read("cgroup")?;
        Ok(Self {
            real_uid,
            login_uid,
            session_owner: session_owner(&cgroup),
            session: session(&cgroup),
        })
    }
}

/// When the process that has this number was started, in clock ticks since the boot
/// (proc_pid_stat(5), field 22, counted from behind the name, which may hold anything).
///
/// # Errors
/// When there is none, or `/proc` is not what proc(5) says.
pub(crate) fn started_ticks(pid: i32) -> Result<u64, ProcessError> {
    let error = |what: String| ProcessError { pid, what };
    let path = format!("/proc/{pid}/stat");
    let stat = read_at_once(&path).map_err(|cause| error(format!("{path}: {cause}")))?;
    started_in(&stat).ok_or_else(|| error(format!("{path}: no start time in it")))
}

/// The number of its parent (proc_pid_stat(5), field 4); none when it is gone.
#[must_use]
pub(crate) fn parent(pid: i32) -> Option<i32> {
    let stat = read_at_once(&format!("/proc/{pid}/stat")).ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    behind_name.split_whitespace().nth(4 - 3)?.parse().ok()
}

/// The same, from the text of its `stat`.
pub(crate) fn started_in(stat: &str) -> Option<u64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    // The first field behind the name is the third.
    behind_name.split_whitespace().nth(22 - 3)?.parse().ok()
}

/// Reads a file whose length the kernel does not tell, with room for all of it from
/// the start: growing towards it takes a system call each time, between a sudo and
/// its answer.
fn read_at_once(path: &str) -> io::Result<String> {
    let mut text = String::with_capacity(FILE_BYTES_USUAL);
    File::open(path)?.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn real_uid(status: &str) -> Option<Uid> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().next()?.parse().ok().map(Uid)
}

fn login_uid(text: &str) -> Option<Uid> {
    let uid = text.trim().parse().ok()?;
    (uid != LOGIN_UID_UNSET).then_some(Uid(uid))
}

/// The path in systemd's hierarchy: the unified one, or in a hybrid set-up the
/// named one.
pub(crate) fn systemd_path(cgroup: &str) -> &str {
    cgroup
        .lines()
        .find_map(|line| line.strip_prefix("0::").filter(|path| path.len() > 1))
        .or_else(|| {
            cgroup.lines().find_map(|line| line.split_once(":name=systemd:").map(|(_, path)| path))
        })
        .unwrap_or_default()
}

fn components(cgroup: &str) -> impl Iterator<Item = &str> {
    systemd_path(cgroup).split('/')
}

fn session_owner(cgroup: &str) -> Option<Uid> {
    components(cgroup)
        .find_map(|part| part.strip_prefix("user-")?.strip_suffix(".slice")?.parse().ok())
        .map(Uid)
}

fn session(cgroup: &str) -> Option<String> {
    let name = components(cgroup)
        .find_map(|part| part.strip_prefix("session-")?.strip_suffix(".scope"))?;
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_can_be_looked_at() {
        let me = Process::look_at(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert_eq!(me.real_uid, Uid(nix::unistd::getuid().as_raw()));
    }

    #[test]
    fn a_process_that_is_gone_is_an_error() {
        assert!(Process::look_at(i32::MAX).is_err());
    }

    #[test]
    fn a_process_that_came_later_was_not_started_earlier() {
        let me = started_ticks(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(me >= started_ticks(1).unwrap());
        assert!(started_ticks(i32::MAX).is_err());
    }

    #[test]
    fn the_start_of_a_process_is_read_behind_its_name() {
        let stat = "77 (a) 1 (b) S 1 77 77 34820 77 4194304 1 2 3 4 5 6 7 8 20 0 1 0 81234 9 10";
        assert_eq!(started_in(stat), Some(81234));
        assert_eq!(started_in("77 (sshd) S 1 77"), None);
    }

    #[test]
    fn the_session_and_its_owner_come_from_the_cgroup() {
        let cgroup = "0::/user.slice/user-1000.slice/session-c7.scope\n";
        assert_eq!(session_owner(cgroup), Some(Uid(1000)));
        assert_eq!(session(cgroup).as_deref(), Some("c7"));
        let hybrid = "4:memory:/x\n1:name=systemd:/user.slice/user-7.slice/session-2.scope\n0::/\n";
        assert_eq!(session_owner(hybrid), Some(Uid(7)));
        assert_eq!(session("0::/system.slice/cron.service\n"), None);
        assert_eq!(session("0::/user.slice/session-..scope\n"), None);
    }

    #[test]
    fn a_loginuid_that_was_never_set_is_none() {
        assert_eq!(login_uid("4294967295"), None);
        assert_eq!(login_uid("1000\n"), Some(Uid(1000)));
    }

    #[test]
    fn the_real_uid_is_the_first() {
        assert_eq!(real_uid("Name:\tsudo\nUid:\t1000\t0\t0\t0\n"), Some(Uid(1000)));
    }
}
