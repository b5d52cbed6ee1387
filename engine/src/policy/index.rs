//! Finding the few rules that may speak of an act among ten thousand.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::pattern::{CommandPattern, arguments};
use super::{Member, Role};
use crate::facts::{Action, Command, Host, Person};

/// A rule, by its role's place and its own; places are in the order that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) role: usize,
    pub(super) rule: usize,
}

/// A pattern of a rule: which of its role's `rules`, which of that rule's `commands`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Indexed {
    place: Place,
    pattern: usize,
}

/// What is derived of the roles, once. It refers to them by their places, and keeps
/// nothing of theirs twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Index {
    users: BTreeMap<String, Vec<usize>>,
    groups: BTreeMap<String, Vec<usize>>,
    commands: Node,
    services: BTreeMap<String, Vec<Place>>,
}

/// Patterns by the words that they literally begin with. The next words are in
/// order; most nodes have few, so that a tree for each would be mostly air.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Node {
    next: Box<[(Box<str>, Node)]>,
    patterns: Box<[Indexed]>,
}

impl Index {
    /// The index of those of the roles that are for this host.
    pub(super) fn of(roles: &[Role], host: &Host) -> Self {
        let mut index = Self::default();
        let mut commands = Vec::new();
        for (place, role) in roles.iter().enumerate().filter(|(_, role)| role.is_for(host)) {
            for member in &role.members {
                let (names, name) = match member {
                    Member::User(name) => (&mut index.users, name),
                    Member::Group(name) => (&mut index.groups, name),
                };
                names.entry(name.clone()).or_default().push(place);
            }
            for (rule, which, pattern) in role.patterns() {
                let indexed = Indexed { place: Place { role: place, rule }, pattern: which };
                commands.push((pattern.literal_start().collect::<Vec<&str>>(), indexed));
            }
            for (rule, service) in role.services() {
                let places = index.services.entry(service.clone()).or_default();
                places.push(Place { role: place, rule });
            }
        }
        commands.sort_by(|(one, _), (other, _)| one.cmp(other));
        index.commands = Node::of(&commands, 0);
        index
    }

    /// The roles that a person is a member of, in order.
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

    /// The rules of these roles, places in `all`, that have a pattern for the command,
    /// in order.
    pub(super) fn rules_for(&self, command: &Command, all: &[Role], roles: &[usize]) -> Vec<Place> {
        let mut places = Vec::new();
        let mut node = Some(&self.commands);
        let mut words = words_of(command);
        while let Some(here) = node {
            let mine = here.patterns.iter().filter(|indexed| {
                roles.binary_search(&indexed.place.role).is_ok()
                    && indexed.pattern(all).is_some_and(|pattern| pattern.matches(command))
            });
            places.extend(mine.map(|indexed| indexed.place));
            node = words.next().and_then(|word| here.next(word));
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

impl Indexed {
    fn pattern(self, roles: &[Role]) -> Option<&CommandPattern> {
        let rule = roles.get(self.place.role)?.rules.get(self.place.rule)?;
        rule.commands.get(self.pattern)
    }
}

impl Node {
    /// The node of patterns that agree in their first `depth` words, which are in the
    /// order of their words. It nests as deeply as the longest pattern has words:
    /// half of [`PATTERN_BYTES_MAX`](super::PATTERN_BYTES_MAX) at most.
    fn of(patterns: &[(Vec<&str>, Indexed)], depth: usize) -> Self {
        // The shorter sort first.
        let here = patterns.partition_point(|(words, _)| words.len() <= depth);
        let (here, longer) = patterns.split_at_checked(here).unwrap_or((patterns, &[]));
        let groups = longer.chunk_by(|(one, _), (other, _)| one.get(depth) == other.get(depth));
        let next = groups.filter_map(|group| {
            let (words, _) = group.first()?;
            Some(((*words.get(depth)?).into(), Self::of(group, depth + 1)))
        });
        Self { next: next.collect(), patterns: here.iter().map(|(_, indexed)| *indexed).collect() }
    }

    fn next(&self, word: &str) -> Option<&Self> {
        let place = self.next.binary_search_by(|(known, _)| (**known).cmp(word)).ok()?;
        self.next.get(place).map(|(_, node)| node)
    }
}

impl Role {
    /// Its patterns, each with the place of its rule and its own.
    fn patterns(&self) -> impl Iterator<Item = (usize, usize, &CommandPattern)> {
        self.rules.iter().enumerate().flat_map(|(rule, said)| {
            let patterns = said.commands.iter().enumerate();
            patterns.map(move |(which, pattern)| (rule, which, pattern))
        })
    }

    /// The services that it names, each with the place of its rule.
    fn services(&self) -> impl Iterator<Item = (usize, &String)> {
        self.rules
            .iter()
            .enumerate()
            .flat_map(|(place, rule)| rule.services.iter().map(move |service| (place, service)))
    }
}
