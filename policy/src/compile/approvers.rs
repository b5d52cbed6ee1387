//! Approvers, each person once.

use std::collections::BTreeMap;

use writ_engine::policy::Approver;

use crate::findings::Findings;
use crate::keys::ApproverKeys;
use crate::problem::Problem;
use crate::public_key::PublicKey;
use crate::source::Place;

type Approvers = (BTreeMap<String, Approver>, BTreeMap<String, Vec<PublicKey>>);

pub(super) fn compile(said: Vec<ApproverKeys>, found: &mut Findings) -> Approvers {
    let mut approvers = BTreeMap::new();
    let mut keys = BTreeMap::new();
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
        if !his.is_empty() {
            keys.insert(name.value.clone(), his);
        }
        let approver = Approver {
            name: name.value.clone(),
            unix_user: unix_user.map(|user| user.value),
            teams,
        };
        approvers.insert(name.value, approver);
    }
    (approvers, keys)
}
