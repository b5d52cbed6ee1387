//! Users and groups, as the host's name service has them.
//!
//! A look-up can take as long as a directory server does, so none is made on the
//! loop: each runs on a thread for blocking work, and its answer is kept for
//! [`KEPT_FOR`]. Whoever is added to or removed from a local group is seen at
//! once ([`UNCHANGED_FOR`]): a change of `/etc/passwd` or `/etc/group` empties what is kept.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::CString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use nix::unistd::{Gid, Group, Uid as SystemUid, User, getgrouplist};
use writ_engine::facts::{Account, Person, Uid};

use crate::examine::Writer;
use crate::process::Process;

/// How long an answer of the name service is kept.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(5);

/// For how long the local files are taken for unchanged once they were looked at: a door
/// connects a moment before it asks.
const UNCHANGED_FOR: Duration = Duration::from_millis(10);

/// How many answers are kept at most.
const KEPT_MAX: usize = 4096;

/// How long a look-up may take before the question is refused.
const LOOK_UP_MAX: Duration = Duration::from_secs(10);

/// A look-up that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AccountError {
    /// The name service says that it failed, which is not the same as "no".
    #[error(
        "the groups of user {0} cannot be looked up ({1}); see to the name service (nsswitch.conf) of this host"
    )]
    Failed(u32, String),
    /// The name service does not answer.
    #[error(
        "the groups of user {0} could not be looked up within {LOOK_UP_MAX:?}; see to the name service (nsswitch.conf) of this host"
    )]
    TimedOut(u32),
}

/// A look-up of a name that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    /// The name service says that it failed, which is not the same as "no".
    #[error(
        "the user {0:?} cannot be looked up ({1}); see to the name service (nsswitch.conf) of this host"
    )]
    Failed(String, String),
    /// The name service does not answer.
    #[error(
        "the user {0:?} could not be looked up within {LOOK_UP_MAX:?}; see to the name service (nsswitch.conf) of this host"
    )]
    TimedOut(String),
}

/// A look-up of groups that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GroupError {
    /// The name service says that it failed, which is not the same as "no".
    #[error(
        "the group {0:?} cannot be looked up ({1}); see to the name service (nsswitch.conf) of this host"
    )]
    Failed(String, String),
    /// The name service does not answer.
    #[error(
        "the groups of the role could not be looked up within {LOOK_UP_MAX:?}; see to the name service (nsswitch.conf) of this host"
    )]
    TimedOut,
}

/// One user, as the name service has him.
#[derive(Debug, Clone)]
struct Entry {
    account: Account,
    groups: BTreeSet<String>,
    numbers: BTreeSet<u32>,
    login: Option<Login>,
    until: Instant,
}

/// What a login of a user starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Login {
    /// His folder.
    pub home: String,
    /// His shell.
    pub shell: String,
}

/// What of the local files an answer stands on: device, inode, size and time.
type Stamp = Vec<Option<(u64, u64, u64, i64, i64)>>;

/// The name service, with a short memory.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    kept: RefCell<HashMap<Uid, Entry>>,
    stamp: RefCell<Stamp>,
    /// When that was looked at.
    looked: Cell<Option<Instant>>,
}

impl Accounts {
    /// The person behind a process.
    ///
    /// # Errors
    /// When the name service fails or does not answer: a policy cannot be decided
    /// on groups that are not known.
    pub(crate) async fn person(&self, uid: Uid, process: &Process) -> Result<Person, AccountError> {
        let entry = self.entry(uid).await?;
        let login = match process.login_uid {
            None => None,
            Some(login) if login == uid => Some(entry.account.clone()),
            Some(login) => Some(self.entry(login).await?.account),
        };
        Ok(Person {
            account: entry.account,
            login,
            session_owner: process.session_owner,
            groups: entry.groups,
            approver: None,
        })
    }

    /// Whether a user is in a group or is it: for finding approvers who are
    /// logged in.
    ///
    /// # Errors
    /// As [`Accounts::person`].
    pub(crate) async fn plain_person(&self, uid: Uid) -> Result<Person, AccountError> {
        let entry = self.entry(uid).await?;
        Ok(Person {
            account: entry.account,
            login: None,
            session_owner: None,
            groups: entry.groups,
            approver: None,
        })
    }

    /// The numbers of the groups that a user has, his own one too.
    ///
    /// # Errors
    /// As [`Accounts::person`].
    pub(crate) async fn numbers(&self, uid: Uid) -> Result<BTreeSet<u32>, AccountError> {
        Ok(self.entry(uid).await?.numbers)
    }

    /// Everybody whom a person is known to be, as somebody who may write files.
    ///
    /// # Errors
    /// As [`Accounts::person`].
    pub(crate) async fn writers(&self, person: &Person) -> Result<Vec<Writer>, AccountError> {
        let mut writers = Vec::new();
        for uid in person.identities().collect::<BTreeSet<_>>() {
            writers.push(Writer { uid: uid.0, groups: self.entry(uid).await?.numbers });
        }
        Ok(writers)
    }

