//! What a cursor tells, against what the journal got when it happened.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use writ_engine::effect::Effect;
use writ_engine::event::Wish;
use writ_engine::facts::{
    Account, Act, Action, Aim, AttemptId, Command, Door, Evidence, Person, Presence, RunAs, Uid,
};
use writ_engine::id::IdKey;
use writ_engine::time::{BootTime, Now, WallTime};
use writ_engine::{Engine, Event};
use writ_ledger::{Durability, Ledger, Options, Snapshot};
use writ_policy::{HostName, SourceFile};
use writ_protocol::courier::EventReply;

use super::{Cursor, EventsError};
use crate::core::entries;

const NOW: Now = Now { boot: BootTime(1_000), wall: WallTime(1_800_000_000_000) };

const POLICY: &str =
    "mode = \"enforce\"\nunmatched = \"ask\"\n[ask]\nfrom = [\"bob\"]\njustification = \"off\"\n";

/// An agent's engine and ledger, and what its journal got.
struct Host {
    folder: TempDir,
    engine: Engine,
    ledger: Ledger,
    journal: Vec<(u64, String)>,
    asked: u128,
}

impl Host {
    fn started() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, _) = open(&folder.path().join("ledger"));
        let (engine, journal) = (Engine::new(), Vec::new());
        let mut host = Self { folder, engine, ledger, journal, asked: 0 };
        let sources = vec![SourceFile::new("writ.toml", POLICY)];
        let parsed = writ_policy::parse(sources, &HostName::of(b"web-1")).unwrap();
        host.tell(Event::Started {
            version: "1".to_owned(),
            boot_id: "boot".to_owned(),
            fresh_key: IdKey(7),
            torn_bytes: None,
            policy: Arc::new(parsed.policy),
        });
        host
    }

    fn tell(&mut self, event: Event) {
        let step = self.engine.step(NOW, event);
        let entries = entries(&self.engine, &step.records);
        let records: Vec<writ_ledger::Record> =
            step.records.iter().map(|record| writ_ledger::Record::of(record).unwrap()).collect();
        for (entry, record) in entries.iter().zip(&records) {
            self.ledger.append(std::slice::from_ref(record), Durability::WrittenThrough).unwrap();
            self.journal.push((self.head(), entry.line()));
        }
        for change in step.changes {
            self.engine.apply(change);
        }
        for effect in step.effects {
            if let Effect::Examine { attempt, .. } = effect {
                let evidence = Evidence { sha256: Some("ab".repeat(32)), writable: None };
                self.tell(Event::Examined { attempt, evidence });
            }
        }
    }

    /// Somebody asks for a command and takes it back: the record that ends the request
    /// says nothing of the command itself.
    fn story(&mut self) {
        self.asked += 1;
        let attempt = AttemptId::parse(&format!("{:032x}", self.asked)).unwrap();
        let account = Account { uid: Uid(1000), name: "alice".to_owned() };
        let person = Person {
            login: Some(account.clone()),
            session_owner: None,
            account,
            groups: Default::default(),
            approver: None,
        };
        let run_as = RunAs { user: "root".to_owned(), uid: Uid(0), group: None };
        let argv = vec!["id".to_owned(), format!("n{}", self.asked)];
        let (path, cwd, action) = ("/usr/bin/id".to_owned(), "/".to_owned(), Action::Run);
        let aim = Aim::Command(Command { path, argv, cwd, run_as, action });
        let act = Act {
            door: Door::Sudo,
            aim,
            tty: None,
            source_ip: None,
            presence: Presence::Interactive,
        };
        let asked = Event::Asked { attempt, person: person.clone(), act, wish: Wish::default() };
        self.tell(asked);
        let id = self.engine.list().next().expect("a request is open").id;
        self.tell(Event::Cancelled { person, id });
    }

    fn rotate(&mut self) {
        let snapshot = Snapshot::from_json(&self.engine.snapshot().unwrap()).unwrap();
        self.ledger.rotate(&snapshot).unwrap();
    }

    fn head(&self) -> u64 {
        self.ledger.head().link.seq
    }

    fn directory(&self) -> std::path::PathBuf {
        self.folder.path().join("ledger")
    }

    fn behind(&self, line: u64, digest: Option<&str>) -> Cursor {
        Cursor::behind(self.directory(), line, digest.map(str::to_owned))
    }
}

fn open(directory: &Path) -> (Ledger, writ_ledger::Opened) {
    let ignore = |_| Ok::<(), std::convert::Infallible>(());
    Ledger::open(directory, Options::default(), ignore).unwrap()
}

/// All that a cursor has up to a line.
fn all(cursor: &mut Cursor, head: u64) -> Vec<EventReply> {
    let mut told = Vec::new();
    while cursor.is_behind(head) {
        told.extend(cursor.read(head).unwrap());
    }
    told
}

