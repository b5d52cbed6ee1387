//! Users and groups that a host does not have.

use writ_engine::policy::{Member, Selector};

use super::{Remark, Remarks};
use crate::compile::Said;
use crate::keys::AskKeys;
use crate::source::Place;
use crate::suggest;

/// The users and groups of a host.
pub trait Accounts {
    /// Whether there is a user of that name; `None` where it cannot be told.
    fn has_user(&self, name: &str) -> Option<bool>;
    /// Whether there is a group of that name; `None` where it cannot be told.
    fn has_group(&self, name: &str) -> Option<bool>;
    /// Names of users, to find the one that was meant.
    fn users(&self) -> Vec<String>;
    /// Names of groups, to find the one that was meant.
    fn groups(&self) -> Vec<String>;
}

/// Remarks everybody whom the files name and the host does not have.
pub(super) fn look(said: &Said, accounts: &dyn Accounts, remarks: &mut Remarks) {
    let mut look = Look { accounts, remarks };
    let named: Vec<&str> =
        said.approvers.iter().map(|approver| approver.name.value.as_str()).collect();
    for approver in &said.approvers {
        if let Some(user) = &approver.unix_user {
            look.user(&user.value, &user.place);
        }
    }
    look.asked(&said.host.ask, &named);
    for role in &said.roles {
        for member in &role.members {
            match &member.value {
                Member::User(name) => look.user(name, &member.place),
                Member::Group(name) => look.group(name, &member.place),
            }
        }
        for group in &role.groups {
            look.group(group, &role.name.place);
        }
        let of_rules = role.rules.iter().filter_map(|rule| rule.ask.as_deref());
        for ask in role.ask.iter().chain(of_rules) {
            look.asked(ask, &named);
        }
    }
}

struct Look<'l> {
    accounts: &'l dyn Accounts,
    remarks: &'l mut Remarks,
}

impl Look<'_> {
    fn user(&mut self, name: &str, place: &Place) {
        if self.accounts.has_user(name) == Some(false) {
            let meant = nearest(name, &self.accounts.users());
            self.remarks.note(place, Remark::NoUser { name: name.to_owned(), meant });
        }
    }

    fn group(&mut self, name: &str, place: &Place) {
        if self.accounts.has_group(name) == Some(false) {
            let meant = nearest(name, &self.accounts.groups());
            self.remarks.note(place, Remark::NoGroup { name: name.to_owned(), meant });
        }
    }

    /// Whom an ask names: approvers are looked at where they are said.
    fn asked(&mut self, ask: &AskKeys, approvers: &[&str]) {
        for selector in ask.named() {
            match &selector.value {
                Selector::Person(name) if !approvers.contains(&name.as_str()) => {
                    self.user(name, &selector.place);
                }
                Selector::Group(name) => self.group(name, &selector.place),
                Selector::Person(_) | Selector::Team(_) => {}
            }
        }
    }
}

fn nearest(name: &str, known: &[String]) -> Option<String> {
    suggest::nearest(name, known.iter().map(String::as_str)).map(ToOwned::to_owned)
}
