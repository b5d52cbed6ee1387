//! Finding the few rules that may speak of an act among ten thousand.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::pattern::{CommandPattern, arguments};
use super::{Member, Role};
use crate::facts::{Action, Command, Person};

/// A rule, by its role's place and its own; places are in the order that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) role: usize,
    pub(super) rule: usize,
}

/// What is derived of the roles, once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Index {
    users: BTreeMap<String, Vec<usize>>,
    groups: BTreeMap<String, Vec<usize>>,
    commands: Node,
    services: BTreeMap<String, Vec<Place>>,
}

/// Patterns by the words that they literally begin with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Node {
    next: BTreeMap<String, Node>,
    patterns: Vec<(Place, CommandPattern)>,
}

impl Index {
    /// The index of those roles that are for this host.
    pub(super) fn of<'a>(roles: impl Iterator<Item = (usize, &'a Role)>) -> Self {
        let mut index = Self::default();
        for (place, role) in roles {
            for member in &role.members {
                let (names, name) = match member {
                    Member::User(name) => (&mut index.users, name),
                    Member::Group(name) => (&mut index.groups, name),
                };
                names.entry(name.clone()).or_default().push(place);
            }
            for (rule, pattern) in role.patterns() {
                index.commands.insert(Place { role: place, rule }, pattern);
            }
            for (rule, service) in role.services() {
                let places = index.services.entry(service.clone()).or_default();
                places.push(Place { role: place, rule });
            }
        }
        index
    }

    /// The roles that a person has, in order.
    pub(super) fn roles_of(&self, person: &Person) -> Vec<usize> {
        let by_group = person.groups.iter().filter_map(|group| self.groups.get(group));
        let mut roles: Vec<usize> = self
            .users
            .get(&person.account.name)
            .into_iter()
            .chain(by_group)
            .flatten()
            .copied()
            .collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// The rules of these roles that have a pattern for the command, in order.
    pub(super) fn rules_for(&self, command: &Command, roles: &[usize]) -> Vec<Place> {
        let mut places = Vec::new();
        let mut collect = |node: &Node| {
            let mine =
                node.patterns.iter().filter(|(place, _)| roles.binary_search(&place.role).is_ok());
            places.extend(
                mine.filter(|(_, pattern)| pattern.matches(command)).map(|(place, _)| *place),
            );
        };
        let mut node = Some(&self.commands);
        let mut words = words_of(command);
        while let Some(here) = node {
            collect(here);
            node = words.next().and_then(|word| here.next.get(word));
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The rules of these roles that name a service, in order.
    pub(super) fn rules_for_service(&self, service: &str, roles: &[usize]) -> Vec<Place> {
        let named = names_of(service).filter_map(|name| self.services.get(name)).flatten();
        let mut places: Vec<Place> =
            named.filter(|place| roles.binary_search(&place.role).is_ok()).copied().collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Whether any rule names a service, whoever has its role.
    pub(super) fn names_service(&self, service: &str) -> bool {
        names_of(service).any(|name| self.services.contains_key(name))
    }
}

/// The names by which a service may be named in a rule: its own, and that of the one
/// that it is the login form of. util-linux has `su-l` beside `su`, and who names the
/// one without the other would leave a door open that is the same.
fn names_of(service: &str) -> impl Iterator<Item = &str> {
    core::iter::once(service).chain(service.strip_suffix("-l"))
}

/// Path and arguments; nothing for an edit, whose patterns are all at the root.
fn words_of(command: &Command) -> impl Iterator<Item = &str> {
    let run = (command.action == Action::Run).then_some(command);
    run.into_iter().flat_map(|command| {
        core::iter::once(command.path.as_str()).chain(arguments(command).iter().map(String::as_str))
    })
}

impl Node {
    fn insert(&mut self, place: Place, pattern: &CommandPattern) {
        let mut node = self;
        for word in pattern.literal_start() {
            node = node.next.entry(word.to_owned()).or_default();
        }
        node.patterns.push((place, pattern.clone()));
    }
}

impl Role {
    /// Its patterns, each with the place of its rule.
    fn patterns(&self) -> impl Iterator<Item = (usize, &CommandPattern)> {
        self.rules
            .iter()
            .enumerate()
            .flat_map(|(place, rule)| rule.commands.iter().map(move |pattern| (place, pattern)))
    }

    /// The services that it names, each with the place of its rule.
    fn services(&self) -> impl Iterator<Item = (usize, &String)> {
        self.rules
            .iter()
            .enumerate()
            .flat_map(|(place, rule)| rule.services.iter().map(move |service| (place, service)))
    }
}
