//! People, as policy files name them.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::facts::Person;

/// Longest name of a user, group or team, in bytes: longer ones exist on no
/// system (`useradd(8)` takes 32, LDAP servers up to 256).
pub const NAME_BYTES_MAX: usize = 256;

/// Who may be asked: `bob`, `%unixgroup` or `@team`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    /// The approver of that name; where there is none, the user of the host.
    Person(String),
    /// The members of a group of the host.
    Group(String),
    /// The approvers of a team.
    Team(String),
}

/// Who has a role: `alice` or `%developers`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// A user of the host.
    User(String),
    /// The members of a group of the host.
    Group(String),
}

impl Member {
    /// Whether it is this person, or a group that he is in.
    #[must_use]
    pub fn is(&self, person: &Person) -> bool {
        match self {
            Self::User(name) => *name == person.account.name,
            Self::Group(group) => person.groups.contains(group),
        }
    }
}

/// A text that names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// Nothing is named.
    #[error("{0:?} names nobody; write a user such as \"bob\", or \"%\" and a group of the host")]
    Empty(String),
    /// A character that no name has.
    #[error(
        "{0:?} is no name; names have no white space, no control characters and none of / : , ; \" '"
    )]
    Character(String),
    /// Too long.
    #[error("a name has at most {NAME_BYTES_MAX} bytes, and this one has {0}")]
    TooLong(usize),
    /// A team where only users and groups can be.
    #[error(
        "{0:?} is a team of approvers; a role is given to users such as \"alice\" or groups of the host such as \"%developers\""
    )]
    Team(String),
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        if let Some(group) = text.strip_prefix('%') {
            return name(group, text).map(Self::Group);
        }
        if let Some(team) = text.strip_prefix('@') {
            return name(team, text).map(Self::Team);
        }
        name(text, text).map(Self::Person)
    }
}

impl FromStr for Member {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        match text.parse()? {
            Selector::Person(user) => Ok(Self::User(user)),
            Selector::Group(group) => Ok(Self::Group(group)),
            Selector::Team(_) => Err(SelectorError::Team(text.to_owned())),
        }
    }
}

fn name(name: &str, whole: &str) -> Result<String, SelectorError> {
    if name.is_empty() {
        return Err(SelectorError::Empty(whole.to_owned()));
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(SelectorError::TooLong(name.len()));
    }
    let strange = |c: char| c.is_whitespace() || c.is_control() || "/:,;\"'%@".contains(c);
    // A user of a domain may be named user@domain: `@` stands only at the start for a team.
    let inner_at = |(place, c): (usize, char)| strange(c) && !(c == '@' && place > 0);
    if name.char_indices().any(inner_at) {
        return Err(SelectorError::Character(whole.to_owned()));
    }
    Ok(name.to_owned())
}

impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => formatter.write_str(name),
            Self::Group(name) => write!(formatter, "%{name}"),
            Self::Team(name) => write!(formatter, "@{name}"),
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => formatter.write_str(name),
            Self::Group(name) => write!(formatter, "%{name}"),
        }
    }
}

impl Serialize for Selector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|error: SelectorError| D::Error::custom(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_front_tells_groups_and_teams() {
        assert_eq!("bob".parse(), Ok(Selector::Person("bob".into())));
        assert_eq!("%wheel".parse(), Ok(Selector::Group("wheel".into())));
        assert_eq!("@oncall".parse(), Ok(Selector::Team("oncall".into())));
        assert_eq!("bob@example.org".parse(), Ok(Selector::Person("bob@example.org".into())));
        assert_eq!("%developers".parse(), Ok(Member::Group("developers".into())));
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for text in ["", "%", "@", "a b", "%%x", "bob\n", "a/b"] {
            assert!(text.parse::<Selector>().is_err(), "{text:?}");
        }
        assert!("@oncall".parse::<Member>().is_err());
    }

    #[test]
    fn a_selector_comes_back_from_its_text() {
        for text in ["bob", "%wheel", "@oncall"] {
            assert_eq!(text.parse::<Selector>().unwrap().to_string(), text);
        }
    }
}
