//! How people are asked, where several tables say: [ask], over it the role's
//! `ask`, over that the rule's. Each key is taken from the nearest that has it.

use writ_engine::limits::USES_MAX;
use writ_engine::policy::{Ask, Selector};
use writ_engine::time::Span;

use super::people::People;
use super::{DEFAULT_COUNT, DEFAULT_JUSTIFICATION, DEFAULT_MAX_DURATION, DEFAULT_TIMEOUT};
use crate::findings::Findings;
use crate::keys::{AskKeys, From};
use crate::problem::Problem;
use crate::source::Place;

/// The tables that apply, the farthest first.
#[derive(Clone)]
pub(super) struct Layers<'a>(Vec<&'a AskKeys>);

impl<'a> Layers<'a> {
    pub(super) fn of_host(ask: &'a AskKeys) -> Self {
        Self(vec![ask])
    }

    /// With a nearer table over these.
    pub(super) fn with(&self, ask: Option<&'a AskKeys>) -> Self {
        Self(self.0.iter().copied().chain(ask).collect())
    }

    /// What they come to; grants stand no longer than `longest`.
    pub(super) fn ask(&self, longest: Option<Span>) -> Ask {
        let max_duration = self.nearest(|ask| ask.max_duration.as_ref());
        let max_duration = max_duration.map_or(DEFAULT_MAX_DURATION, |span| span.value);
        let mut from: Vec<Selector> = Vec::new();
        if let Some(From::These(named)) = self.from() {
            for selector in &named.value {
                if !from.contains(&selector.value) {
                    from.push(selector.value.clone());
                }
            }
        }
        let count = self.nearest(|ask| ask.count.as_ref());
        Ask {
            from,
            count: count.map_or(DEFAULT_COUNT, |count| count.value),
            timeout: self.nearest(|ask| ask.timeout).unwrap_or(DEFAULT_TIMEOUT),
            max_duration: longest.map_or(max_duration, |longest| max_duration.min(longest)),
            uses: self.nearest(|ask| ask.uses).unwrap_or(USES_MAX),
            justification: self.nearest(|ask| ask.justification).unwrap_or(DEFAULT_JUSTIFICATION),
            ticket: self.nearest(|ask| ask.ticket.as_ref()).cloned().flatten(),
            reauth: self.nearest(|ask| ask.reauth).unwrap_or(false),
        }
    }

    /// Whether any of them says whom to ask.
    pub(super) fn name_somebody(&self) -> bool {
        self.from().is_some()
    }

    /// Notes, at `asking`, that there is nobody to ask, or, where it is said, that
    /// they are too few to ever come to the count.
    pub(super) fn check_reach(&self, asking: &Place, people: &People<'_>, found: &mut Findings) {
        let Some(From::These(from)) = self.from() else {
            if !self.name_somebody() {
                found.note(asking, Problem::NobodyToAsk);
            }
            return;
        };
        let Some(count) = self.nearest(|ask| ask.count.as_ref()) else {
            return;
        };
        if let Some(reachable) = people.reachable(&from.value)
            && usize::try_from(count.value).is_ok_and(|count| count > reachable)
        {
            let problem = Problem::TooFewToAsk { count: count.value, reachable };
            found.note(&count.place, problem);
        }
    }

    fn from(&self) -> Option<&'a From> {
        self.nearest(|ask| match &ask.from {
            From::Unsaid => None,
            said => Some(said),
        })
    }

    fn nearest<T>(&self, key: impl Fn(&'a AskKeys) -> Option<T>) -> Option<T> {
        self.0.iter().rev().find_map(|ask| key(ask))
    }
}
