//! The policy files of this host, and the last that were good.
//!
//! Files that do not check are not taken and the running policy stays. So that this
//! also holds for an agent that is started anew, the texts of the last good files
//! are kept in the agent's own state.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use writ_engine::facts::{Host, ROOT};
use writ_engine::policy::{Ask, Justification, Mode, Policy, Settings, Unmatched, WithoutHub};
use writ_engine::time::Span;
use writ_policy::{Colour, HostName, Loaded, Remote, SourceFile, Trust};

/// Of a policy that never asks and never grants.
const NOTHING_LASTS: Span = Span::from_secs(1);

/// Files that were taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What the engine decides by.
    pub policy: Arc<Policy>,
    /// What is for the courier.
    pub remote: Remote,
    /// The files themselves.
    pub sources: Vec<SourceFile>,
}

/// The policy to start with.
#[derive(Debug, Clone)]
pub struct AtStart {
    /// The one in force.
    pub policy: Arc<Policy>,
    /// What is for the courier.
    pub remote: Remote,
    /// Why it is not the one of the files.
    pub error: Option<String>,
}

/// One of the files that are kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    contents: String,
}

/// Reads the policy files, which must be root's.
///
/// # Errors
/// With each error and its place.
pub fn read(folder: &Path) -> Result<Taken, String> {
    let loaded = writ_policy::load(folder, &host_name(), Trust::OwnedBy(ROOT.0));
    loaded.map(taken).map_err(|refusal| refusal.render(Colour::Plain))
}

/// The policy of the files; if they are not taken, the last that was good; if
/// there is none, one that allows nothing.
#[must_use]
pub fn at_start(folder: &Path, last_good: &Path) -> AtStart {
    let error = match read(folder) {
        Ok(taken) => {
            keep_last_good(last_good, &taken.sources);
            return AtStart { policy: taken.policy, remote: taken.remote, error: None };
        }
        Err(error) => error,
    };
    let (policy, remote) = match read_last_good(last_good) {
        Ok(loaded) => (Arc::new(loaded.policy), loaded.remote),
        Err(_) => (Arc::new(nothing()), Remote::default()),
    };
    AtStart { policy, remote, error: Some(error) }
}

/// Keeps files that were taken. If it cannot, the policy is in force all the same.
pub fn keep_last_good(path: &Path, sources: &[SourceFile]) {
    if let Err(error) = write_last_good(path, sources) {
        eprintln!("the policy files cannot be kept in {}: {error}", path.display());
    }
}

fn write_last_good(path: &Path, sources: &[SourceFile]) -> io::Result<()> {
    let kept: Vec<Kept> = sources
        .iter()
        .map(|source| Kept {
            name: source.name().to_owned(),
            contents: String::from_utf8_lossy(source.contents()).into_owned(),
        })
        .collect();
    let fresh = path.with_extension("new");
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&serde_json::to_vec(&kept)?)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

fn read_last_good(path: &Path) -> io::Result<Loaded> {
    loaded(kept(&fs::read(path)?)?)
}

/// The files of a text that [`keep_last_good`] wrote.
///
/// # Errors
/// When it is another.
pub(crate) fn kept(text: &[u8]) -> io::Result<Vec<SourceFile>> {
    let kept: Vec<Kept> = serde_json::from_slice(text)?;
    Ok(kept.into_iter().map(|kept| SourceFile::new(kept.name, kept.contents)).collect())
}

/// The policy that files of this host come to.
///
/// # Errors
/// With each error and its place.
pub(crate) fn policy_of(sources: Vec<SourceFile>) -> io::Result<Policy> {
    loaded(sources).map(|loaded| loaded.policy)
}

fn loaded(sources: Vec<SourceFile>) -> io::Result<Loaded> {
    writ_policy::parse(sources, &host_name())
        .map_err(|refusal| io::Error::other(refusal.render(Colour::Plain)))
}

fn taken(loaded: Loaded) -> Taken {
    Taken { policy: Arc::new(loaded.policy), remote: loaded.remote, sources: loaded.sources }
}

/// The policy of no files, but one that binds: nothing is allowed.
fn nothing() -> Policy {
    Policy::compile(Settings {
        mode: Mode::Enforce,
        unmatched: Unmatched::Deny,
        ask: Ask {
            from: Vec::new(),
            count: 1,
            all_of: Vec::new(),
            escalate: Vec::new(),
            remind: None,
            self_approval: false,
            timeout: NOTHING_LASTS,
            max_duration: NOTHING_LASTS,
            uses: 1,
            justification: Justification::Off,
            ticket: None,
            reauth: false,
            without_hub: WithoutHub::default(),
            signed: false,
        },
        unattended_wait: NOTHING_LASTS,
        warn: Vec::new(),
        roles: Vec::new(),
        approvers: BTreeMap::new(),
        on_call: BTreeMap::new(),
        break_glass: Vec::new(),
        host: Host { name: host_name().as_str().to_owned(), tags: BTreeSet::new() },
        digest: String::new(),
    })
}

fn host_name() -> HostName {
    HostName::of(rustix::system::uname().nodename().to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_broken_leave_the_last_good_ones_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let last_good = folder.path().join("policy.last-good");
        let file = folder.path().join("writ.toml");
        fs::write(&file, "unmatched = \"pass\"\ntags = [\"one\"]\n").unwrap();
        let first = at_start(folder.path(), &last_good);
        assert_eq!(first.error, None);
        fs::write(&file, "unmatched = 7\n").unwrap();
        let second = at_start(folder.path(), &last_good);
        assert!(second.error.unwrap().contains("writ.toml:1:"));
        assert_eq!(second.policy, first.policy);
    }

    #[test]
    fn without_any_good_files_nothing_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("writ.toml"), "nonsense").unwrap();
        let start = at_start(folder.path(), &folder.path().join("policy.last-good"));
        assert!(start.error.is_some());
        assert_eq!(start.policy.settings().unmatched, writ_engine::policy::Unmatched::Deny);
        assert_eq!(start.policy.settings().mode, writ_engine::policy::Mode::Enforce);
    }
}