/// The number and the fields, as a line of the journal.
fn lines(told: &[EventReply]) -> Vec<(u64, String)> {
    let line = |reply: &EventReply| {
        let pairs = reply.event.fields.iter();
        let pairs =
            pairs.map(|field| format!("{}=\"{}\"", field.name, field.value.replace('"', "\\\"")));
        pairs.collect::<Vec<_>>().join(" ")
    };
    told.iter().map(|reply| (reply.event.seq, line(reply))).collect()
}

#[test]
fn each_event_has_the_fields_that_the_journal_got_across_segments() {
    let mut host = Host::started();
    for number in 0..60 {
        host.story();
        if number % 20 == 19 {
            host.rotate();
        }
    }
    let told = all(&mut host.behind(0, None), host.head());
    assert_eq!(lines(&told), host.journal);
    let ended = host.journal.iter().filter(|(_, line)| line.contains("request.cancelled"));
    assert!(
        ended.clone().count() == 60 && ended.clone().all(|(_, line)| line.contains("/usr/bin/id"))
    );
    assert!(told.iter().all(|reply| reply.missing == 0 && !reply.again));
}

#[test]
fn from_any_place_on_nothing_is_missing_and_nothing_comes_twice() {
    let mut host = Host::started();
    for _ in 0..3 {
        host.story();
        host.rotate();
    }
    let whole = all(&mut host.behind(0, None), host.head());
    for (index, reply) in whole.iter().enumerate() {
        let mut cursor = host.behind(reply.event.seq, Some(&reply.event.digest));
        assert_eq!(all(&mut cursor, host.head()), whole[index + 1..]);
        assert!(!cursor.is_behind(host.head()));
    }
}

#[test]
fn a_cursor_goes_on_as_the_ledger_grows_and_stops_at_the_head() {
    let mut host = Host::started();
    let mut cursor = host.behind(0, None);
    let mut told = Vec::new();
    for number in 0..30 {
        let confirmed = host.head();
        host.story();
        if number % 7 == 0 {
            host.rotate();
        }
        told.extend(all(&mut cursor, confirmed));
        assert_eq!(told.last().map(|reply| reply.event.seq <= confirmed), Some(true));
    }
    told.extend(all(&mut cursor, host.head()));
    assert_eq!(lines(&told), host.journal);
}

#[test]
fn a_line_that_is_another_than_was_known_is_told_with_its_whole_segment() {
    let mut host = Host::started();
    host.story();
    host.rotate();
    let begins = host.head();
    for _ in 0..3 {
        host.story();
    }
    let head = host.head();
    let newest: Vec<_> = host.journal.iter().filter(|(seq, _)| *seq >= begins).cloned().collect();
    for (line, digest) in [(head, "00"), (head - 1, "00"), (head + 100, "00")] {
        let told = all(&mut host.behind(line, Some(digest)), head);
        assert_eq!(lines(&told), newest, "{line}");
        assert!(told[0].again && told[1..].iter().all(|reply| !reply.again));
    }
    // Without a digest a number beyond the end is as much a sign.
    assert_eq!(lines(&all(&mut host.behind(head + 100, None), head)), newest);
}

#[test]
fn lines_that_are_gone_are_counted() {
    let mut host = Host::started();
    host.story();
    host.rotate();
    let begins = host.head();
    host.story();
    std::fs::remove_file(host.directory().join("00000001.jsonl")).unwrap();
    let told = all(&mut host.behind(1, Some("00")), host.head());
    // The first event stands behind the snapshot, which is a line, too.
    assert_eq!((told[0].event.seq, told[0].missing), (begins + 1, begins - 2));
    assert!(told[1..].iter().all(|reply| reply.missing == 0));
}

#[test]
fn a_broken_ledger_gives_no_events_behind_the_break() {
    let mut host = Host::started();
    host.story();
    host.story();
    let file = host.directory().join("00000001.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("n2", "n3", 1)).unwrap();
    let mut cursor = host.behind(0, None);
    let before = cursor.read(host.head()).unwrap();
    let whole = host.journal.iter().take_while(|(_, line)| !line.contains(" n2"));
    assert_eq!(lines(&before), whole.cloned().collect::<Vec<_>>());
    let error = cursor.read(host.head()).unwrap_err();
    assert!(matches!(error, EventsError::Ledger(writ_ledger::ReadError::Broken(_))), "{error}");
}

#[test]
fn a_head_beyond_the_end_is_an_error_and_no_endless_loop() {
    let mut host = Host::started();
    host.story();
    let mut cursor = host.behind(0, None);
    let beyond = host.head() + 1;
    let mut ended = None;
    for _ in 0..10 {
        if let Err(error) = cursor.read(beyond) {
            ended = Some(error);
            break;
        }
    }
    assert!(matches!(ended, Some(EventsError::Ends(_))));
}
