//! Who is logged in where, from the files that sd-login(3) reads
//! (`/run/systemd/sessions`).

use std::fs;
use std::path::{Path, PathBuf};

use writ_engine::facts::Uid;

/// Where logind keeps its sessions.
const SESSIONS_DIR: &str = "/run/systemd/sessions";

/// The most sessions that are looked at.
const SESSIONS_MAX: usize = 4096;

/// A login session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Its owner.
    pub uid: Uid,
    /// Its terminal below `/dev`, such as `pts/3`.
    pub tty: Option<String>,
    /// Where it came from.
    pub remote_host: Option<String>,
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
            let tty = terminal(session.tty.as_deref()?)?;
            Some((session, tty))
        })
        .collect()
}

/// The device of a terminal's name, if it is one of a terminal.
fn terminal(tty: &str) -> Option<PathBuf> {
    let number = tty.strip_prefix("pts/").or_else(|| tty.strip_prefix("tty"))?;
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| Path::new("/dev").join(tty))
}

fn parse(text: &str) -> Option<Session> {
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    };
    let uid = Uid(value("UID")?.parse().ok()?);
    Some(Session { uid, tty: value("TTY"), remote_host: value("REMOTE_HOST") })
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
    fn only_terminals_are_terminals() {
        assert_eq!(terminal("pts/../sda"), None);
        assert_eq!(terminal("sda"), None);
        assert_eq!(terminal("tty1"), Some(PathBuf::from("/dev/tty1")));
    }
}
