//! Users of this host, as policy is decided by: with the groups that the system's own
//! sources give, without what Writ lends.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use nix::unistd::{User, getuid};
use writ_engine::facts::{Account, Person, Uid};

/// Where id(1) is.
const ID: &str = "/usr/bin/id";

/// What nss-systemd is to pass over, as the agent's unit has it: there a lent group
/// would be found.
const BYPASS: (&str, &str) =
    ("SYSTEMD_BYPASS_USERDB", "io.systemd.Multiplexer:io.writ.UserDatabase");

/// A look-up that came to nothing, which is not the same as "no".
#[derive(Debug, thiserror::Error)]
pub(crate) enum UserError {
    /// The name service failed.
    #[error("the user {0:?} cannot be looked up: {1}")]
    NameService(String, nix::Error),
    /// id(1) did not say.
    #[error("the groups of {0:?} cannot be told: {ID}: {1}")]
    Groups(String, String),
}

/// The user of that name; none where this host does not have him.
///
/// # Errors
/// When the name service fails.
pub(crate) fn named(name: &str) -> Result<Option<Person>, UserError> {
    let user =
        User::from_name(name).map_err(|errno| UserError::NameService(name.to_owned(), errno))?;
    user.map(person).transpose()
}

/// Who runs this.
///
/// # Errors
/// When the name service fails.
pub(crate) fn myself() -> Result<Option<Person>, UserError> {
    let user = User::from_uid(getuid())
        .map_err(|errno| UserError::NameService(getuid().to_string(), errno))?;
    user.map(person).transpose()
}

fn person(user: User) -> Result<Person, UserError> {
    let groups = groups(&user.name)?;
    let account = Account { uid: Uid(user.uid.as_raw()), name: user.name };
    Ok(Person { groups, ..Person::known_by(account) })
}

/// By a process of its own: nss-systemd reads its environment, which this process
/// cannot change for itself safely.
fn groups(name: &str) -> Result<BTreeSet<String>, UserError> {
    let failed = |why: String| UserError::Groups(name.to_owned(), why);
    let output = Command::new(ID)
        .args(["-Gnz", "--", name])
        .env(BYPASS.0, BYPASS.1)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    // It fails also for a group without a name, and then prints its number; which no
    // policy names.
    if output.stdout.is_empty() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known_with_its_groups_and_a_stranger_is_not() {
        let root = named("root").unwrap().unwrap();
        assert!(root.is_root() && root.groups.contains("root"));
        assert_eq!(named("nobody-of-this-name").unwrap(), None);
    }
}
