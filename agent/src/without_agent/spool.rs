//! What was let pass, on the disk until the agent takes it into its ledger.
//!
//! A folder of root's: one file for each, numbered in the order in which they came. A file
//! has its name only when it is whole and on the disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use writ_engine::facts::AttemptId;

use super::entry::Entry;
use super::roots_file;

/// The most entries. Who has to do more without the agent has to see to the agent.
pub(super) const ENTRIES_MAX: usize = 1000;

/// The most entries of one account, so that nobody takes the room of others.
const ENTRIES_PER_ACCOUNT_MAX: usize = ENTRIES_MAX / 4;

/// All entries together, in bytes.
const SPOOL_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Those of one account, in bytes.
const SPOOL_BYTES_PER_ACCOUNT_MAX: u64 = SPOOL_BYTES_MAX / 4;

/// The longest entry, in bytes: a command line as long as may be, and who ran it.
pub(super) const ENTRY_BYTES_MAX: u64 = 1024 * 1024;

/// How often an account may break the glass within [`GLASS_WITHIN_MS`]: everybody at a
/// terminal is told each time.
pub(super) const GLASS_PER_HOUR_MAX: usize = 30;

/// An hour, in milliseconds.
const GLASS_WITHIN_MS: u64 = 60 * 60 * 1000;

/// The file that keeps two from writing at once.
const LOCK: &str = "lock";

/// Where an entry is written before it has its name.
const FRESH: &str = "entry.new";

/// How an entry's name ends.
const ENDING: &str = ".json";

/// Why something cannot be put down.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpoolError {
    /// As many as may.
    #[error(
        "as much has passed without the agent as can be kept for its ledger; see to the agent (`systemctl status writd`)"
    )]
    Full,
    /// As often as one may break the glass.
    #[error(
        "the glass was broken {GLASS_PER_HOUR_MAX} times within an hour without the agent, which is as often as one may; see to the agent (`systemctl status writd`)"
    )]
    Often,
    /// The disk, or the folder.
    #[error("it cannot be put on record in {folder}: {why}")]
    Failed {
        /// Where.
        folder: String,
        /// Why.
        why: io::Error,
    },
}

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Spool(PathBuf);

impl Spool {
    /// In that folder.
    pub(super) fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// Puts an entry down; once this returns, it is on the disk. One of the same attempt
    /// that is there already is enough; says whether there was none.
    ///
    /// # Errors
    /// When there is no room, or it cannot be written.
    pub(super) fn put(&self, entry: &Entry) -> Result<bool, SpoolError> {
        let failed = |why| SpoolError::Failed { folder: self.0.display().to_string(), why };
        let folder = roots_file::folder(&self.0).map_err(failed)?;
        let lock = own_file(&self.0.join(LOCK)).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let names = self.names().map_err(failed)?;
        if names.iter().any(|name| attempt_of(name) == Some(entry.attempt.as_str())) {
            return Ok(false);
        }
        let text = serde_json::to_vec(entry).map_err(|error| failed(error.into()))?;
        let account = entry.about.requester.account.uid.0;
        self.check_room(&names, account, text.len())?;
        self.check_rate(&names, entry)?;
        let number = names.last().and_then(|name| parts(name)).map_or(0, |parts| parts.number);
        let name = format!("{:010}-{account}-{}{ENDING}", number + 1, entry.attempt.as_str());
        self.write(&text, &name).and_then(|()| folder.sync_all()).map_err(failed)?;
        Ok(true)
    }

