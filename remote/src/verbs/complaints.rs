//! What is wrong with what the hub gives, told as long as it is not too much: a hub can make
//! up as many forged questions as it likes.

use std::time::{Duration, Instant};

use writ_protocol::text::shown;

use crate::limits::COMPLAINTS_PER_MINUTE_MAX;

const MINUTE: Duration = Duration::from_secs(60);

/// How many were told, since when.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    since: Option<Instant>,
    told: u32,
}

impl Complaints {
    /// Tells one on standard error, or not.
    pub(super) fn tell(&mut self, sentence: &str, now: Instant) {
        if let Some(line) = self.line(sentence, now) {
            eprintln!("writ: {line}");
        }
    }

    fn line(&mut self, sentence: &str, now: Instant) -> Option<String> {
        if self.since.is_none_or(|since| now.saturating_duration_since(since) >= MINUTE) {
            (self.since, self.told) = (Some(now), 0);
        }
        self.told = self.told.saturating_add(1);
        if self.told < COMPLAINTS_PER_MINUTE_MAX {
            return Some(shown(sentence));
        }
        (self.told == COMPLAINTS_PER_MINUTE_MAX)
            .then(|| "more of this kind came, which is not told for a minute".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_of_and_not_told() {
        let (mut complaints, start) = (Complaints::default(), Instant::now());
        let told = |complaints: &mut Complaints, now| {
            let lines = (0..1_000).filter_map(|_| complaints.line("forged\u{1b}", now));
            lines.collect::<Vec<String>>()
        };
        let lines = told(&mut complaints, start);
        assert_eq!(lines.len(), usize::try_from(COMPLAINTS_PER_MINUTE_MAX).unwrap());
        assert_eq!(lines.first().unwrap(), "forged\\e");
        assert!(lines.last().unwrap().contains("not told for a minute"));
        assert!(told(&mut complaints, start + MINUTE / 2).is_empty());
        assert_eq!(told(&mut complaints, start + MINUTE).len(), lines.len());
    }
}
