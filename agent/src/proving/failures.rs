//! How often proofs of an account have failed lately.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use writ_engine::facts::Uid;

use crate::limits::{PROOFS_ACCOUNTS_MAX, PROOFS_FAILED_MAX, PROOFS_FAILED_WITHIN};

/// The instants of the failures of each account.
#[derive(Debug, Default)]
pub(super) struct Failures(HashMap<Uid, Vec<Instant>>);

impl Failures {
    /// One more.
    pub(super) fn note(&mut self, uid: Uid, now: Instant) {
        self.forget(now);
        // Only who may approve gets this far: so many there are not.
        if self.0.len() < PROOFS_ACCOUNTS_MAX || self.0.contains_key(&uid) {
            self.0.entry(uid).or_default().push(now);
        }
    }

    /// How long an account has to wait before it may try again, if it must.
    pub(super) fn wait(&mut self, uid: Uid, now: Instant) -> Option<Duration> {
        self.forget(now);
        let failed = self.0.get(&uid).filter(|failed| failed.len() >= PROOFS_FAILED_MAX)?;
        let oldest = failed.first()?;
        Some(PROOFS_FAILED_WITHIN.saturating_sub(now.saturating_duration_since(*oldest)))
    }

    fn forget(&mut self, now: Instant) {
        self.0.retain(|_, failed| {
            failed.retain(|at| now.saturating_duration_since(*at) < PROOFS_FAILED_WITHIN);
            !failed.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_failures_have_to_wait_until_the_first_is_old() {
        let (bob, carol) = (Uid(1001), Uid(1002));
        let begin = Instant::now();
        let mut failures = Failures::default();
        for _ in 0..PROOFS_FAILED_MAX {
            assert_eq!(failures.wait(bob, begin), None);
            failures.note(bob, begin);
        }
        assert_eq!(failures.wait(bob, begin), Some(PROOFS_FAILED_WITHIN));
        assert_eq!(failures.wait(carol, begin), None);
        assert_eq!(failures.wait(bob, begin + PROOFS_FAILED_WITHIN), None);
    }
}
