//! `approvers.d/*.toml`.

use std::collections::BTreeSet;

use super::away::{self, AwayKeys};
use super::on_call::{OnCallKeys, on_call};
use super::people;
use crate::findings::Findings;
use crate::name;
use crate::problem::Problem;
use crate::section::Section;
use crate::source::Placed;
use crate::zone::{self, HostZone};
use writ_signed::ApproverKey;
use writ_signed::limits::KEYS_PER_APPROVER_MAX;

/// What a file says of an approver.
#[derive(Debug)]
pub(crate) struct ApproverKeys {
    pub(crate) name: Placed<String>,
    pub(crate) unix_user: Option<Placed<String>>,
    pub(crate) teams: BTreeSet<String>,
    pub(crate) keys: Vec<Placed<ApproverKey>>,
    pub(crate) away: Option<AwayKeys>,
}

/// What a file says of approvers and their teams.
#[derive(Debug, Default)]
pub(crate) struct ApproversFile {
    pub(crate) approvers: Vec<ApproverKeys>,
    pub(crate) on_call: Vec<OnCallKeys>,
}

pub(crate) fn approvers(mut file: Section<'_>, found: &mut Findings) -> ApproversFile {
    let all = file.take("approver").and_then(|value| value.table("[approver]".into(), found));
    let teams = file.take("on_call").and_then(|value| value.table("[on_call]".into(), found));
    file.finish(found);
    let zone = zone::of_host();
    let all = all.map(|all| all.named_tables(found)).unwrap_or_default();
    let all = all.into_iter().map(|(name, section)| approver(name, section, &zone, found));
    let approvers = all.collect();
    let teams = teams.map(|teams| teams.named_tables(found)).unwrap_or_default();
    let teams = teams.into_iter().map(|(team, section)| on_call(team, section, &zone, found));
    ApproversFile { approvers, on_call: teams.collect() }
}

fn approver(
    name: Placed<String>,
    mut section: Section<'_>,
    zone: &HostZone,
    found: &mut Findings,
) -> ApproverKeys {
    if let Err(why) = name::check_handle(&name.value) {
        found.note(&name.place, Problem::Name { text: name.value.clone(), why });
    }
    let unix_user = section.take("unix_user");
    let teams = section.take("teams").map(|value| people::teams(&value, found));
    let keys = section.take("keys");
    let away = section.take("away").and_then(|value| away::read(&value, zone, found));
    if unix_user.is_none() && keys.is_none() {
        found.note(&name.place, Problem::NoWayToAnswer { approver: name.value.clone() });
    }
    let keys = keys.map(|value| {
        let keys = value.some(found, |key| key.parse::<ApproverKey>().map_err(Problem::Key));
        if keys.items.len() > KEYS_PER_APPROVER_MAX {
            found.note(value.place(), Problem::LongList { most: KEYS_PER_APPROVER_MAX });
        }
        keys
    });
    let approver = ApproverKeys {
        unix_user: unix_user.and_then(|value| {
            value.text(found, |user| {
                name::check_account(user)
                    .map_err(|why| Problem::Name { text: user.to_owned(), why })?;
                Ok(user.to_owned())
            })
        }),
        teams: teams.into_iter().flat_map(|list| list.items).map(|team| team.value).collect(),
        keys: keys.into_iter().flat_map(|list| list.items).collect(),
        away,
        name,
    };
    section.finish(found);
    approver
}
