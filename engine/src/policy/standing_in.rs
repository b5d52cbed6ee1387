//! Who stands in for whom, and who is on call: both hang on the time.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::{Approver, Policy, Selector};
use crate::facts::Person;
use crate::time::WallTime;

/// A time in which somebody is away, and who may take his place meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// From this instant on; always, where none is said.
    pub from: Option<WallTime>,
    /// Not from this instant on.
    pub until: WallTime,
    /// The approver who may take his place.
    pub to: String,
}

type OnCallAt = dyn Fn(WallTime) -> BTreeSet<String> + Send + Sync;

/// Who of a team is on call, and when.
#[derive(Clone)]
pub struct OnCall {
    source: Box<str>,
    at: Arc<OnCallAt>,
}

/// A question, as far as who may answer it hangs on it.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// Whose question it is, where it is somebody's: nobody takes his place in it.
    pub requester: Option<&'a Person>,
    /// When it was asked.
    pub asked: WallTime,
    /// When it is answered.
    pub now: WallTime,
}

impl Away {
    /// Whether he is away at an instant.
    #[must_use]
    pub fn is_at(&self, wall: WallTime) -> bool {
        self.from.is_none_or(|from| from <= wall) && wall < self.until
    }
}

impl OnCall {
    /// A schedule of that source, and the pure function that it stands for: the names of
    /// the approvers who are on call at an instant; nobody, where nobody is.
    pub fn new(
        source: impl Into<Box<str>>,
        at: impl Fn(WallTime) -> BTreeSet<String> + Send + Sync + 'static,
    ) -> Self {
        Self { source: source.into(), at: Arc::new(at) }
    }

    /// The approvers who are on call at an instant.
    #[must_use]
    pub fn at(&self, wall: WallTime) -> BTreeSet<String> {
        (self.at)(wall)
    }
}

impl fmt::Debug for OnCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("OnCall").field(&self.source).finish()
    }
}

impl PartialEq for OnCall {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for OnCall {}

impl<'a> Occasion<'a> {
    /// A question of nobody in particular, asked and answered at one instant.
    #[must_use]
    pub const fn at(now: WallTime) -> Self {
        Self { requester: None, asked: now, now }
    }

    /// The same, of a person.
    #[must_use]
    pub const fn of(self, requester: &'a Person) -> Self {
        Self { requester: Some(requester), ..self }
    }

    /// Whether an approver may be who asks. An owner of the session whose name nobody
    /// knows may be anybody.
    fn is_of(&self, approver: &Approver) -> bool {
        self.requester.is_some_and(|person| {
            let accounts = [Some(&person.account), person.login.as_ref()].into_iter().flatten();
            let unnamed = person
                .session_owner
                .is_some_and(|owner| accounts.clone().all(|account| account.uid != owner));
            let named = accounts.clone().any(|account| approver.acts_as(&account.name));
            unnamed || named
        })
    }
}

impl Policy {
    /// The approvers among those whom `from` names who are away now, each with those who
    /// may take his place.
    #[must_use]
    pub fn deputised(&self, from: &[Selector], now: WallTime) -> Vec<(&str, Vec<&str>)> {
        let on = Occasion::at(now);
        let away = self.away.iter().filter_map(|name| self.settings.approvers.get(name));
        let named =
            away.filter(|owner| from.iter().any(|selector| self.names(selector, owner, on)));
        let sent = named.map(|owner| (owner.name.as_str(), self.deputies(owner, on)));
        sent.filter(|(_, deputies)| !deputies.is_empty()).collect()
    }

    /// Who is on call now, of the teams among these that have a schedule; nobody, where
    /// the whole team is asked.
    #[must_use]
    pub fn on_call<'p>(
        &'p self,
        from: &'p [Selector],
        now: WallTime,
    ) -> Vec<(&'p str, BTreeSet<String>)> {
        let teams = from.iter().filter_map(|selector| match selector {
            Selector::Team(team) => Some(team),
            Selector::Person(_) | Selector::Group(_) => None,
        });
        let scheduled = teams
            .filter_map(|team| Some((team.as_str(), self.settings.on_call.get(team)?.at(now))));
        scheduled.collect()
    }

    /// The approvers whose place an approver may take now: those who are away and have
    /// named him, or somebody who is away too and has named him. Nobody takes the place
    /// of who asks, or is sent for by him.
    pub(super) fn stood_in_for<'p>(
        &'p self,
        deputy: &'p Approver,
        on: Occasion<'p>,
    ) -> impl Iterator<Item = &'p Approver> {
        let away = self.away.iter().filter_map(|name| self.settings.approvers.get(name));
        away.filter(move |owner| self.deputies(owner, on).contains(&deputy.name.as_str()))
    }

    /// Who may take the place of an approver now. At no instant they are a circle, and no
    /// step is made twice where they were.
    pub(super) fn deputies<'p>(&'p self, owner: &'p Approver, on: Occasion<'p>) -> Vec<&'p str> {
        let mut deputies: Vec<&str> = Vec::new();
        let mut next = Some(owner);
        while let Some(approver) = next.take().filter(|approver| !on.is_of(approver)) {
            let Some(away) = approver.away.as_ref().filter(|away| away.is_at(on.now)) else {
                break;
            };
            let to = away.to.as_str();
            if to == owner.name || deputies.contains(&to) {
                break;
            }
            deputies.push(to);
            next = self.settings.approvers.get(to);
        }
        deputies
    }

    /// Whether a question for a team is one for an approver of it: whoever was on call
    /// when it was asked; where nobody was, the whole team.
    pub(super) fn is_on_call(&self, team: &str, approver: &Approver, on: Occasion<'_>) -> bool {
        let Some(on_call) = self.settings.on_call.get(team) else { return true };
        let names = on_call.at(on.asked);
        names.is_empty() || names.contains(&approver.name)
    }
}
