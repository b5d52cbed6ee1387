//! The clock that counts while the host sleeps (clock_gettime(2), `CLOCK_BOOTTIME`), and
//! is the same for the agent and for us.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment, in milliseconds since the boot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BootInstant(pub(crate) u64);

impl BootInstant {
    /// How long ago it was. What lies in the future is no time of this boot, and was
    /// long ago.
    pub(crate) fn elapsed(self) -> Duration {
        let now = Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default();
        // The agent leaves out what is less than a millisecond.
        now.checked_sub(Duration::from_millis(self.0)).unwrap_or(Duration::MAX)
    }
}
