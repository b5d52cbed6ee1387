//! What `/proc` says of a process (proc_pid_status(5), proc_pid_loginuid(5),
//! proc_pid_cgroup(5)).
//!
//! Files of `/proc/PID` are written by the kernel; the one text in them that a
//! user chooses, the process's name, has its newlines escaped, so that it cannot
//! forge a line.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use writ_engine::facts::Uid;

/// An audit loginuid that was never set.
const LOGIN_UID_UNSET: u32 = u32::MAX;

/// How much room a file of `/proc/PID` is given, in bytes.
const FILE_BYTES_USUAL: usize = 4096;

/// How much of a file of `/proc/PID` is read at most, in bytes: the longest is a
/// control group's path in each hierarchy.
const FILE_BYTES_MAX: usize = 256 * 1024;

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

/// What can be looked at before a door asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ahead {
    /// Who is logged in.
    pub login: Option<Uid>,
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

/// The files of one process, opened: they say how it is whenever they are read, and
/// never how another is that has its number later. They can be opened ahead, so that
/// looking costs three system calls between a sudo and its answer.
#[derive(Debug)]
pub(crate) struct ProcessFiles {
    pid: i32,
    status: File,
    /// A kernel without audit has none; the session's owner still counts.
    loginuid: Option<File>,
    cgroup: File,
}

impl ProcessFiles {
    /// Of the process that has this number now.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn open(pid: i32) -> Result<Self, ProcessError> {
        let open = |name: &str| {
            let path = format!("/proc/{pid}/{name}");
            File::open(&path)
                .map_err(|cause| ProcessError { pid, what: format!("{path}: {cause}") })
        };
        Ok(Self {
            pid,
            status: open("status")?,
            loginuid: open("loginuid").ok(),
            cgroup: open("cgroup")?,
        })
    }

    /// What does not change while a program gets ready to ask, or is only a guess at who
    /// will: where it was logged in, and as whom. Its status is dear to read.
    ///
    /// # Errors
    /// When the process is gone.
    pub(crate) fn look_ahead(&self) -> Result<Ahead, ProcessError> {
        let cgroup = read_anew(&self.cgroup).map_err(|cause| ProcessError {
            pid: self.pid,
            what: format!("/proc/{}/cgroup: {cause}", self.pid),
        })?;
        let loginuid = self.loginuid.as_ref().and_then(|file| read_anew(file).ok());
        let login_uid = loginuid.and_then(|text| login_uid(&text));
        Ok(Ahead { login: login_uid.or(session_owner(&cgroup)), session: session(&cgroup) })
    }

    /// How the process is now.
    ///
    /// # Errors
    /// When it is gone, or `/proc` is not what proc(5) says.
    pub(crate) fn look(&self) -> Result<Process, ProcessError> {
        let error = |what: String| ProcessError { pid: self.pid, what };
        let read = |file: &File, name: &str| {
            read_anew(file).map_err(|cause| error(format!("/proc/{}/{name}: {cause}", self.pid)))
        };
        let real_uid = real_uid(&read(&self.status, "status")?)
            .ok_or_else(|| error("no Uid line in its status".to_owned()))?;
        let loginuid = self.loginuid.as_ref().and_then(|file| read_anew(file).ok());
        let cgroup = read(&self.cgroup, "cgroup")?;
        Ok(Process {
            real_uid,
            login_uid: loginuid.and_then(|text| login_uid(&text)),
            session_owner: session_owner(&cgroup),
            session: session(&cgroup),
        })
    }
}

/// All of a file of `/proc`, as it is now: in one read where there is room for it.
fn read_anew(file: &File) -> io::Result<String> {
    let mut bytes = vec![0; FILE_BYTES_USUAL];
    let mut filled = 0;
    loop {
        let read = match bytes.get_mut(filled..) {
            Some(room) => file.read_at(room, u64::try_from(filled).unwrap_or(u64::MAX))?,
            None => 0,
        };
        filled += read;
        // What the kernel writes at once it hands over whole; less than there is room
        // for is all of it.
        if filled < bytes.len() || filled >= FILE_BYTES_MAX {
            break;
        }
        bytes.resize(2 * bytes.len(), 0);
    }
    bytes.truncate(filled);
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// When the process that has this number was started, in clock ticks since the boot
/// (proc_pid_stat(5), field 22, counted from behind the name, which may hold anything).
///
/// # Errors
/// When there is none, or `/proc` is not what proc(5) says.
pub(crate) fn started_ticks(pid: i32) -> Result<u64, ProcessError> {
    let error = |what: String| ProcessError { pid, what };
    let path = format!("/proc/{pid}/stat");
    let stat = File::open(&path)
        .and_then(|file| read_anew(&file))
        .map_err(|cause| error(format!("{path}: {cause}")))?;
    started_in(&stat).ok_or_else(|| error(format!("{path}: no start time in it")))
}

/// The number of its parent (proc_pid_stat(5), field 4); none when it is gone.
#[must_use]
pub(crate) fn parent(pid: i32) -> Option<i32> {
    let stat = File::open(format!("/proc/{pid}/stat")).and_then(|file| read_anew(&file)).ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    behind_name.split_whitespace().nth(4 - 3)?.parse().ok()
}

/// The same, from the text of its `stat`.
pub(crate) fn started_in(stat: &str) -> Option<u64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    // The first field behind the name is the third.
    behind_name.split_whitespace().nth(22 - 3)?.parse().ok()
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
        let files = ProcessFiles::open(i32::try_from(std::process::id()).unwrap()).unwrap();
        let me = files.look().unwrap();
        assert_eq!(files.look().unwrap(), me, "they can be read again");
        assert_eq!(me.real_uid, Uid(nix::unistd::getuid().as_raw()));
    }

    #[test]
    fn a_process_that_is_gone_is_an_error() {
        assert!(ProcessFiles::open(i32::MAX).is_err());
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
