//! Which places somebody may take among those who are asked.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Approver, Occasion, Policy, Seats, Selector};
use crate::facts::Person;
use crate::seating::Place;

impl Policy {
    /// The places that a person may take where seats are for these people; none where he
    /// is not asked.
    ///
    /// Who is asked by name or team as an approver has that place, and so has, while he is
    /// away, his deputy. Who is asked by a group of the host, or by a name that no approver
    /// has, has one of his own.
    #[must_use]
    pub fn places(&self, person: &Person, seats: &[Seats], on: Occasion<'_>) -> Vec<Place> {
        let mut places = Vec::new();
        let kinds = |named: &dyn Fn(&Selector) -> bool| -> Vec<u32> {
            let kinds = (0..).zip(seats).filter(|(_, seats)| seats.from.iter().any(named));
            kinds.map(|(kind, _)| kind).collect()
        };
        let mut offer = |of: String, deputy: bool, kinds: Vec<u32>| match seats {
            _ if kinds.is_empty() => {}
            [_] => places.push(Place { of, deputy, seats: Vec::new() }),
            _ => places.push(Place { of, deputy, seats: kinds }),
        };
        if let Some(approver) = self.approver_of(person) {
            let named = |of: &Approver| kinds(&|selector| self.names(selector, of, on));
            offer(approver.name.clone(), false, named(approver));
            // On his own request, for himself and in nobody's place.
            if on.requester.is_none_or(|requester| !requester.may_be(person)) {
                for owner in self.stood_in_for(approver, on) {
                    offer(owner.name.clone(), true, named(owner));
                }
            }
        }
        let own = kinds(&|selector| match selector {
            _ if !person.has_account() => false,
            Selector::Group(group) => person.groups.contains(group),
            Selector::Person(name) => {
                *name == person.account.name && !self.settings.approvers.contains_key(name)
            }
            Selector::Team(_) => false,
        });
        offer(own_place(person), false, own);
        places
    }

    /// Whether a selector names an approver, by his name or a team.
    pub(super) fn names(&self, selector: &Selector, approver: &Approver, on: Occasion<'_>) -> bool {
        match selector {
            Selector::Person(name) => *name == approver.name,
            Selector::Team(team) => {
                approver.teams.contains(team) && self.is_on_call(team, approver, on)
            }
            Selector::Group(_) => false,
        }
    }

    /// The approver who has signed as himself, or who acts through a person's account.
    fn approver_of(&self, person: &Person) -> Option<&Approver> {
        if let Some(name) = &person.approver {
            return self.settings.approvers.get(name);
        }
        let account = person.account.name.as_str();
        self.settings.approvers.values().find(|approver| approver.acts_as(account))
    }
}

/// The place of somebody who is asked for himself.
pub(crate) fn own_place(person: &Person) -> String {
    format!("#{}", person.account.uid.0)
}