    fn write(&self, text: &[u8], name: &str) -> io::Result<()> {
        let fresh = self.0.join(FRESH);
        let mut file = own_file(&fresh)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&fresh, self.0.join(name))
    }

    /// The entries, in the order in which they came; none where there is no folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let listed = match fs::read_dir(&self.0) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in listed {
            let name = entry?.file_name().into_string();
            names.extend(name.ok().filter(|name| parts(name).is_some()));
        }
        names.sort();
        Ok(names)
    }

    /// The entry of that name.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub(super) fn read(&self, name: &str) -> io::Result<Entry> {
        let text = roots_file::read(&self.0.join(name), ENTRY_BYTES_MAX)?;
        let entry: Entry = serde_json::from_slice(&text)?;
        if attempt_of(name) != Some(entry.attempt.as_str()) {
            return Err(io::Error::other("its name is that of another"));
        }
        Ok(entry)
    }

    /// Forgets an entry that is in the ledger.
    ///
    /// # Errors
    /// When the file stays.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))?;
        File::open(&self.0)?.sync_all()
    }

    /// Puts aside what is no entry, so that it is there to be looked at and holds nothing up.
    ///
    /// # Errors
    /// When the file stays where it is.
    pub(super) fn put_aside(&self, name: &str) -> io::Result<()> {
        fs::rename(self.0.join(name), self.0.join(format!("{name}.unread")))
    }

    /// Whether an account may break the glass once more.
    fn check_rate(&self, names: &[String], entry: &Entry) -> Result<(), SpoolError> {
        if !entry.glass {
            return Ok(());
        }
        let account = entry.about.requester.account.uid.0;
        let own = names.iter().filter(|name| parts(name).is_some_and(|of| of.account == account));
        // One that is later than now is of a clock that was set back, and counts.
        let since = entry.at.0.saturating_sub(GLASS_WITHIN_MS);
        let counts = |known: &Entry| known.glass && known.at.0 > since;
        let lately = own.filter_map(|name| self.read(name).ok()).filter(counts).count();
        if lately < GLASS_PER_HOUR_MAX { Ok(()) } else { Err(SpoolError::Often) }
    }

    /// Whether one more of an account fits.
    fn check_room(&self, names: &[String], account: u32, bytes: usize) -> Result<(), SpoolError> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let (mut all, mut own) = ((1, bytes), (1, bytes));
        for name in names {
            // One that is gone meanwhile, the agent has taken.
            let length = fs::symlink_metadata(self.0.join(name)).map_or(0, |file| file.len());
            let is_own = parts(name).is_some_and(|parts| parts.account == account);
            for sum in [Some(&mut all), is_own.then_some(&mut own)].into_iter().flatten() {
                *sum = (sum.0 + 1, sum.1.saturating_add(length));
            }
        }
        let fits = all.0 <= ENTRIES_MAX
            && all.1 <= SPOOL_BYTES_MAX
            && own.0 <= ENTRIES_PER_ACCOUNT_MAX
            && own.1 <= SPOOL_BYTES_PER_ACCOUNT_MAX;
        if fits { Ok(()) } else { Err(SpoolError::Full) }
    }
}

/// An empty file that only root may read.
fn own_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// What the name of an entry says: `0000000001-1000-0123….json`.
struct Parts<'a> {
    number: u64,
    account: u32,
    attempt: &'a str,
}

fn parts(name: &str) -> Option<Parts<'_>> {
    let mut parts = name.strip_suffix(ENDING)?.splitn(3, '-');
    let (number, account, attempt) = (parts.next()?, parts.next()?, parts.next()?);
    AttemptId::parse(attempt)?;
    Some(Parts { number: number.parse().ok()?, account: account.parse().ok()?, attempt })
}

