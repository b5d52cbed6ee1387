//! A call in, replies out; nothing else is touched.

use std::sync::Arc;

use serde::Serialize;
use writ_protocol::calls::Incoming;

use super::call::Query;
use super::interface::{self, SERVICE};
use super::refusal::Refusal;
use super::snapshot::{Group, Lent, Snapshot};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// This very process. It decides on memberships that it does not lend itself,
    /// so it finds none: the second line behind the unit's `SYSTEMD_BYPASS_USERDB=`.
    Own,
    /// Anybody else; everybody may know who is in which group.
    Other,
}

/// A frame that is no call; its connection is closed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no call")]
pub(super) struct NoCall;

/// The replies to a call, one frame each, made as they are fetched. The snapshot is
/// that of the call: what is lent or ends meanwhile does not mix in.
#[derive(Debug)]
pub(super) struct Replies {
    snapshot: Arc<Snapshot>,
    rest: Rest,
}

#[derive(Debug)]
enum Rest {
    Nothing,
    Frame(Vec<u8>),
    /// The place of the next one, and whose and of what they are.
    Memberships {
        at: usize,
        user: Option<String>,
        group: Option<String>,
    },
    Groups {
        at: usize,
    },
}

/// Answers a frame.
///
/// # Errors
/// When it is no call.
pub(super) fn answer(
    frame: &[u8],
    snapshot: Arc<Snapshot>,
    asker: Asker,
) -> Result<Replies, NoCall> {
    let incoming: Incoming<'_> = serde_json::from_slice(frame).map_err(|_| NoCall)?;
    if incoming.upgrade {
        return Err(NoCall);
    }
    let rest = match (incoming.oneway, rest(&incoming, &snapshot, asker)) {
        (true, _) => Rest::Nothing,
        (false, Ok(rest)) => rest,
        (false, Err(refusal)) => Rest::Frame(encoded(&refusal.message())),
    };
    Ok(Replies { snapshot, rest })
}

fn rest(incoming: &Incoming<'_>, snapshot: &Snapshot, asker: Asker) -> Result<Rest, Refusal> {
    let query = Query::of(incoming)?;
    let finds = asker == Asker::Other;
    match query {
        Query::Info => Ok(Rest::Frame(last(&interface::info()))),
        Query::Description { interface } => {
            Ok(Rest::Frame(last(&interface::description(interface)?)))
        }
        Query::Memberships { user, group } if finds => {
            memberships(snapshot, incoming.more, user, group)
        }
        Query::Groups { name: None, gid: None } if finds => all_groups(snapshot, incoming.more),
        Query::Groups { name, gid } if finds => {
            one_group(snapshot, name.as_deref(), gid).map(Rest::Frame)
        }
        Query::Users | Query::Memberships { .. } | Query::Groups { .. } => {
            Err(Refusal::NoRecordFound)
        }
    }
}

fn memberships(
    snapshot: &Snapshot,
    more: bool,
    user: Option<String>,
    group: Option<String>,
) -> Result<Rest, Refusal> {
    let at = find_from(snapshot, 0, user.as_deref(), group.as_deref());
    let at = at.ok_or(Refusal::NoRecordFound)?;
    if !more && find_from(snapshot, at + 1, user.as_deref(), group.as_deref()).is_some() {
        return Err(Refusal::ExpectedMore);
    }
    Ok(Rest::Memberships { at, user, group })
}

fn find_from(
    snapshot: &Snapshot,
    from: usize,
    user: Option<&str>,
    group: Option<&str>,
) -> Option<usize> {
    let wanted = |lent: &Lent| {
        user.is_none_or(|user| lent.user == user) && group.is_none_or(|group| lent.group == group)
    };
    let rest = snapshot.memberships.get(from..)?;
    rest.iter().position(wanted).map(|offset| from + offset)
}

fn all_groups(snapshot: &Snapshot, more: bool) -> Result<Rest, Refusal> {
    match snapshot.groups.len() {
        0 => Err(Refusal::NoRecordFound),
        2.. if !more => Err(Refusal::ExpectedMore),
        _ => Ok(Rest::Groups { at: 0 }),
    }
}

fn one_group(
    snapshot: &Snapshot,
    name: Option<&str>,
    gid: Option<u32>,
) -> Result<Vec<u8>, Refusal> {
    let named = |group: &Group| name.is_some_and(|name| group.name == name);
    let numbered = |group: &Group| gid.is_some_and(|gid| group.gid == gid);
    let is_it =
        |group: &&Group| (name.is_none() || named(group)) && (gid.is_none() || numbered(group));
    if let Some(group) = snapshot.groups.iter().find(is_it) {
        return Ok(last(&group_reply(group)));
    }
    if snapshot.groups.iter().any(|group| named(group) || numbered(group)) {
        return Err(Refusal::ConflictingRecordFound);
    }
    Err(Refusal::NoRecordFound)
}

impl Iterator for Replies {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        match std::mem::replace(&mut self.rest, Rest::Nothing) {
            Rest::Nothing => None,
            Rest::Frame(frame) => Some(frame),
            Rest::Memberships { at, user, group } => {
                let lent = self.snapshot.memberships.get(at)?;
                let next = find_from(&self.snapshot, at + 1, user.as_deref(), group.as_deref());
                let reply = Membership { user_name: &lent.user, group_name: &lent.group };
                let frame = encoded(&Reply { parameters: &reply, continues: next.is_some() });
                if let Some(at) = next {
                    self.rest = Rest::Memberships { at, user, group };
                }
                Some(frame)
            }
            Rest::Groups { at } => {
                let group = self.snapshot.groups.get(at)?;
                let continues = at + 1 < self.snapshot.groups.len();
                let frame = encoded(&Reply { parameters: &group_reply(group), continues });
                if continues {
                    self.rest = Rest::Groups { at: at + 1 };
                }
                Some(frame)
            }
        }
    }
}

#[derive(Serialize)]
struct Reply<'a, T> {
    parameters: &'a T,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    continues: bool,
}

/// systemd 252 takes no other field than these.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Membership<'a> {
    user_name: &'a str,
    group_name: &'a str,
}

#[derive(Serialize)]
struct GroupReply<'a> {
    record: GroupRecord<'a>,
    incomplete: bool,
}

/// Without `members`: systemd asks for the memberships of a group besides.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupRecord<'a> {
    group_name: &'a str,
    gid: u32,
    /// nss-systemd takes no record without it.
    service: &'static str,
}

fn group_reply(group: &Group) -> GroupReply<'_> {
    let record = GroupRecord { group_name: &group.name, gid: group.gid, service: SERVICE };
    GroupReply { record, incomplete: false }
}

fn last(reply: &impl Serialize) -> Vec<u8> {
    encoded(&Reply { parameters: reply, continues: false })
}

/// Only texts and numbers are written, which JSON holds all of; no frame at all
/// would end the connection without an answer.
fn encoded(message: &impl Serialize) -> Vec<u8> {
    writ_protocol::encode(message).unwrap_or_default()
}

#[cfg(test)]
mod tests;
