//! The policy in force, as far as that can be told without the agent: the last that it has
//! taken, if the files are still the same.

use std::path::Path;
use std::{fs, io};

use writ_engine::facts::ROOT;
use writ_engine::policy::{Mode, Policy};
use writ_policy::{HOST_FILE, POLICY_BYTES_MAX, SourceFile, Trust};

use super::roots_file;
use crate::policy_files;
use crate::settings::Places;

/// The longest copy of the files, in bytes: JSON escapes some of theirs.
const COPY_BYTES_MAX: u64 = 4 * POLICY_BYTES_MAX;

/// Why nobody can tell which policy is in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// The agent has left none.
    #[error("the agent has left no copy of its policy that could be gone by ({path}: {why})")]
    NoCopy {
        /// Where it should be.
        path: String,
        /// Why not.
        why: String,
    },
    /// The files say something else now.
    #[error(
        "the policy files have changed since the agent read them, and only the agent can take them; see to the agent (`systemctl status writd`)"
    )]
    Changed,
    /// The files cannot be read.
    #[error("the policy files cannot be read: {0}")]
    Files(String),
}

/// The policy in force.
///
/// # Errors
/// When nobody can tell which that is.
pub(crate) fn policy(places: &Places) -> Result<Policy, SnapshotError> {
    let copied = copied(places)?;
    let policy = policy_files::policy_of(copied.clone());
    let policy = policy.map_err(|why| no_copy(places, &why))?;
    compare(places, &copied, policy.settings().mode)?;
    Ok(policy)
}

/// Whether the copy of a policy that the agent has in force can be gone by.
///
/// # Errors
/// Why not.
pub(crate) fn look(places: &Places, mode: Mode) -> Result<(), SnapshotError> {
    compare(places, &copied(places)?, mode)
}

fn copied(places: &Places) -> Result<Vec<SourceFile>, SnapshotError> {
    roots_file::read(&places.last_good(), COPY_BYTES_MAX)
        .and_then(|copy| policy_files::kept(&copy))
        .map_err(|why| no_copy(places, &why))
}

fn no_copy(places: &Places, why: &io::Error) -> SnapshotError {
    let path = places.last_good().display().to_string();
    SnapshotError::NoCopy { path, why: why.to_string() }
}

fn compare(places: &Places, copied: &[SourceFile], mode: Mode) -> Result<(), SnapshotError> {
    let changed = match writ_policy::read(&places.policy, Trust::OwnedBy(ROOT.0)) {
        Ok(files) if are_same(&files, copied) => return Ok(()),
        Ok(_) => SnapshotError::Changed,
        Err(refusal) => SnapshotError::Files(refusal.to_string()),
    };
    // While it is only observed, nothing is blocked, whatever roles and approvers say.
    match mode {
        Mode::Observe if is_same_host_file(&places.policy, copied) => Ok(()),
        Mode::Observe | Mode::Enforce => Err(changed),
    }
}

fn are_same(files: &[SourceFile], copied: &[SourceFile]) -> bool {
    let said = |file: &SourceFile| (file.name().to_owned(), file.contents().to_vec());
    files.len() == copied.len()
        && files.iter().zip(copied).all(|(file, copy)| said(file) == said(copy))
}

