//! Waiting for things, never for time.

use std::thread;
use std::time::{Duration, Instant};

/// How long a wait lasts unless a limit is given: long for a person, short for a
/// suite, and enough for a host that shares two cores with another one.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Looks at `condition` until it holds.
///
/// # Panics
/// With `what` when it does not hold within `limit`.
#[track_caller]
pub fn wait_until(what: &str, limit: Duration, condition: impl FnMut() -> bool) {
    assert!(holds_within(limit, condition), "waited {limit:?} in vain for this: {what}");
}

/// Whether `condition` comes to hold within `limit`.
pub(crate) fn holds_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if condition() {
            return true;
        }
        if start.elapsed() >= limit {
            return false;
        }
        thread::sleep(LOOK_EVERY);
    }
}
