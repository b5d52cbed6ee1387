//! How people are asked, where several tables say: [ask], over it the role's
//! `ask`, over that the rule's. Each key is taken from the nearest that has it.

use writ_engine::limits::USES_MAX;
use writ_engine::policy::{Ask, Escalation, Seats, Selector};
use writ_engine::time::Span;

use super::people::People;
use super::{DEFAULT_COUNT, DEFAULT_JUSTIFICATION, DEFAULT_MAX_DURATION, DEFAULT_TIMEOUT};
use crate::duration;
use crate::findings::Findings;
use crate::keys::{AllOfKeys, AskKeys, EscalationKeys, From};
use crate::problem::Problem;
use crate::source::{Place, Placed};

/// Whom several tables come to.
#[derive(Clone, Copy)]
pub(crate) enum Who<'a> {
    /// None says; how many people, one may.
    Nobody(Option<&'a Placed<u32>>),
    /// Nothing can be concluded.
    Unread,
    /// Of these so many, where that is said.
    From(&'a [Placed<Selector>], Option<&'a Placed<u32>>),
    /// These seats.
    AllOf(&'a AllOfKeys),
}

/// The tables that apply, the farthest first.
#[derive(Clone)]
pub(crate) struct Layers<'a>(Vec<&'a AskKeys>);

impl<'a> Layers<'a> {
    pub(crate) fn of_host(ask: &'a AskKeys) -> Self {
        Self(vec![ask])
    }

    /// With a nearer table over these.
    pub(crate) fn with(&self, ask: Option<&'a AskKeys>) -> Self {
        Self(self.0.iter().copied().chain(ask).collect())
    }

    /// What they come to; grants stand no longer than `longest`.
    pub(crate) fn ask(&self, longest: Option<Span>) -> Ask {
        let max_duration = self.nearest(|ask| ask.max_duration.as_ref());
        let max_duration = max_duration.map_or(DEFAULT_MAX_DURATION, |span| span.value);
        let kinds: Vec<Seats> = match self.who() {
            Who::AllOf(AllOfKeys { kinds: Some(kinds), .. }) => kinds
                .iter()
                .map(|kind| Seats { from: different(&kind.from), count: kind.count })
                .collect(),
            Who::From(from, count) => {
                let count = count.map_or(DEFAULT_COUNT, |count| count.value);
                Vec::from([Seats { from: different(from), count }])
            }
            Who::AllOf(_) | Who::Unread | Who::Nobody(_) => Vec::new(),
        };
        let mut from: Vec<Selector> = Vec::new();
        for selector in kinds.iter().flat_map(|kind| &kind.from) {
            if !from.contains(selector) {
                from.push(selector.clone());
            }
        }
        let count = match self.who() {
            Who::Nobody(count) => count.map_or(DEFAULT_COUNT, |count| count.value),
            _ => kinds.iter().fold(0_u32, |sum, kind| sum.saturating_add(kind.count)).max(1),
        };
        let of_kinds = matches!(self.who(), Who::AllOf(_));
        Ask {
            from,
            count,
            all_of: if of_kinds { kinds } else { Vec::new() },
            escalate: self.escalation().iter().map(step).collect(),
            self_approval: self.self_approval(),
            timeout: self.nearest(|ask| ask.timeout).unwrap_or(DEFAULT_TIMEOUT),
            max_duration: longest.map_or(max_duration, |longest| max_duration.min(longest)),
            uses: self.nearest(|ask| ask.uses).unwrap_or(USES_MAX),
            justification: self.nearest(|ask| ask.justification).unwrap_or(DEFAULT_JUSTIFICATION),
            ticket: self.nearest(|ask| ask.ticket.as_ref()).cloned().flatten(),
            reauth: self.nearest(|ask| ask.reauth).unwrap_or(false),
            remind: self.nearest(|ask| ask.remind).flatten(),
            without_hub: self.nearest(|ask| ask.without_hub).unwrap_or_default(),
            signed: self.nearest(|ask| ask.signed.as_ref()).is_some_and(|signed| signed.value),
        }
    }

    /// Whether any of them says whom to ask.
    pub(super) fn name_somebody(&self) -> bool {
        !matches!(self.who(), Who::Nobody(_))
    }

    /// Notes, at `asking`, that there is nobody to ask, or, where it is said, that
    /// they are too few to ever come to the count.
    pub(super) fn check_reach(&self, asking: &Place, people: &People<'_>, found: &mut Findings) {
        match self.who() {
            Who::Nobody(_) => found.note(asking, Problem::NobodyToAsk),
            Who::Unread => {}
            Who::From(from, count) => {
                let later = self.escalation().iter().flat_map(|step| &step.from);
                let all: Vec<_> = from.iter().chain(later).cloned().collect();
                if let Some(count) = count
                    && let Some(reachable) = people.reachable(&all)
                    && usize::try_from(count.value).is_ok_and(|count| count > reachable)
                {
                    let problem = Problem::TooFewToAsk { count: count.value, reachable };
                    found.note(&count.place, problem);
                }
            }
            Who::AllOf(all_of) => {
                let kinds = all_of.kinds.as_deref().unwrap_or_default();
                if let Some((reachable, seats)) = people.seated(kinds)
                    && reachable < seats
                {
                    found.note(&all_of.place, Problem::TooFewForSeats { seats, reachable });
                }
            }
        }
        self.check_count(found);
        self.check_escalation(found);
        self.check_keys(people, found);
    }

