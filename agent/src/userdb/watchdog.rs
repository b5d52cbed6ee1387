//! An agent that hangs while it lends becomes a dead one, soon.
//!
//! At rest the unit's own limit holds, which wakes nobody. While something is lent,
//! the limit is [`ALLOWED`] (`WATCHDOG_USEC=`, sd_notify(3)), and systemd is told
//! every [`PING_EVERY`] that both live: the agent's loop, which tells it, and the
//! thread that answers look-ups, which is asked first.

use std::time::Duration;

use sd_notify::NotifyState;

use super::UserDatabase;

/// What systemd allows between two pings while something is lent. A look-up waits
/// for a stopped agent this long, and what systemd takes to see it (its timers may be
/// late by 250 ms) and to kill it: five seconds in all.
const ALLOWED: Duration = Duration::from_secs(4);

/// How often systemd is told meanwhile; the loop may be held up by the difference.
const PING_EVERY: Duration = Duration::from_secs(1);

/// From now on the limit is that of lending.
pub(super) fn tighten() {
    if let Some(at_rest) = sd_notify::watchdog_enabled() {
        allow(at_rest.min(ALLOWED));
    }
}

/// From now on the limit is the unit's.
pub(super) fn relax() {
    if let Some(at_rest) = sd_notify::watchdog_enabled() {
        allow(at_rest);
    }
}

/// A new limit counts from the last ping, so that one goes with it.
fn allow(limit: Duration) {
    let limit = u32::try_from(limit.as_micros()).unwrap_or(u32::MAX);
    tell(&[NotifyState::WatchdogUsec(limit), NotifyState::Watchdog]);
}

/// Outside of systemd nobody listens, and that is no error.
fn tell(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(state);
}

impl UserDatabase {
    /// Tells systemd that this process lives, for as long as it does; at rest at half
    /// of the time that the unit allows (sd_watchdog_enabled(3)). Returns at once
    /// where the unit has no watchdog.
    pub async fn keep_watchdog(&self) {
        let Some(at_rest) = sd_notify::watchdog_enabled() else { return };
        loop {
            let pause = if self.lends() { PING_EVERY.min(at_rest / 2) } else { at_rest / 2 };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.pace_changed.notified() => {}
            }
            self.desk.answered().await;
            tell(&[NotifyState::Watchdog]);
        }
    }
}
