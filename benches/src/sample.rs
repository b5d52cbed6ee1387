//! Many measurements of one thing.

use std::time::Duration;

/// Times, in ascending order; at least one.
#[derive(Debug, Clone)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    /// # Panics
    /// When there is none.
    pub(crate) fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<Duration> = times.into_iter().collect();
        assert!(!times.is_empty(), "nothing was measured");
        times.sort_unstable();
        Self(times)
    }

    /// The time that so many of a hundred do not exceed (nearest rank).
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0[rank - 1]
    }

    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// "6.53 ms (6.41 to 6.80)": the median, and the quartiles around it.
    pub(crate) fn quartiles(&self) -> String {
        let [low, middle, high] = [25, 50, 75].map(|percent| in_ms(self.percentile(percent)));
        format!("{middle:.2} ms ({low:.2} to {high:.2})")
    }
}

/// In milliseconds.
pub(crate) fn in_ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
