//! Questions that too few can answer as things are now: who is away or off duty.

use writ_engine::facts::{Account, Person, Uid};
use writ_engine::policy::{Approver, Occasion, Policy, Seats, Selector};
use writ_engine::seating::Seating;
use writ_engine::time::WallTime;

use super::{Remark, Remarks};
use crate::compile::{Layers, Said};
use crate::keys::DecisionKey;
use crate::source::Place;

/// Remarks teams of which nobody is on call now, and asks that those who are there now
/// cannot fill. What `told` has is not told again.
pub(super) fn look(
    said: &Said,
    policy: &Policy,
    now: WallTime,
    told: &Remarks,
    remarks: &mut Remarks,
) {
    for keys in &said.on_call {
        let on_call = policy.settings().on_call.get(&keys.team.value);
        if on_call.is_some_and(|on_call| on_call.at(now).is_empty()) {
            let team = keys.team.value.clone();
            remarks.note(&keys.team.place, Remark::NobodyOnCall { team });
        }
    }
    let host = Layers::of_host(&said.host.ask);
    for role in &said.roles {
        let of_role = host.with(role.ask.as_ref());
        for rule in role.rules.iter().filter(|rule| rule.decision.value == DecisionKey::Ask) {
            let place = &rule.decision.place;
            if !told.has(place) {
                check(policy, now, &of_role.with(rule.ask.as_deref()), place, remarks);
            }
        }
        if super::approvals::window_asks(role) && !told.has(&role.name.place) {
            check(policy, now, &of_role, &role.name.place, remarks);
        }
    }
}

fn check(
    policy: &Policy,
    now: WallTime,
    layers: &Layers<'_>,
    place: &Place,
    remarks: &mut Remarks,
) {
    let ask = layers.ask(None);
    let mut seats: Vec<Seats> = ask.seats().into_owned();
    if let [all] = seats.as_mut_slice() {
        all.from.extend(ask.escalate.iter().flat_map(|step| step.from.clone()));
    }
    let named = seats.iter().flat_map(|seats| &seats.from);
    // Who is in a group of the host, the files do not say.
    if named.clone().any(|selector| matches!(selector, Selector::Group(_))) || ask.from.is_empty() {
        return;
    }
    let approvers = &policy.settings().approvers;
    let users = named.filter_map(|selector| match selector {
        Selector::Person(name) if !approvers.contains_key(name) => Some(name.as_str()),
        _ => None,
    });
    let there = approvers.values().filter(|approver| !is_away(approver, now));
    let accounts = there.filter_map(|approver| approver.unix_user.as_deref()).chain(users);
    let mut seating = Seating::of(seats.iter().map(|seats| seats.count));
    for (number, name) in (1..).zip(accounts) {
        let person = Person::known_by(Account { uid: Uid(number), name: name.to_owned() });
        seating.admit(&policy.places(&person, &seats, Occasion::at(now)));
    }
    if seating.filled() < ask.count {
        let (count, filled) = (ask.count, seating.filled());
        remarks.note(place, Remark::TooFewNow { count, filled });
    }
}

fn is_away(approver: &Approver, now: WallTime) -> bool {
    approver.away.as_ref().is_some_and(|away| away.is_at(now))
}
