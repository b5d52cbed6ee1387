//! A ledger in which much has happened: made by the engine, as the agent makes it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use writ_engine::effect::{Answer, Step};
use writ_engine::event::Wish;
use writ_engine::facts::{
    Account, Act, Action, Aim, AttemptId, Command, Door, Ending, Leader, Person, Presence, RunAs,
    Uid,
};
use writ_engine::id::{IdKey, RequestId};
use writ_engine::time::{BootTime, Now, Span, WallTime};
use writ_engine::{Effect, Engine, Event};
use writ_ledger::{Durability, Entry, Ledger, Options, Record, Snapshot};
use writ_policy::{HostName, Trust, load};

/// Writes a ledger with so many events of alice's sudo in `folder`; a new segment, and
/// so a snapshot, comes after so many bytes.
pub(crate) fn write(folder: &Path, events: usize, segment_bytes: u64) {
    let options = Options { segment_bytes, group: None };
    let (ledger, _) = Ledger::open(folder, options, |_: Entry| Ok::<_, std::io::Error>(()))
        .expect("an empty folder");
    let mut history = History { engine: Engine::new(), ledger, events: 0 };
    let policy = load("/etc/writ".as_ref(), &HostName::of(b"host"), Trust::OwnedBy(0));
    history.take(Event::Started {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        boot_id: "earlier".to_owned(),
        fresh_key: IdKey(1),
        torn_bytes: None,
        policy: Arc::new(policy.expect("a policy without errors").policy),
    });
    for number in 0.. {
        if history.events >= events {
            break;
        }
        history.sudo(number);
    }
    history.ledger.sync().expect("a disk");
}

struct History {
    engine: Engine,
    ledger: Ledger,
    events: usize,
}

impl History {
    /// Asked, allowed, started, finished.
    fn sudo(&mut self, number: usize) {
        let attempt = AttemptId::parse(&format!("{number:032x}")).expect("32 digits");
        let asked = Event::Asked {
            attempt: attempt.clone(),
            person: alice(),
            act: act(),
            wish: Wish::default(),
        };
        let id = allowed(&self.take(asked));
        let leader = Leader { pid: 77, started_ticks: 0 };
        self.take(Event::Confirmed { attempt: attempt.clone(), id, sha256: None, leader });
        let ending = Ending::ExitStatus(0);
        self.take(Event::Finished { attempt: attempt.clone(), id, ending, runtime: Some(Span(3)) });
        self.take(Event::Left { attempt });
    }

    fn take(&mut self, event: Event) -> Step {
        let moment = 1_000_000 + self.events as u64;
        let now = Now { boot: BootTime(moment), wall: WallTime(1_790_000_000_000 + moment) };
        let step = self.engine.step(now, event);
        assert!(step.result.is_ok(), "{:?}", step.result);
        if self.ledger.rotation_due() {
            let state = self.engine.snapshot().expect("a state that can be written");
            let snapshot = Snapshot::from_json(&state).expect("a snapshot");
            self.ledger.rotate(&snapshot).expect("a disk");
        }
        let records: Vec<Record> =
            step.records.iter().map(|record| Record::of(record).expect("a record")).collect();
        self.ledger.append(&records, Durability::WrittenThrough).expect("a disk");
        self.events += records.len();
        for change in step.changes.clone() {
            self.engine.apply(change);
        }
        step
    }
}

fn allowed(step: &Step) -> RequestId {
    let answer = step.effects.iter().find_map(|effect| match effect {
        Effect::Answer { answer: Answer::Allowed { id, .. }, .. } => Some(*id),
        _ => None,
    });
    answer.unwrap_or_else(|| panic!("policy did not allow it: {:?}", step.effects))
}

fn alice() -> Person {
    let account = Account { uid: Uid(1000), name: "alice".to_owned() };
    Person {
        login: Some(account.clone()),
        session_owner: Some(account.uid),
        groups: BTreeSet::from(["alice".to_owned(), "developers".to_owned()]),
        approver: None,
        account,
    }
}

fn act() -> Act {
    let command = Command {
        path: "/usr/bin/true".to_owned(),
        argv: vec!["true".to_owned()],
        cwd: "/home/alice".to_owned(),
        run_as: RunAs { user: "root".to_owned(), uid: Uid(0), group: None },
        action: Action::Run,
    };
    Act {
        door: Door::Sudo,
        aim: Aim::Command(command),
        tty: Some("/dev/pts/3".to_owned()),
        source_ip: Some("192.0.2.7".to_owned()),
        presence: Presence::Interactive,
    }
}
