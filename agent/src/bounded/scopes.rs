//! The scopes of commands: their names, where their control groups are, what is in them.

use std::fs;
use std::path::{Path, PathBuf};

use writ_engine::facts::{AttemptId, Person, Uid};
use writ_engine::id::RequestId;

use crate::process::systemd_path;
use crate::units::{Kind, UnitName};

/// Where control groups are mounted: alone, or beside those of the first version
/// (systemd's "hybrid" and "legacy" set-ups).
const CGROUP_ROOTS: [&str; 3] =
    ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];

/// How deep below a scope its processes are looked for: what runs in it may have made
/// control groups of its own.
const DEPTH_MAX: usize = 8;

/// How many processes of a scope are looked at in one go.
pub(super) const PROCESSES_MAX: usize = 4096;

/// A scope that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    /// Its name, where it is one of Writ's.
    pub name: Option<UnitName>,
    /// Its control group.
    folder: PathBuf,
}

impl Scope {
    /// The numbers of its processes.
    pub(super) fn processes(&self) -> Vec<i32> {
        let mut pids = Vec::new();
        collect(&self.folder, DEPTH_MAX, &mut pids);
        pids
    }
}

fn collect(folder: &Path, depth: usize, pids: &mut Vec<i32>) {
    let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    let room = PROCESSES_MAX.saturating_sub(pids.len());
    pids.extend(text.lines().filter_map(|line| line.parse::<i32>().ok()).take(room));
    if depth == 0 || pids.len() >= PROCESSES_MAX {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), depth - 1, pids);
        }
    }
}

/// The slice of the login session that somebody acts in, or his own: whoever acts in it
/// stays known by its owner.
pub(super) fn slice_of(person: &Person) -> String {
    format!("user-{}.slice", owner(person).0)
}

pub(super) fn owner(person: &Person) -> Uid {
    person.session_owner.unwrap_or(person.account.uid)
}

/// The names that the scope of an attempt may have: a scope cannot be given another limit,
/// so that a new one takes the processes over when a grant stands longer. One of them is in
/// use or, for a moment, two.
pub(super) fn names(id: RequestId, attempt: &AttemptId) -> Vec<UnitName> {
    UnitName::all(Kind::Scope, id, attempt)
}

/// The scopes of an attempt that are there.
pub(super) fn of_attempt(person: &Person, id: RequestId, attempt: &AttemptId) -> Vec<Scope> {
    let Some(slice) = folder(&format!("user.slice/{}", slice_of(person))) else {
        return Vec::new();
    };
    let names = names(id, attempt).into_iter();
    names
        .map(|name| Scope { folder: slice.join(name.as_str()), name: Some(name) })
        .filter(|scope| scope.folder.is_dir())
        .collect()
}

/// Every scope of Writ's, with the owner of its slice.
pub(super) fn all() -> Vec<(Uid, Scope)> {
    let slices = folder("user.slice").and_then(|folder| fs::read_dir(folder).ok());
    let slices = slices.into_iter().flatten().flatten();
    let owned = slices.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let owner = name.strip_prefix("user-")?.strip_suffix(".slice")?.parse().ok()?;
        Some((Uid(owner), entry.path()))
    });
    owned
        .flat_map(|(owner, folder)| within(&folder).into_iter().map(move |scope| (owner, scope)))
        .collect()
}

/// The scope of a login session.
pub(super) fn of_session(owner: Uid, session: &str) -> Option<Scope> {
    let path = format!("user.slice/user-{}.slice/session-{session}.scope", owner.0);
    folder(&path).map(|folder| Scope { name: None, folder })
}

fn within(slice: &Path) -> Vec<Scope> {
    let entries = fs::read_dir(slice).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = UnitName::parse(entry.file_name().to_str()?)?;
            (name.kind() == Kind::Scope).then(|| Scope { name: Some(name), folder: entry.path() })
        })
        .collect()
}

/// The folder of a control group.
fn folder(path: &str) -> Option<PathBuf> {
    CGROUP_ROOTS.iter().map(|root| Path::new(root).join(path)).find(|folder| folder.is_dir())
}

/// Whether a scope of this name is there, used or not.
pub(super) fn is_there(person: &Person, name: &UnitName) -> bool {
    folder(&format!("user.slice/{}/{name}", slice_of(person))).is_some()
}

/// The unit of Writ's that a process is in.
pub(super) fn unit_of(pid: i32) -> Option<UnitName> {
    let cgroup = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    systemd_path(&cgroup).split('/').find_map(UnitName::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_goes_into_the_slice_of_the_session_that_its_user_acts_in() {
        let account = writ_engine::facts::Account { uid: Uid(1001), name: "bob".to_owned() };
        let bob = Person::known_by(account);
        assert_eq!(slice_of(&bob), "user-1001.slice");
        let as_bob = Person { session_owner: Some(Uid(1000)), ..bob };
        assert_eq!(slice_of(&as_bob), "user-1000.slice");
    }
}
