//! Questions that nobody can answer.

use std::collections::{BTreeMap, BTreeSet};

use writ_engine::policy::{Member, Selector};
use writ_engine::seating::{self, Seating};

use super::{Remark, Remarks};
use crate::compile::{DEFAULT_COUNT, Layers, Said, Who};
use crate::keys::{ApproverKeys, DecisionKey, RoleKeys};
use crate::source::{Place, Placed};

/// Remarks asks whose approvers, by their accounts on this host, are too few, or are
/// the requesters themselves.
pub(super) fn look(said: &Said, remarks: &mut Remarks) {
    let people = People::of(&said.approvers);
    let host = Layers::of_host(&said.host.ask);
    for role in &said.roles {
        let of_role = host.with(role.ask.as_ref());
        if window_asks(role) {
            check(&people, role, &of_role, &role.name.place, remarks);
        }
        for rule in role.rules.iter().filter(|rule| rule.decision.value == DecisionKey::Ask) {
            check(&people, role, &of_role.with(rule.ask.as_deref()), &rule.decision.place, remarks);
        }
    }
}

/// Whether a window of the role is there to be asked for, apart from its rules.
pub(super) fn window_asks(role: &RoleKeys) -> bool {
    let lends = !role.groups.is_empty() || !role.capabilities.is_empty();
    role.decision.as_ref().map_or(lends, |decision| decision.value == DecisionKey::Ask)
}

fn check(
    people: &People<'_>,
    role: &RoleKeys,
    layers: &Layers<'_>,
    place: &Place,
    remarks: &mut Remarks,
) {
    let Some(wanted) = Wanted::of(people, layers) else { return };
    let (count, answering) = (wanted.count(), wanted.seated_without(None));
    if answering < count {
        remarks.note(place, Remark::NobodyAnswers { count, answering: wanted.answering(None) });
        return;
    }
    if layers.self_approval() {
        return;
    }
    for member in &role.members {
        let Member::User(user) = &member.value else { continue };
        if wanted.seated_without(Some(user)) < count {
            let left = wanted.answering(Some(user));
            remarks.note(place, Remark::Himself { member: user.clone(), count, left });
        }
    }
}

/// The seats, each kind with the accounts that could fill one.
struct Wanted<'k>(Vec<(BTreeSet<&'k str>, u32)>);

impl<'k> Wanted<'k> {
    /// Nothing where that cannot be told of any of them.
    fn of(people: &People<'k>, layers: &Layers<'k>) -> Option<Self> {
        let accounts = |from: &'k [Placed<Selector>]| {
            people.accounts(from.iter().map(|selector| &selector.value))
        };
        let kinds = match layers.who() {
            Who::From(from, count) => {
                let mut all = accounts(from)?;
                for step in layers.escalation() {
                    all.extend(accounts(&step.from)?);
                }
                vec![(all, count.map_or(DEFAULT_COUNT, |count| count.value))]
            }
            Who::AllOf(all_of) => {
                let kinds = all_of.kinds.iter().flatten();
                kinds.filter_map(|kind| Some((accounts(&kind.from)?, kind.count))).collect()
            }
            Who::Nobody(_) | Who::Unread => return None,
        };
        Some(Self(kinds))
    }

    fn count(&self) -> u32 {
        self.0.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// The different accounts, one of them left out.
    fn accounts(&self, without: Option<&str>) -> BTreeSet<&'k str> {
        let all = self.0.iter().flat_map(|(accounts, _)| accounts.iter().copied());
        all.filter(|account| Some(*account) != without).collect()
    }

    fn answering(&self, without: Option<&str>) -> usize {
        self.accounts(without).len()
    }

    /// How many seats they could fill.
    fn seated_without(&self, without: Option<&str>) -> u32 {
        let mut seating = Seating::of(self.0.iter().map(|(_, count)| *count));
        for account in self.accounts(without) {
            let his = (0..).zip(&self.0).filter(|(_, (accounts, _))| accounts.contains(account));
            let seats = his.map(|(kind, _)| kind).collect();
            seating.admit(&[seating::Place { of: account.to_owned(), deputy: false, seats }]);
        }
        seating.filled()
    }
}

/// The accounts through which people answer on this host.
struct People<'k> {
    by_name: BTreeMap<&'k str, Option<&'k str>>,
    by_team: BTreeMap<&'k str, Vec<Option<&'k str>>>,
}

impl<'k> People<'k> {
    fn of(approvers: &'k [ApproverKeys]) -> Self {
        let mut people = Self { by_name: BTreeMap::new(), by_team: BTreeMap::new() };
        for approver in approvers {
            let account = approver.unix_user.as_ref().map(|user| user.value.as_str());
            // Who has a key needs no account to answer.
            let account =
                account.or((!approver.keys.is_empty()).then_some(approver.name.value.as_str()));
            people.by_name.insert(&approver.name.value, account);
            for team in &approver.teams {
                people.by_team.entry(team).or_default().push(account);
            }
        }
        people
    }

    /// The different accounts of a list; nothing where it names a group of the host,
    /// whose members the files do not say.
    fn accounts<'s: 'k>(
        &self,
        from: impl Iterator<Item = &'s Selector>,
    ) -> Option<BTreeSet<&'k str>> {
        let mut accounts = BTreeSet::new();
        for selector in from {
            match selector {
                Selector::Group(_) => return None,
                Selector::Team(team) => {
                    let members = self.by_team.get(team.as_str()).into_iter().flatten();
                    accounts.extend(members.copied().flatten());
                }
                Selector::Person(name) => match self.by_name.get(name.as_str()) {
                    Some(account) => accounts.extend(account.iter().copied()),
                    None => accounts.extend([name.as_str()]),
                },
            }
        }
        Some(accounts)
    }
}
