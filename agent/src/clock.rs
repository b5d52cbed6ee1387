//! The one place where clocks are read, and the timer that waits on one.

use std::io;
use std::os::fd::OwnedFd;

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;
use writ_engine::time::{BootTime, Now, WallTime};

/// Both clocks now: `CLOCK_BOOTTIME` for deadlines (it counts suspend, and no
/// setting of the wall clock moves it) and `CLOCK_REALTIME` for people.
#[must_use]
pub(crate) fn now() -> Now {
    Now { boot: BootTime(read_ms(ClockId::Boottime)), wall: WallTime(read_ms(ClockId::Realtime)) }
}

/// Milliseconds of a clock; a wall clock before 1970 counts as 1970.
fn read_ms(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1000).saturating_add(nanoseconds / 1_000_000)
}

/// A timer on the boot-time clock (timerfd_create(2)). Set once, it wakes once;
/// unset, it never wakes.
#[derive(Debug)]
pub(crate) struct DeadlineTimer {
    timer: AsyncFd<OwnedFd>,
}

impl DeadlineTimer {
    /// A timer that is not set. Must be made inside of the runtime.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Boottime, flags)?;
        #[allow(
            deprecated,
            reason = "the descriptor is owned by what registers it, and so lives as long"
        )]
        let timer = AsyncFd::new(timer)?;
        Ok(Self { timer })
    }

    /// Sets it to an instant, or to never. An instant that has passed wakes at once.
    ///
    /// # Errors
    /// What timerfd_settime(2) says.
    pub(crate) fn set(&self, deadline: Option<BootTime>) -> io::Result<()> {
        // Zero unsets it (timerfd_settime(2)).
        let at_ms = deadline.map_or(0, |BootTime(ms)| ms.max(1));
        let it_value = Timespec {
            tv_sec: i64::try_from(at_ms / 1000).unwrap_or(i64::MAX),
            tv_nsec: i64::try_from(at_ms % 1000 * 1_000_000).unwrap_or(0),
        };
        let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        let setting = Itimerspec { it_interval, it_value };
        timerfd_settime(self.timer.get_ref(), TimerfdTimerFlags::ABSTIME, &setting)?;
        Ok(())
    }

    /// Waits until the instant that was set.
    ///
    /// # Errors
    /// What the event queue says.
    pub(crate) async fn wait(&self) -> io::Result<()> {
        loop {
            let mut ready = self.timer.readable().await?;
            let mut expirations = [0; 8];
            let read = ready.try_io(|inner| {
                rustix::io::read(inner.get_ref(), &mut expirations).map_err(io::Error::from)
            });
            match read {
                Ok(outcome) => return outcome.map(drop),
                Err(_would_block) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_deadline_that_has_passed_wakes_at_once() {
        let timer = DeadlineTimer::new().unwrap();
        timer.set(Some(BootTime(0))).unwrap();
        timer.wait().await.unwrap();
    }

    #[tokio::test]
    async fn it_wakes_not_before_its_time() {
        let timer = DeadlineTimer::new().unwrap();
        let deadline = now().boot.after(writ_engine::time::Span(20));
        timer.set(Some(deadline)).unwrap();
        timer.wait().await.unwrap();
        assert!(now().boot >= deadline);
    }
}
