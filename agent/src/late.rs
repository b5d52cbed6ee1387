//! Ends of commands that could not be put on record when they were told: nobody
//! tells them twice, so they are kept and tried again, in order.

use std::collections::VecDeque;

use writ_engine::Event;
use writ_engine::time::BootTime;

use crate::limits::CONNECTIONS_MAX;

/// After a write failed: when what waits is tried again, in milliseconds.
pub(crate) const RETRY_AFTER_MS: u64 = 5000;

/// How many ends are kept. While nothing can be written nothing starts, so that only
/// commands end that have a connection: by its word, then by its loss.
const LATE_MAX: usize = 2 * CONNECTIONS_MAX;

/// The ends that wait, the first to come first.
#[derive(Debug, Default)]
pub(crate) struct Late {
    ends: VecDeque<Event>,
    retry_at: Option<BootTime>,
}

impl Late {
    /// Whether an event is the end of a command, and so to be kept.
    #[must_use]
    pub(crate) fn is_end(event: &Event) -> bool {
        matches!(event, Event::Finished { .. } | Event::Left { .. })
    }

    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Keeps one more.
    pub(crate) fn keep(&mut self, end: Event) {
        if self.ends.len() < LATE_MAX {
            self.ends.push_back(end);
        } else {
            eprintln!(
                "the end of a command is lost from the record: {LATE_MAX} wait to be written \
                 already; make room on the ledger's disk and restart the agent"
            );
        }
    }

    /// The first that waits.
    #[must_use]
    pub(crate) fn first(&self) -> Option<&Event> {
        self.ends.front()
    }

    /// The first is dealt with.
    pub(crate) fn pass(&mut self) {
        self.ends.pop_front();
        self.retry_at = None;
    }

    /// It still cannot be written.
    pub(crate) fn postpone(&mut self, now: BootTime) {
        self.retry_at = Some(BootTime(now.0.saturating_add(RETRY_AFTER_MS)));
    }

    /// When they are to be tried again, where any wait.
    #[must_use]
    pub(crate) fn due(&self) -> Option<BootTime> {
        self.retry_at.filter(|_| !self.is_empty())
    }
}