fn attempt_of(name: &str) -> Option<&str> {
    parts(name).map(|parts| parts.attempt)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use writ_engine::facts::{
        Account, Act, Action, Aim, Command, Door, Person, Presence, RunAs, Uid,
    };
    use writ_engine::record::{About, Force, Source};
    use writ_engine::time::WallTime;

    /// What the account `uid` did in its attempt `nth`.
    pub(crate) fn entry(uid: u32, nth: u32) -> Entry {
        let account = Account { uid: Uid(uid), name: format!("user{uid}") };
        let command = Command {
            path: "/usr/bin/id".into(),
            argv: vec!["id".into(), "\\xff\u{1b}[2J\n\"".into()],
            cwd: "/".into(),
            run_as: RunAs { user: "root".into(), uid: Uid(0), group: None },
            action: Action::Run,
        };
        let act = Act {
            door: Door::Sudo,
            aim: Aim::Command(command),
            tty: None,
            source_ip: None,
            presence: Presence::Unattended,
        };
        Entry {
            at: WallTime(1_700_000_000_000 + u64::from(nth)),
            attempt: AttemptId::parse(&format!("{uid:016x}{nth:016x}")).unwrap(),
            force: Force::Enforced,
            glass: false,
            about: About {
                attempt: None,
                requester: Person::known_by(account),
                act,
                reason: None,
                ticket: None,
                sha256: None,
                source: Source::of_role("ops"),
            },
        }
    }

    pub(crate) fn spool() -> (tempfile::TempDir, Spool) {
        let place = tempfile::tempdir().unwrap();
        let spool = Spool::at(place.path().to_owned());
        (place, spool)
    }

    #[test]
    fn entries_come_back_whole_and_in_their_order() {
        let (_place, spool) = spool();
        for (uid, nth) in [(2000, 1), (1000, 1), (1000, 2)] {
            spool.put(&entry(uid, nth)).unwrap();
        }
        let names = spool.names().unwrap();
        let read: Vec<Entry> = names.iter().map(|name| spool.read(name).unwrap()).collect();
        assert_eq!(read, [entry(2000, 1), entry(1000, 1), entry(1000, 2)]);
        spool.remove(&names[0]).unwrap();
        spool.put(&entry(7, 7)).unwrap();
        let last = spool.names().unwrap().pop().unwrap();
        assert_eq!(spool.read(&last).unwrap(), entry(7, 7), "a new one is behind the others");
    }

    #[test]
    fn the_same_attempt_is_kept_once() {
        let (_place, spool) = spool();
        assert!(spool.put(&entry(1000, 1)).unwrap());
        assert!(!spool.put(&entry(1000, 1)).unwrap());
        assert_eq!(spool.names().unwrap().len(), 1);
    }

    #[test]
    fn an_account_takes_its_share_and_all_of_them_no_more_than_there_is() {
        let (_place, spool) = spool();
        let most = u32::try_from(ENTRIES_PER_ACCOUNT_MAX).unwrap();
        let mut number = 0;
        for uid in 1..=4 {
            for nth in 1..=most {
                // The last of each as it is put down, the others only as they lie there.
                match nth == most {
                    true => assert!(spool.put(&entry(uid, nth)).unwrap()),
                    false => {
                        let attempt = entry(uid, nth).attempt;
                        let name = format!("{:010}-{uid}-{}{ENDING}", number + 1, attempt.as_str());
                        fs::write(spool.0.join(name), "{}").unwrap();
                    }
                }
                number += 1;
            }
            assert!(matches!(spool.put(&entry(uid, 0)), Err(SpoolError::Full)), "{uid}");
        }
        assert!(matches!(spool.put(&entry(9, 9)), Err(SpoolError::Full)), "all is taken");
        let first = spool.names().unwrap().remove(0);
        spool.remove(&first).unwrap();
        spool.put(&entry(9, 9)).unwrap();
    }

    #[test]
    fn an_account_breaks_the_glass_so_often_within_an_hour_and_no_other_is_held_up() {
        let (_place, spool) = spool();
        let glass = |uid, nth| Entry { glass: true, ..entry(uid, nth) };
        for nth in 0..u32::try_from(GLASS_PER_HOUR_MAX).unwrap() {
            spool.put(&entry(1000, 1000 + nth)).unwrap();
            spool.put(&glass(1000, nth)).unwrap();
        }
        assert!(matches!(spool.put(&glass(1000, 500)), Err(SpoolError::Often)));
        assert!(!spool.put(&glass(1000, 1)).unwrap(), "a door that lost the answer");
        assert!(spool.put(&glass(2000, 1)).unwrap() && spool.put(&entry(1000, 500)).unwrap());
        let mut later = glass(1000, 501);
        later.at.0 -= 2 * GLASS_WITHIN_MS;
        assert!(matches!(spool.put(&later), Err(SpoolError::Often)), "the clock was set back");
        later.at.0 += 4 * GLASS_WITHIN_MS;
        assert!(spool.put(&later).unwrap());
    }

    #[test]
    fn long_entries_are_counted_by_their_bytes() {
        let (_place, spool) = spool();
        let long = |uid, nth| {
            let mut entry = entry(uid, nth);
            entry.about.reason = Some("x".repeat(1024 * 1024));
            entry
        };
        for nth in 0..3 {
            spool.put(&long(1000, nth)).unwrap();
        }
        assert!(matches!(spool.put(&long(1000, 9)), Err(SpoolError::Full)));
        assert!(spool.put(&long(2000, 9)).is_ok());
    }

    #[test]
    fn a_folder_that_is_not_roots_alone_takes_nothing() {
        let (place, spool) = spool();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(spool.put(&entry(1000, 1)), Err(SpoolError::Failed { .. })));
        let link = place.path().join("link");
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o750)).unwrap();
        symlink(place.path(), &link).unwrap();
        assert!(Spool::at(link).put(&entry(1000, 1)).is_err());
        assert!(Spool::at(place.path().join("none")).put(&entry(1000, 1)).is_err());
        assert!(spool.names().unwrap().is_empty());
    }

    #[test]
    fn what_is_no_entry_of_ours_is_not_read_as_one() {
        let (place, spool) = spool();
        spool.put(&entry(1000, 1)).unwrap();
        let name = spool.names().unwrap().remove(0);
        let other =
            name.replace("0000000001-1000", "0000000002-1000").replace("01.json", "02.json");
        fs::copy(place.path().join(&name), place.path().join(&other)).unwrap();
        assert!(spool.read(&other).is_err(), "the name of another attempt");
        fs::write(place.path().join(&name), b"{\"at\":1,\0").unwrap();
        assert!(spool.read(&name).is_err());
        spool.put_aside(&name).unwrap();
        assert_eq!(spool.names().unwrap(), [other]);
        assert_eq!(parts("1-2-3.json").map(|parts| parts.number), None);
    }
}