    /// Notes that only signed answers approve, and too few of those who are asked have keys.
    fn check_keys(&self, people: &People<'_>, found: &mut Findings) {
        let Some(signed) = self.nearest(|ask| ask.signed.as_ref()).filter(|signed| signed.value)
        else {
            return;
        };
        let all: Vec<Placed<Selector>>;
        let kinds: Vec<(&[Placed<Selector>], u32)> = match self.who() {
            Who::From(from, count) => {
                let later = self.escalation().iter().flat_map(|step| &step.from);
                all = from.iter().chain(later).cloned().collect();
                vec![(&all, count.map_or(DEFAULT_COUNT, |count| count.value))]
            }
            Who::AllOf(all_of) => {
                let kinds = all_of.kinds.iter().flatten();
                kinds.map(|kind| (kind.from.as_slice(), kind.count)).collect()
            }
            Who::Nobody(_) | Who::Unread => return,
        };
        let count = kinds.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
        if let Some(keyed) = people.signing(&kinds).filter(|keyed| *keyed < count) {
            found.note(&signed.place, Problem::TooFewKeys { count, keyed });
        }
    }

    /// Notes steps that come when silence is a no already, or beside `all_of`.
    fn check_escalation(&self, found: &mut Findings) {
        let timeout = self.nearest(|ask| ask.timeout).unwrap_or(DEFAULT_TIMEOUT);
        for step in self.escalation().iter().filter(|step| step.after.value >= timeout) {
            let timeout = duration::text(timeout);
            found.note(&step.after.place, Problem::LateEscalation { timeout });
        }
        if matches!(self.who(), Who::AllOf(_)) {
            // Steps of a farther table than that of the seats do not count, and may be there.
            let place = self.0.iter().rposition(|ask| ask.all_of.is_some());
            for steps in
                self.0.iter().skip(place.unwrap_or(0)).filter_map(|ask| ask.escalate.as_ref())
            {
                if !steps.value.is_empty() {
                    found.note(&steps.place, Problem::EscalateBesideAllOf);
                }
            }
        }
    }

    /// The steps of the nearest that says any; where there are seats of several kinds,
    /// none.
    pub(crate) fn escalation(&self) -> &'a [EscalationKeys] {
        match self.who() {
            Who::AllOf(_) => &[],
            _ => self.nearest(|ask| ask.escalate.as_ref()).map_or(&[], |steps| &steps.value),
        }
    }

    /// Notes a `count` over an `all_of` that it does not count for.
    fn check_count(&self, found: &mut Findings) {
        let mut counted = true;
        for ask in &self.0 {
            match (&ask.all_of, &ask.from, &ask.count) {
                (Some(_), _, _) => counted = false,
                (None, From::Unsaid, Some(count)) if !counted => {
                    found.note(&count.place, Problem::CountOverAllOf);
                }
                (None, From::Unsaid, _) => {}
                (None, From::These(_) | From::Unread, _) => counted = true,
            }
        }
    }

    /// Whom they come to: `all_of` and `from` take each other's place.
    pub(crate) fn who(&self) -> Who<'a> {
        let mut who = Who::Nobody(None);
        for ask in &self.0 {
            who = match (&ask.all_of, &ask.from, who) {
                (Some(all_of), _, _) => Who::AllOf(all_of),
                (None, From::Unread, _) => Who::Unread,
                (None, From::These(from), Who::From(_, count) | Who::Nobody(count)) => {
                    Who::From(&from.value, ask.count.as_ref().or(count))
                }
                (None, From::These(from), _) => Who::From(&from.value, ask.count.as_ref()),
                (None, From::Unsaid, Who::From(from, count)) => {
                    Who::From(from, ask.count.as_ref().or(count))
                }
                (None, From::Unsaid, Who::Nobody(count)) => {
                    Who::Nobody(ask.count.as_ref().or(count))
                }
                (None, From::Unsaid, who) => who,
            };
        }
        who
    }

    /// Whether whoever is asked may approve what he asks for himself.
    pub(crate) fn self_approval(&self) -> bool {
        self.nearest(|ask| ask.self_approval.as_ref()).is_some_and(|own| own.value)
    }

    fn nearest<T>(&self, key: impl Fn(&'a AskKeys) -> Option<T>) -> Option<T> {
        self.0.iter().rev().find_map(|ask| key(ask))
    }
}

fn step(step: &EscalationKeys) -> Escalation {
    Escalation { after: step.after.value, from: different(&step.from) }
}

/// Each of them once.
fn different(named: &[Placed<Selector>]) -> Vec<Selector> {
    let mut once: Vec<Selector> = Vec::new();
    for selector in named {
        if !once.contains(&selector.value) {
            once.push(selector.value.clone());
        }
    }
    once
}
