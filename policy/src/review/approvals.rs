//! Questions that nobody can answer.

use std::collections::{BTreeMap, BTreeSet};

use writ_engine::policy::{Member, Selector};

use super::{Remark, Remarks};
use crate::compile::{DEFAULT_COUNT, Said};
use crate::keys::{ApproverKeys, AskKeys, DecisionKey, From, RoleKeys};
use crate::source::Place;

/// Remarks asks whose approvers, by their accounts on this host, are too few, or are
/// the requesters themselves.
pub(super) fn look(said: &Said, remarks: &mut Remarks) {
    let people = People::of(&said.approvers);
    let host = &said.host.ask;
    for role in &said.roles {
        let of_role: Vec<&AskKeys> =
            [Some(host), role.ask.as_ref()].into_iter().flatten().collect();
        if window_asks(role) {
            check(&people, role, &of_role, &role.name.place, remarks);
        }
        for rule in role.rules.iter().filter(|rule| rule.decision.value == DecisionKey::Ask) {
            let layers: Vec<&AskKeys> =
                of_role.iter().copied().chain(rule.ask.as_deref()).collect();
            check(&people, role, &layers, &rule.decision.place, remarks);
        }
    }
}

/// Whether a window of the role is there to be asked for, apart from its rules.
fn window_asks(role: &RoleKeys) -> bool {
    let lends = !role.groups.is_empty() || !role.capabilities.is_empty();
    role.decision.as_ref().map_or(lends, |decision| decision.value == DecisionKey::Ask)
}

fn check(
    people: &People<'_>,
    role: &RoleKeys,
    layers: &[&AskKeys],
    place: &Place,
    remarks: &mut Remarks,
) {
    let nearest = layers.iter().rev();
    let from = nearest.clone().find_map(|ask| match &ask.from {
        From::Unsaid => None,
        From::Unread => Some(None),
        From::These(from) => Some(Some(&from.value)),
    });
    let count = nearest.clone().find_map(|ask| ask.count.as_ref());
    let count = count.map_or(DEFAULT_COUNT, |count| count.value);
    let Some(answering) = from
        .flatten()
        .and_then(|from| people.accounts(from.iter().map(|selector| &selector.value)))
    else {
        return;
    };
    let enough = |left: usize| usize::try_from(count).is_ok_and(|count| left >= count);
    if !enough(answering.len()) {
        remarks.note(place, Remark::NobodyAnswers { count, answering: answering.len() });
        return;
    }
    for member in &role.members {
        let Member::User(user) = &member.value else { continue };
        let left = answering.iter().filter(|account| **account != user).count();
        if !enough(left) {
            remarks.note(place, Remark::Himself { member: user.clone(), count, left });
        }
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
