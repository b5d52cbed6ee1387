//! Opening the ledger, and going on after a break.

use std::path::{Path, PathBuf};

use nix::unistd::Group;
use writ_engine::Engine;
use writ_engine::limits::STATE_BYTES_MAX;
use writ_engine::state::ReplayError;
use writ_ledger::{
    AcknowledgeError, Acknowledgement, Content, Entry, Ledger, OpenError, Options,
    RECORD_BYTES_MAX, SNAPSHOT_BYTES_MAX, Snapshot,
};

use crate::core::Store;
use crate::sentence;

/// The group that may read the ledger, where the host has it (Debian: it reads
/// logs).
const READERS: &str = "adm";

// A state that is as large as the engine lets it grow must fit a snapshot, with room
// for the request that reached the limit and for what people answer after it.
const _: () = assert!(
    STATE_BYTES_MAX + 4 * RECORD_BYTES_MAX <= SNAPSHOT_BYTES_MAX,
    "a full state would not fit a snapshot, and the ledger could not rotate"
);

/// A record that the engine does not take back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotOurs {
    /// It cannot be read.
    #[error("it was written by another version of Writ, or by another program: {0}")]
    Unread(#[from] serde_json::Error),
    /// It does not follow from those before it.
    #[error(transparent)]
    Stray(#[from] ReplayError),
}

/// The ledger as it was found.
pub(crate) struct Found {
    /// The engine, as replaying gives it; of a broken ledger, a new one.
    pub engine: Engine,
    /// The ledger, or why there is none.
    pub store: Store,
    /// A torn last line that was cut off, in bytes.
    pub torn_bytes: Option<u64>,
}

fn options() -> Options {
    let group = Group::from_name(READERS).ok().flatten().map(|group| group.gid.as_raw());
    Options { group, ..Options::default() }
}

/// Opens the ledger and replays it. One that is broken is not opened: the agent
/// starts all the same, refuses everything and says why.
///
/// # Errors
/// When another agent has it, or the system refuses.
pub(crate) fn open(directory: &Path) -> Result<Found, OpenError> {
    let mut engine = Engine::new();
    match Ledger::open(directory, options(), |entry| replay(&mut engine, entry)) {
        Ok((ledger, opened)) => Ok(Found {
            engine,
            store: Store::Open(Box::new(ledger)),
            torn_bytes: opened.torn.map(|torn| torn.tail.bytes),
        }),
        Err(error @ (OpenError::Broken(_) | OpenError::Replay { .. })) => Ok(Found {
            engine: Engine::new(),
            store: Store::Sealed(sentence(&error)),
            torn_bytes: None,
        }),
        Err(error) => Err(error),
    }
}

fn replay(engine: &mut Engine, entry: Entry) -> Result<(), NotOurs> {
    match entry.content {
        Content::Record(json) => engine.replay(&serde_json::from_str(&json)?)?,
        Content::Snapshot { state, .. } => *engine = Engine::restore(&state)?,
    }
    Ok(())
}

/// What comes of [`acknowledge`].
pub(crate) struct Acknowledged {
    /// The engine, as it was before the break.
    pub engine: Engine,
    /// The ledger, which goes on.
    pub ledger: Ledger,
    /// The files that hold what was put aside.
    pub kept: Vec<PathBuf>,
}

/// Root has seen the break: sets it aside and goes on from what was before it.
///
/// # Errors
/// When there is no break, or the system refuses.
pub(crate) fn acknowledge(directory: &Path) -> Result<Acknowledged, AcknowledgeError> {
    let mut engine = Engine::new();
    let acknowledgement =
        Acknowledgement::prepare(directory, options(), |entry| replay(&mut engine, entry))?;
    let unwritable =
        |source| AcknowledgeError::Open(OpenError::Replay { segment: 0, line: 0, source });
    let state = engine.snapshot().map_err(|error| unwritable(error.into()))?;
    let snapshot = Snapshot::from_json(&state).map_err(|error| unwritable(error.into()))?;
    let done = acknowledgement.commit(&snapshot)?;
    let mut engine = Engine::new();
    let (ledger, _) = Ledger::open(directory, options(), |entry| replay(&mut engine, entry))?;
    Ok(Acknowledged { engine, ledger, kept: done.kept })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use writ_engine::effect::Refusal;
    use writ_engine::event::Wish;
    use writ_engine::facts::{
        Account, Act, Action, Aim, AttemptId, Command, Door, Evidence, Person, Presence, RunAs, Uid,
    };
    use writ_engine::id::IdKey;
    use writ_engine::policy::Policy;
    use writ_engine::time::{BootTime, Now, WallTime};
    use writ_engine::{Effect, Event};
    use writ_policy::{HostName, SourceFile};

    const NOW: Now = Now { boot: BootTime(1_000), wall: WallTime(1_800_000_000_000) };

    /// Makes an event true, and what the agent answers to it; without a ledger.
    fn tell(engine: &mut Engine, event: Event) -> Result<(), Refusal> {
        let step = engine.step(NOW, event);
        for change in step.changes {
            engine.apply(change);
        }
        for effect in step.effects {
            if let Effect::Examine { attempt, .. } = effect {
                let evidence = Evidence { sha256: Some("ab".repeat(32)), writable: None };
                tell(engine, Event::Examined { attempt, evidence })?;
            }
        }
        step.result.map(drop)
    }

    /// An engine that people of many groups have filled with commands of so many bytes,
    /// of those that take the most room once they are escaped.
    fn filled(policy: &str, command_bytes: usize) -> Engine {
        let sources = vec![SourceFile::new("writ.toml", policy)];
        let parsed = writ_policy::parse(sources, &HostName::of(b"web-1")).unwrap();
        let policy: Arc<Policy> = Arc::new(parsed.policy);
        let (version, boot_id) = ("1".to_owned(), "1".to_owned());
        let (fresh_key, torn_bytes) = (IdKey(1), None);
        let mut engine = Engine::new();
        let started = Event::Started { version, boot_id, fresh_key, torn_bytes, policy };
        tell(&mut engine, started).unwrap();
        let mut asked: u128 = 0;
        for uid in 1000..1008 {
            loop {
                asked += 1;
                let attempt = AttemptId::parse(&format!("{asked:032x}")).unwrap();
                let (person, act) = (person(uid), act(asked, command_bytes));
                let event = Event::Asked { attempt, person, act, wish: Wish::default() };
                match tell(&mut engine, event) {
                    Ok(()) => {}
                    Err(Refusal::TooMany(_)) => break,
                    Err(other) => panic!("{other}"),
                }
            }
        }
        engine
    }

    fn person(uid: u32) -> Person {
        let groups: BTreeSet<String> =
            (0..200).map(|number| format!("DOMAIN\\group of people {number}")).collect();
        let account = Account { uid: Uid(uid), name: format!("user{uid}") };
        let login = Some(account.clone());
        Person { login, session_owner: Some(Uid(uid)), groups, ..Person::known_by(account) }
    }

    fn act(number: u128, command_bytes: usize) -> Act {
        let run_as = RunAs { user: "root".to_owned(), uid: Uid(0), group: None };
        let argv = vec!["id".to_owned(), number.to_string(), "\"".repeat(command_bytes)];
        let (path, cwd) = ("/usr/bin/id".to_owned(), "/".to_owned());
        let command = Command { path, argv, cwd, run_as, action: Action::Run };
        let (tty, source_ip) = (Some("/dev/pts/3".to_owned()), None);
        let aim = Aim::Command(command);
        Act { door: Door::Sudo, aim, tty, source_ip, presence: Presence::Unattended }
    }

    #[test]
    fn the_fullest_state_fits_a_snapshot() {
        let people = "mode = \"enforce\"\nunmatched = \"ask\"\n[ask]\nfrom = [\"bob\"]\njustification = \"off\"\n";
        for (policy, command_bytes) in [("unmatched = \"pass\"\n", 390_000), (people, 20_000)] {
            let state = filled(policy, command_bytes).snapshot().unwrap();
            assert!(state.len() > STATE_BYTES_MAX / 2, "only {} bytes: not full", state.len());
            assert!(state.len() <= STATE_BYTES_MAX + RECORD_BYTES_MAX, "{} bytes", state.len());
            Snapshot::from_json(&state).unwrap();
        }
    }
}
