//! The limit of a unit, as PID 1 has it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use zbus::OwnedVariant;

use super::bus::{Bus, UNIT};
use super::{UnitError, UnitName};

/// The interface of scopes.
const SCOPE: &str = "org.freedesktop.systemd1.Scope";

/// How long PID 1 lets a scope be yet: its limit counts from its start, on the clock that
/// stops in suspend.
pub(super) async fn time_left(bus: &Bus, scope: &UnitName) -> Result<Duration, UnitError> {
    let limit = microseconds(&bus.property(scope, SCOPE, "RuntimeMaxUSec").await?)?;
    let started = microseconds(&bus.property(scope, UNIT, "ActiveEnterTimestampMonotonic").await?)?;
    Ok(started.saturating_add(limit).saturating_sub(now()))
}

fn microseconds(value: &OwnedVariant) -> Result<Duration, UnitError> {
    let number = value.downcast_ref::<u64>();
    let number = number.map_err(|error| UnitError::Unexpected(error.to_string()))?;
    Ok(Duration::from_micros(number))
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}
