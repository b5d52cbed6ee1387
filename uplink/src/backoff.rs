//! How long to wait before another try.

use std::time::Duration;

/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(60);

/// Waits that grow twofold, each shortened at random by up to a half, so that many hosts
/// do not come back in the same moment.
#[derive(Debug)]
pub struct Backoff {
    first: Duration,
    failures: u32,
}

impl Backoff {
    /// The first wait is at most so long.
    #[must_use]
    pub fn from(first: Duration) -> Self {
        Self { first, failures: 0 }
    }

    /// How long to wait after one more failure.
    pub fn wait(&mut self) -> Duration {
        let longest = self.first.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        longest / 2 + longest.mul_f64(random() / 2.0)
    }

    /// It went well.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// From 0 to less than 1. Without randomness the waits are all of the same length, which
/// is no harm.
fn random() -> f64 {
    let mut bytes = [0; 4];
    let _ = rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::NONBLOCK);
    f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_minute_and_differ() {
        let mut backoff = Backoff::from(Duration::from_secs(1));
        let waits: Vec<Duration> = (0..40).map(|_| backoff.wait()).collect();
        for (number, wait) in waits.iter().enumerate() {
            let longest = Duration::from_secs(1 << number.min(6)).min(LONGEST);
            assert!(*wait >= longest / 2 && *wait <= longest, "{number}: {wait:?}");
        }
        let mut last = waits[10..].to_vec();
        last.dedup();
        assert!(last.len() > 20, "they are not random: {last:?}");
        backoff.reset();
        assert!(backoff.wait() <= Duration::from_secs(1));
    }
}
