//! How many signed answers did not count lately.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Instant;

use writ_engine::facts::Uid;
use writ_protocol::ErrorReply;

use crate::limits::{ANSWERS_REFUSED_MAX, ANSWERS_REFUSED_RECORDED_MAX, ANSWERS_REFUSED_WITHIN};

/// The instants of those that each account handed in, and of those that are on record.
#[derive(Debug, Default)]
pub(crate) struct Refusals(RefCell<Lately>);

#[derive(Debug, Default)]
struct Lately {
    handed_in: HashMap<Uid, Vec<Instant>>,
    recorded: Vec<Instant>,
    more: u32,
}

impl Refusals {
    /// Lets an account hand in an answer.
    ///
    /// # Errors
    /// When too many of its own did not count lately.
    pub(crate) fn admit(&self, uid: Uid) -> Result<(), ErrorReply> {
        self.admit_at(uid, Instant::now())
    }

    /// One did not count. Returns how many did not since the last one that is on record,
    /// where this one is to be.
    pub(crate) fn note(&self, uid: Uid) -> Option<u32> {
        self.note_at(uid, Instant::now())
    }

    fn admit_at(&self, uid: Uid, now: Instant) -> Result<(), ErrorReply> {
        let mut lately = self.0.borrow_mut();
        lately.forget(now);
        let many = lately.handed_in.get(&uid).is_some_and(|all| all.len() >= ANSWERS_REFUSED_MAX);
        if many {
            return Err(ErrorReply::TooMany {
                message: format!(
                    "{ANSWERS_REFUSED_MAX} answers that you handed in within {ANSWERS_REFUSED_WITHIN:?} did not count; wait as long"
                ),
            });
        }
        Ok(())
    }

    fn note_at(&self, uid: Uid, now: Instant) -> Option<u32> {
        let mut lately = self.0.borrow_mut();
        lately.forget(now);
        lately.handed_in.entry(uid).or_default().push(now);
        if lately.recorded.len() >= ANSWERS_REFUSED_RECORDED_MAX {
            lately.more = lately.more.saturating_add(1);
            return None;
        }
        lately.recorded.push(now);
        Some(std::mem::take(&mut lately.more))
    }
}

impl Lately {
    fn forget(&mut self, now: Instant) {
        let recent = |at: &Instant| now.saturating_duration_since(*at) < ANSWERS_REFUSED_WITHIN;
        self.recorded.retain(recent);
        self.handed_in.retain(|_, all| {
            all.retain(recent);
            !all.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_holds_up_no_other_and_the_record_stays_short() {
        let (mallory, bob) = (Uid(1000), Uid(1001));
        let begin = Instant::now();
        let refusals = Refusals::default();
        let mut recorded = 0;
        for _ in 0..ANSWERS_REFUSED_MAX {
            refusals.admit_at(mallory, begin).unwrap();
            recorded += usize::from(refusals.note_at(mallory, begin).is_some());
        }
        assert_eq!(recorded, ANSWERS_REFUSED_RECORDED_MAX);
        assert!(matches!(refusals.admit_at(mallory, begin), Err(ErrorReply::TooMany { .. })));
        refusals.admit_at(bob, begin).unwrap();
        let later = begin + ANSWERS_REFUSED_WITHIN;
        refusals.admit_at(mallory, later).unwrap();
        let missed = ANSWERS_REFUSED_MAX - ANSWERS_REFUSED_RECORDED_MAX;
        assert_eq!(refusals.note_at(mallory, later), u32::try_from(missed).ok());
        assert_eq!(refusals.note_at(mallory, later), Some(0));
    }
}
