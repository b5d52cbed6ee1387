//! Services that give up by themselves: how long they leave a person who comes in, so that
//! the module does not wait for longer.

use std::fs;
use std::process::{Command, Stdio};

use writ_protocol::services::{SSHD, wait_seconds};

use crate::host::Host;

/// sshd says what its whole configuration comes to (`-T`, sshd(8)).
const SSHD_PROGRAM: &str = "/usr/sbin/sshd";

/// It says it at once; a key on a device might hold it up. timeout(1), in seconds.
const SSHD_SECONDS_MAX: &str = "10";

/// Where login(1) has its time from.
const LOGIN_DEFS: &str = "/etc/login.defs";

/// What login(1) gives where that file says nothing, in seconds.
const LOGIN_SECONDS: u32 = 60;

/// A bound that a service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hurry {
    /// In seconds.
    pub(crate) seconds: u32,
    /// What sets it, and where.
    pub(crate) set_by: &'static str,
}

impl Hurry {
    /// What a service leaves to whoever comes in; nothing where it leaves all the time, or
    /// cannot be asked.
    pub(crate) fn of(host: &Host, service: &str) -> Option<Self> {
        match service {
            SSHD => {
                let asked = Command::new("/usr/bin/timeout")
                    .arg(SSHD_SECONDS_MAX)
                    .arg(host.path(SSHD_PROGRAM))
                    .arg("-T")
                    .stdin(Stdio::null())
                    .output()
                    .ok()?;
                let said = String::from_utf8_lossy(&asked.stdout).into_owned();
                let seconds = word_after(&said, "logingracetime")?;
                Self::new(seconds, "LoginGraceTime in sshd_config(5)")
            }
            "login" => {
                let text = fs::read_to_string(host.path(LOGIN_DEFS)).unwrap_or_default();
                let seconds = word_after(&text, "LOGIN_TIMEOUT").unwrap_or(LOGIN_SECONDS);
                Self::new(seconds, "LOGIN_TIMEOUT in login.defs(5)")
            }
            _ => None,
        }
    }

    /// Zero is for ever.
    fn new(seconds: u32, set_by: &'static str) -> Option<Self> {
        (seconds != 0).then_some(Self { seconds, set_by })
    }

    /// What the module is told to wait, in seconds: what leaves the person time to type.
    /// Nothing where the module knows that by itself.
    pub(crate) fn wait(self, service: &str) -> Option<u32> {
        let wait = match service {
            SSHD => self.seconds / 2,
            _ => self.seconds / 4 * 3,
        };
        Some(wait.max(1)).filter(|wait| Some(*wait) != wait_seconds(service))
    }

    /// Whether waiting that long outlasts the service.
    pub(crate) fn is_outlasted_by(self, wait: u32) -> bool {
        wait >= self.seconds
    }
}

/// The number after a word at the beginning of a line.
fn word_after(text: &str, name: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == name).then(|| words.next()?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_sshds_time_and_most_of_logins_is_waited() {
        let of = |seconds| Hurry::new(seconds, "x");
        assert_eq!(of(0), None);
        assert_eq!(of(120).unwrap().wait(SSHD), None);
        assert_eq!(of(30).unwrap().wait(SSHD), Some(15));
        assert_eq!(of(1).unwrap().wait(SSHD), Some(1));
        assert_eq!(of(60).unwrap().wait("login"), None);
        assert_eq!(of(20).unwrap().wait("login"), Some(15));
        assert!(of(60).unwrap().is_outlasted_by(60) && !of(61).unwrap().is_outlasted_by(60));
    }

    #[test]
    fn login_defs_is_read_as_login_reads_it() {
        let root = tempfile::tempdir().unwrap();
        let host = Host::at(root.path());
        assert_eq!(Hurry::of(&host, "login").unwrap().seconds, 60);
        fs::create_dir(root.path().join("etc")).unwrap();
        let text = "# LOGIN_TIMEOUT 5\nLOGIN_RETRIES\t5\nLOGIN_TIMEOUT\t\t90\n";
        fs::write(root.path().join("etc/login.defs"), text).unwrap();
        assert_eq!(Hurry::of(&host, "login").unwrap().seconds, 90);
        assert_eq!(Hurry::of(&host, "su"), None);
        assert_eq!(word_after("port 22\nlogingracetime 120\n", "logingracetime"), Some(120));
    }
}
