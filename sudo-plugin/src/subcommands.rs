//! What a command starts in its turn, where sudoers says `log_subcmds`: sudo holds each of
//! them up until it has told of it, and then lets it run whatever is said. So the agent has
//! it on record before it runs, and one that does not answer holds up but one of them.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use writ_door::{Escalation, Link, Talk};
use writ_protocol::calls::{Command, Subcommand};

/// How long one is held up while the agent does not answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long an agent that did not answer is left alone.
const REST: Duration = Duration::from_secs(10);

/// How many are told of in one go.
const BURST: u32 = 1_000;

/// After that many at once: one in each of these.
const EACH: Duration = Duration::from_millis(10);

/// The way to the agent for these, beside the one whose end is the end of the command.
pub(crate) struct Subcommands {
    socket: PathBuf,
    link: Option<Link>,
    /// How many could not be told of since one was.
    missed: u32,
    room: Room,
    rests_until: Option<Instant>,
}

impl Subcommands {
    /// Before the first one.
    pub(crate) fn new(socket: PathBuf) -> Self {
        let room = Room { left: BURST, since: Instant::now() };
        Self { socket, link: None, missed: 0, room, rests_until: None }
    }

    /// `of` has started this one.
    pub(crate) fn tell(&mut self, talk: &mut dyn Talk, of: &Escalation, command: Command) {
        let now = Instant::now();
        let rests = self.rests_until.is_some_and(|until| now < until);
        let Some(id) = of.id().filter(|_| !rests && self.room.take(now)) else {
            self.missed = self.missed.saturating_add(1);
            return;
        };
        let attempt = of.ask().attempt.clone();
        let said = Subcommand { attempt, id: id.to_owned(), command, missed: self.missed };
        let mut link = self.link.take().unwrap_or_else(|| Link::new(self.socket.clone()));
        let told = link.connect(talk).and_then(|()| link.call(talk, &said, PATIENCE));
        if told.is_ok() {
            (self.link, self.missed, self.rests_until) = (Some(link), 0, None);
        } else {
            self.missed = self.missed.saturating_add(1);
            self.rests_until = now.checked_add(REST);
        }
    }
}

/// A bucket that fills by one in each [`EACH`], up to [`BURST`].
struct Room {
    left: u32,
    since: Instant,
}

impl Room {
    fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.since).as_millis() / EACH.as_millis();
        if passed > 0 {
            let more = u32::try_from(passed).unwrap_or(BURST);
            self.left = self.left.saturating_add(more).min(BURST);
            self.since = now;
        }
        let has = self.left > 0;
        self.left = self.left.saturating_sub(1);
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_fit_are_told_of_and_then_one_at_a_time() {
        let start = Instant::now();
        let mut room = Room { left: BURST, since: start };
        assert_eq!((0..2 * BURST).filter(|_| room.take(start)).count(), 1_000);
        let later = start + 3 * EACH;
        assert_eq!((0..10).filter(|_| room.take(later)).count(), 3);
        let much_later = start + Duration::from_secs(3600);
        assert_eq!((0..2 * BURST).filter(|_| room.take(much_later)).count(), 1_000);
    }
}
