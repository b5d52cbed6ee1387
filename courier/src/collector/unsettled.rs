//! What was sent and does not count as delivered yet.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::limits::UNSETTLED_MAX;
use crate::positions::Position;

/// Places in the ledger, each with the instant from which on it counts.
pub(crate) struct Unsettled {
    after: Duration,
    last: Position,
    places: VecDeque<(Instant, Position)>,
}

impl Unsettled {
    /// Nothing was sent beyond this place; what is sent counts after so long.
    pub(crate) fn behind(last: Position, after: Duration) -> Self {
        Self { after, last, places: VecDeque::new() }
    }

    /// What was sent last.
    pub(crate) fn last(&self) -> &Position {
        &self.last
    }

    /// One more was sent.
    pub(crate) fn add(&mut self, position: Position) {
        self.last = position.clone();
        let settles = Instant::now() + self.after;
        // With too many, one waits as long as the next: a little more would come twice.
        if self.places.len() >= UNSETTLED_MAX {
            self.places.pop_back();
        }
        self.places.push_back((settles, position));
    }

    /// Waits until something counts as delivered: the last that does. May be dropped and
    /// called again.
    pub(crate) async fn settled(&mut self) -> Position {
        let Some((first, _)) = self.places.front() else {
            return std::future::pending().await;
        };
        sleep_until(*first).await;
        let now = Instant::now();
        let mut settled = Position::default();
        while let Some((_, position)) = self.places.pop_front_if(|(settles, _)| *settles <= now) {
            settled = position;
        }
        settled
    }
}
