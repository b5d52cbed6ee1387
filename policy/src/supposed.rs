//! An escalation that nobody made, so that a policy can be asked about it.

use writ_engine::facts::{Act, Aim, Command, Door, Host, Person, Presence};
use writ_engine::policy::{Ask, Circumstances, Facts, FileSeen};
use writ_engine::time::WallTime;
use writ_protocol::explained::Supposed;

/// The terminal that is supposed: which one, no condition can ask.
const SOME_TERMINAL: &str = "/dev/pts/0";

/// A use of sudo in circumstances that are supposed, without an open window.
pub(crate) struct Supposition<'a> {
    person: &'a Person,
    act: Act,
    supposed: &'a Supposed,
    wall: WallTime,
}

impl<'a> Supposition<'a> {
    /// At the instant that is supposed, or else `now`.
    pub(crate) fn of(
        person: &'a Person,
        command: &Command,
        supposed: &'a Supposed,
        now: WallTime,
    ) -> Self {
        let (tty, presence) = match supposed.unattended {
            true => (None, Presence::Unattended),
            false => (Some(SOME_TERMINAL.to_owned()), Presence::Interactive),
        };
        let act = Act {
            door: Door::Sudo,
            aim: Aim::Command(command.clone()),
            tty,
            source_ip: supposed.source_ip.clone(),
            presence,
        };
        Self { person, act, supposed, wall: supposed.at_ms.map_or(now, WallTime) }
    }
}

impl Circumstances for Supposition<'_> {
    fn covers(&self, _: &str, _: &Ask) -> bool {
        false
    }

    fn file(&self) -> FileSeen<'_> {
        FileSeen::AsPinned
    }

    fn facts<'a>(&'a self, host: &'a Host) -> Option<Facts<'a>> {
        Some(Facts {
            person: self.person,
            act: &self.act,
            reason: self.supposed.reason.as_deref(),
            ticket: self.supposed.ticket.as_deref(),
            host,
            wall: self.wall,
        })
    }
}