/// That file alone says whether the policy binds.
fn is_same_host_file(folder: &Path, copied: &[SourceFile]) -> bool {
    let copy = copied.iter().find(|file| file.name() == HOST_FILE);
    let path = folder.join(HOST_FILE);
    match roots_file::read(&path, writ_policy::FILE_BYTES_MAX) {
        Ok(contents) => copy.is_some_and(|copy| copy.contents() == contents),
        Err(_) => copy.is_none() && fs::symlink_metadata(&path).is_err(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    pub(crate) struct Host {
        _place: tempfile::TempDir,
        pub(crate) places: Places,
    }

    const ROLE: &str = "[role.ops]\nmembers = [\"alice\"]\n[[role.ops.rule]]\ncommands = [\"/usr/bin/id\"]\ndecision = \"allow\"\nwithout_agent = \"allow\"\n";

    impl Host {
        /// A host whose agent has taken these files.
        pub(crate) fn with(mode: &str, role: &str) -> Self {
            Self::with_files(&format!("mode = \"{mode}\"\n"), role)
        }

        /// The same, with another `writ.toml`.
        pub(crate) fn with_files(host_file: &str, role: &str) -> Self {
            let place = tempfile::tempdir().unwrap();
            let at = |name: &str| place.path().join(name);
            let places = Places {
                policy: at("policy"),
                state: at("state"),
                socket: at("socket"),
                user_database: at("userdb"),
            };
            for folder in [&places.policy, &places.policy.join("roles.d"), &places.state] {
                fs::create_dir(folder).unwrap();
                fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
            }
            let host = Self { _place: place, places };
            host.write("writ.toml", host_file);
            host.write("roles.d/ops.toml", role);
            let taken = policy_files::read(&host.places.policy).unwrap();
            policy_files::keep_last_good(&host.places.last_good(), &taken.sources);
            host
        }

        pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
            let path = self.places.policy.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            path
        }

        fn policy(&self) -> Result<Policy, SnapshotError> {
            policy(&self.places)
        }
    }

    #[test]
    fn files_that_the_agent_has_taken_are_in_force() {
        let host = Host::with("enforce", ROLE);
        let (told, real) =
            (host.policy().unwrap(), policy_files::read(&host.places.policy).unwrap());
        assert_eq!(told, *real.policy);
        // To touch them changes nothing.
        host.write("roles.d/ops.toml", ROLE);
        assert!(host.policy().is_ok());
    }

    #[test]
    fn a_policy_that_was_changed_added_to_or_taken_from_since_is_not_gone_by() {
        let host = Host::with("enforce", ROLE);
        host.write("roles.d/ops.toml", &format!("{ROLE}# a remark\n"));
        assert_eq!(host.policy(), Err(SnapshotError::Changed));
        host.write("roles.d/ops.toml", ROLE);
        assert!(host.policy().is_ok());
        let more = host.write("roles.d/more.toml", "[role.x]\nmembers = []\n");
        assert_eq!(host.policy(), Err(SnapshotError::Changed));
        fs::remove_file(more).unwrap();
        fs::remove_file(host.places.policy.join("roles.d/ops.toml")).unwrap();
        assert_eq!(host.policy(), Err(SnapshotError::Changed));
        fs::rename(
            host.places.policy.join("writ.toml"),
            host.places.policy.join("roles.d/ops.toml"),
        )
        .unwrap();
        assert_eq!(host.policy(), Err(SnapshotError::Changed));
    }

    #[test]
    fn files_that_others_may_write_are_not_gone_by() {
        let host = Host::with("enforce", ROLE);
        let role = host.write("roles.d/ops.toml", ROLE);
        fs::set_permissions(&role, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(host.policy(), Err(SnapshotError::Files(_))));
    }

    #[test]
    fn a_copy_that_is_no_longer_what_the_agent_wrote_is_none() {
        let host = Host::with("enforce", ROLE);
        let copy = host.places.last_good();
        let text = fs::read(&copy).unwrap();
        let is_none = |host: &Host| matches!(host.policy(), Err(SnapshotError::NoCopy { .. }));
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o622)).unwrap();
        assert!(is_none(&host), "others may write it");
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(host.policy().is_ok());
        std::os::unix::fs::chown(&copy, Some(1000), None).unwrap();
        assert!(is_none(&host), "it is a user's");
        fs::remove_file(&copy).unwrap();
        assert!(is_none(&host), "it is gone");
        let elsewhere = host.places.state.join("elsewhere");
        fs::write(&elsewhere, &text).unwrap();
        symlink(&elsewhere, &copy).unwrap();
        assert!(is_none(&host), "it is a link");
        fs::remove_file(&copy).unwrap();
        fs::write(&copy, text.get(..text.len() / 2).unwrap()).unwrap();
        assert!(is_none(&host), "it is half");
    }

    #[test]
    fn while_it_is_only_observed_a_change_of_roles_blocks_nothing_and_one_of_the_mode_does() {
        let host = Host::with("observe", ROLE);
        host.write("roles.d/ops.toml", "nonsense");
        assert_eq!(host.policy().unwrap().settings().mode, Mode::Observe);
        let role = host.write("roles.d/ops.toml", ROLE);
        fs::set_permissions(&role, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(host.policy().is_ok());
        host.write("writ.toml", "mode = \"enforce\"\n");
        assert!(host.policy().is_err());
        fs::remove_file(host.places.policy.join("writ.toml")).unwrap();
        assert!(host.policy().is_err(), "the file is gone");
    }
}
