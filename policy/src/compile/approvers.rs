//! Approvers, each person once.

use std::collections::BTreeMap;

use writ_engine::policy::Approver;
use writ_signed::Fingerprint;

use crate::findings::Findings;
use crate::keys::ApproverKeys;
use crate::problem::Problem;
use crate::source::Place;

pub(super) fn compile(said: Vec<ApproverKeys>, found: &mut Findings) -> BTreeMap<String, Approver> {
    let mut approvers = BTreeMap::new();
    let mut owners: BTreeMap<Fingerprint, String> = BTreeMap::new();
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    let mut users: BTreeMap<String, Place> = BTreeMap::new();
    for ApproverKeys { name, unix_user, teams, keys: his } in said {
        if let Some(first) = names.get(&name.value).cloned() {
            let problem = Problem::NamedTwice { what: "an approver", name: name.value, first };
            found.note(&name.place, problem);
            continue;
        }
        names.insert(name.value.clone(), name.place);
        if let Some(user) = &unix_user {
            match users.get(&user.value).cloned() {
                Some(first) => {
                    let problem = Problem::UserTwice { user: user.value.clone(), first };
                    found.note(&user.place, problem);
                }
                None => {
                    users.insert(user.value.clone(), user.place.clone());
                }
            }
        }
        let mut keys = Vec::new();
        for key in his {
            // Two people with one key would be two in name only.
            match owners.insert(key.value.fingerprint(), name.value.clone()) {
                Some(first) => found.note(&key.place, Problem::KeyTwice { first }),
                None => keys.push(key.value),
            }
        }
        let approver = Approver {
            name: name.value.clone(),
            unix_user: unix_user.map(|user| user.value),
            teams,
            keys,
        };
        approvers.insert(name.value, approver);
    }
    approvers
}
