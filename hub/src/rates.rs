//! How often somebody may call: so many at once, then evenly. Each has one instant, that at
//! which all of his calls will have been paid for (GCRA).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::RATES_KEPT_MAX;

/// How often.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Calls at once.
    pub burst: u32,
    /// Calls in a minute, in the long run.
    pub per_minute: u32,
}

impl Rate {
    fn every(self) -> Duration {
        Duration::from_secs(60).checked_div(self.per_minute).unwrap_or(Duration::from_secs(60))
    }
}

/// Who has called how often.
#[derive(Debug, Default)]
pub struct Rates {
    paid: Mutex<HashMap<String, Instant>>,
}

impl Rates {
    /// Whether somebody may call once more, which it then was.
    #[must_use]
    pub fn take(&self, who: &str, rate: Rate, now: Instant) -> bool {
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        if paid.len() >= RATES_KEPT_MAX && !paid.contains_key(who) {
            paid.retain(|_, until| *until > now);
            if paid.len() >= RATES_KEPT_MAX {
                return false;
            }
        }
        let from = paid.get(who).copied().filter(|until| *until > now).unwrap_or(now);
        let until = from + rate.every();
        if until.saturating_duration_since(now) > rate.every().saturating_mul(rate.burst) {
            return false;
        }
        paid.insert(who.to_owned(), until);
        true
    }
}

/// An address as a caller: IPv6 by the network that one subscriber has whole.
#[must_use]
pub fn caller(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, per_minute: 60 };

    #[test]
    fn a_burst_passes_and_then_one_a_second() {
        let rates = Rates::default();
        let start = Instant::now();
        let passed = (0..10).filter(|_| rates.take("a", RATE, start)).count();
        assert_eq!(passed, 3);
        assert!(rates.take("b", RATE, start), "others have their own");
        assert!(!rates.take("a", RATE, start + Duration::from_millis(900)));
        assert!(rates.take("a", RATE, start + Duration::from_millis(1_001)));
        assert!(!rates.take("a", RATE, start + Duration::from_millis(1_002)));
    }

    #[test]
    fn what_is_kept_has_a_bound_and_is_forgotten() {
        let rates = Rates::default();
        let start = Instant::now();
        for number in 0..RATES_KEPT_MAX {
            assert!(rates.take(&number.to_string(), RATE, start));
        }
        assert!(!rates.take("one more", RATE, start));
        assert!(rates.take("one more", RATE, start + Duration::from_secs(2)));
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_caller() {
        let caller = |text: &str| super::caller(text.parse().unwrap());
        assert_eq!(caller("2001:db8:1:2::1"), caller("2001:db8:1:2:ffff::9"));
        assert_ne!(caller("2001:db8:1:2::1"), caller("2001:db8:1:3::1"));
        assert_eq!(caller("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
