//! Who the users of a log are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read};

use writ_engine::facts::{Account, Person, Uid};

use crate::local_user;

/// How many users are looked up: a forged log may name any number.
const LOOKED_UP_MAX: usize = 2000;

/// The largest group(5) file, in bytes.
const GROUPS_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Those who are not looked up have no number of their own.
const NO_NUMBER: Uid = Uid(u32::MAX);

/// Users, as far as they are known.
#[derive(Debug)]
pub(super) struct People {
    known: HashMap<String, Person>,
    from: From,
    left_out: u64,
}

#[derive(Debug)]
enum From {
    /// The user database of this host.
    Host,
    /// The groups of each user.
    File(BTreeMap<String, BTreeSet<String>>),
}

impl People {
    pub(super) fn of_host() -> Self {
        Self { known: HashMap::new(), from: From::Host, left_out: 0 }
    }

    /// By a file such as group(5); the group of a user's own is not in it.
    ///
    /// # Errors
    /// When it cannot be read, or is too large.
    pub(super) fn of_file(file: &File) -> io::Result<Self> {
        let mut text = String::new();
        file.take(GROUPS_BYTES_MAX + 1).read_to_string(&mut text)?;
        if u64::try_from(text.len()).is_ok_and(|bytes| bytes > GROUPS_BYTES_MAX) {
            let largest = GROUPS_BYTES_MAX / 1024 / 1024;
            return Err(io::Error::other(format!("it is larger than {largest} MiB")));
        }
        let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in text.lines() {
            let mut fields = line.split(':');
            let (Some(group), Some(members)) = (fields.next(), fields.nth(2)) else { continue };
            for member in members.split(',').filter(|member| !member.is_empty()) {
                groups.entry(member.to_owned()).or_default().insert(group.to_owned());
            }
        }
        Ok(Self { known: HashMap::new(), from: From::File(groups), left_out: 0 })
    }

    /// The person of that name, in these groups where they are on record.
    pub(super) fn person(&mut self, name: &str, groups: Option<BTreeSet<String>>) -> Person {
        if let Some(groups) = groups {
            return Person { groups, ..stranger(name) };
        }
        if let Some(person) = self.known.get(name) {
            return person.clone();
        }
        if self.known.len() >= LOOKED_UP_MAX {
            self.left_out += 1;
            return stranger(name);
        }
        let person = match &self.from {
            // Whom this host does not know has no groups here.
            From::Host => local_user::named(name).ok().flatten().unwrap_or_else(|| stranger(name)),
            From::File(groups) => {
                let groups = groups.get(name).cloned().unwrap_or_default();
                Person { groups, ..stranger(name) }
            }
        };
        self.known.insert(name.to_owned(), person.clone());
        person
    }

    /// How many acts were of somebody who was not looked up, because there were too many.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }
}

fn stranger(name: &str) -> Person {
    let uid = if name == "root" { Uid(0) } else { NO_NUMBER };
    Person::known_by(Account { uid, name: name.to_owned() })
}