    /// The numbers of groups, `None` for one that this host does not have; and of these
    /// numbers the ones that no group of this host has.
    ///
    /// # Errors
    /// When the name service fails or does not answer.
    pub(crate) async fn look_up_groups(
        &self,
        names: BTreeSet<String>,
        numbers: BTreeSet<u32>,
    ) -> Result<(BTreeMap<String, Option<u32>>, BTreeSet<u32>), GroupError> {
        let looking = tokio::task::spawn_blocking(move || {
            let number = |name: String| {
                let gid = Group::from_name(&name)
                    .map_err(|errno| GroupError::Failed(name.clone(), errno.to_string()))?
                    .map(|group| group.gid.as_raw());
                Ok((name, gid))
            };
            let found = names.into_iter().map(number).collect::<Result<_, _>>()?;
            let mut free = BTreeSet::new();
            for number in numbers {
                let group = Group::from_gid(Gid::from_raw(number))
                    .map_err(|errno| GroupError::Failed(number.to_string(), errno.to_string()))?;
                if group.is_none() {
                    free.insert(number);
                }
            }
            Ok((found, free))
        });
        let found = tokio::time::timeout(LOOK_UP_MAX, looking).await;
        found
            .map_err(|_| GroupError::TimedOut)?
            .map_err(|panic| GroupError::Failed(String::new(), panic.to_string()))?
    }

    /// The number of the user of that name; none where this host has no such user.
    ///
    /// # Errors
    /// When the name service fails or does not answer.
    pub(crate) async fn number_of(&self, name: String) -> Result<Option<Uid>, NameError> {
        let sought = name.clone();
        let looking = tokio::task::spawn_blocking(move || User::from_name(&sought));
        let found = tokio::time::timeout(LOOK_UP_MAX, looking).await;
        let failed = |why: String| NameError::Failed(name.clone(), why);
        let found = found
            .map_err(|_| NameError::TimedOut(name.clone()))?
            .map_err(|panic| failed(panic.to_string()))?
            .map_err(|errno| failed(errno.to_string()))?;
        Ok(found.map(|user| Uid(user.uid.as_raw())))
    }

    /// What a login of a user starts from; none where the name service does not know him.
    ///
    /// # Errors
    /// As [`Accounts::person`].
    pub(crate) async fn login(&self, uid: Uid) -> Result<Option<Login>, AccountError> {
        Ok(self.entry(uid).await?.login)
    }

    async fn entry(&self, uid: Uid) -> Result<Entry, AccountError> {
        self.forget_what_changed();
        let now = Instant::now();
        if let Some(entry) = self.kept.borrow().get(&uid).filter(|entry| entry.until > now) {
            return Ok(entry.clone());
        }
        let looking = tokio::task::spawn_blocking(move || look_up(uid));
        let found = tokio::time::timeout(LOOK_UP_MAX, looking).await;
        let Found { account, groups, numbers, login } = found
            .map_err(|_| AccountError::TimedOut(uid.0))?
            .map_err(|panic| AccountError::Failed(uid.0, panic.to_string()))?
            .map_err(|errno| AccountError::Failed(uid.0, errno.to_string()))?;
        let entry = Entry { account, groups, numbers, login, until: Instant::now() + KEPT_FOR };
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(uid, entry.clone());
        Ok(entry)
    }

    fn forget_what_changed(&self) {
        if self.looked.get().is_some_and(|looked| looked.elapsed() < UNCHANGED_FOR) {
            return;
        }
        self.looked.set(Some(Instant::now()));
        let stamp: Stamp = ["/etc/passwd", "/etc/group"].into_iter().map(stamp_of).collect();
        if *self.stamp.borrow() != stamp {
            self.kept.borrow_mut().clear();
            *self.stamp.borrow_mut() = stamp;
        }
    }
}

fn stamp_of(path: &str) -> Option<(u64, u64, u64, i64, i64)> {
    let file = fs::metadata(path).ok()?;
    Some((file.dev(), file.ino(), file.size(), file.mtime(), file.mtime_nsec()))
}

/// What a look-up finds.
struct Found {
    account: Account,
    groups: BTreeSet<String>,
    numbers: BTreeSet<u32>,
    login: Option<Login>,
}

/// A user whom the name service does not know has his number for a name and no
/// groups: a policy that names nobody by number then says no.
fn look_up(uid: Uid) -> nix::Result<Found> {
    let Some(user) = User::from_uid(SystemUid::from_raw(uid.0))? else {
        let account = Account { uid, name: uid.0.to_string() };
        let (groups, numbers) = (BTreeSet::new(), BTreeSet::new());
        return Ok(Found { account, groups, numbers, login: None });
    };
    let name = CString::new(user.name.as_str()).map_err(|_| nix::Error::EINVAL)?;
    let numbers = getgrouplist(&name, user.gid)?;
    let groups = numbers
        .iter()
        .filter_map(|gid| group_name(*gid).transpose())
        .collect::<nix::Result<_>>()?;
    let login = user.dir.into_os_string().into_string().ok().zip(
        // passwd(5): an empty field means this one.
        Some(user.shell.into_os_string().into_string().unwrap_or_default())
            .map(|shell| if shell.is_empty() { "/bin/sh".to_owned() } else { shell }),
    );
    Ok(Found {
        account: Account { uid, name: user.name },
        groups,
        numbers: numbers.into_iter().map(Gid::as_raw).collect(),
        login: login.map(|(home, shell)| Login { home, shell }),
    })
}

fn group_name(gid: Gid) -> nix::Result<Option<String>> {
    Ok(Group::from_gid(gid)?.map(|group| group.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known_with_its_groups() {
        let root = look_up(Uid(0)).unwrap();
        assert_eq!(root.account.name, "root");
        assert!(root.groups.contains("root"));
    }

    #[test]
    fn a_user_whom_nobody_knows_has_no_groups() {
        let nobody = look_up(Uid(3_999_999_999)).unwrap();
        assert_eq!(nobody.account.name, "3999999999");
        assert!(nobody.groups.is_empty());
    }
}
