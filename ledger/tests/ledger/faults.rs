//! Disks that are full or fail, played by a storage that fails on demand.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Write as _};
use std::rc::Rc;

use writ_ledger::{Durability, Ledger, Storage, WriteError, verify};

use crate::scene::{SHORT, Scene, record, snapshot, upto};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// write(2) takes this many bytes.
    Short(usize),
    /// write(2) fails with this errno.
    Append(i32),
    Truncate,
    Sync,
    SyncDirectory,
}

const ENOSPC: i32 = 28;
const EIO: i32 = 5;

/// Fails as told, once for each fault.
#[derive(Clone, Default)]
struct Failing(Rc<RefCell<Vec<Fault>>>);

impl Failing {
    fn plan(&self, faults: &[Fault]) {
        self.0.borrow_mut().extend(faults);
    }

    fn take(&self, wanted: impl Fn(Fault) -> bool) -> Option<Fault> {
        let mut faults = self.0.borrow_mut();
        let at = faults.iter().position(|fault| wanted(*fault))?;
        Some(faults.remove(at))
    }

    fn unless(&self, fault: Fault) -> io::Result<()> {
        match self.take(|planned| planned == fault) {
            Some(_) => Err(io::Error::from_raw_os_error(EIO)),
            None => Ok(()),
        }
    }
}

impl Storage for Failing {
    fn append(&mut self, mut segment: &File, bytes: &[u8]) -> io::Result<usize> {
        match self.take(|fault| matches!(fault, Fault::Short(_) | Fault::Append(_))) {
            Some(Fault::Short(length)) => segment.write(&bytes[..length.min(bytes.len() - 1)]),
            Some(Fault::Append(errno)) => Err(io::Error::from_raw_os_error(errno)),
            _ => segment.write(bytes),
        }
    }

    fn truncate(&mut self, segment: &File, bytes: u64) -> io::Result<()> {
        self.unless(Fault::Truncate)?;
        segment.set_len(bytes)
    }

    fn sync(&mut self, segment: &File) -> io::Result<()> {
        self.unless(Fault::Sync)?;
        segment.sync_data()
    }

    fn sync_directory(&mut self, directory: &File) -> io::Result<()> {
        self.unless(Fault::SyncDirectory)?;
        directory.sync_all()
    }
}

fn open(scene: &Scene) -> (Ledger<Failing>, Failing) {
    let failing = Failing::default();
    let replay = |_| Ok::<_, Infallible>(());
    let (ledger, _) = Ledger::open_on(failing.clone(), &scene.directory, SHORT, replay).unwrap();
    (ledger, failing)
}

#[test]
fn a_write_that_fails_leaves_nothing_and_the_next_succeeds() {
    let faults = (0..600).step_by(7).map(Fault::Short);
    for fault in faults.chain([Fault::Append(ENOSPC), Fault::Append(EIO)]) {
        let scene = Scene::with(1, Default::default());
        let (mut ledger, failing) = open(&scene);
        let (head, whole) = (ledger.head(), scene.read(1));
        failing.plan(&[fault]);
        let refused = ledger.append(&[record(2), record(3)], Durability::Synced);
        assert!(matches!(refused, Err(WriteError::NotWritten { .. })), "{fault:?}");
        assert_eq!((ledger.head(), scene.read(1)), (head, whole));
        ledger.append(&[record(2), record(3)], Durability::Synced).unwrap();
        drop(ledger);
        assert_eq!(scene.open(SHORT).unwrap().1, upto(3));
    }
}

#[test]
fn a_write_that_cannot_be_taken_back_stops_everything_until_reopened() {
    for second in [Fault::Truncate, Fault::Sync] {
        let scene = Scene::with(1, Default::default());
        let (mut ledger, failing) = open(&scene);
        failing.plan(&[Fault::Short(50), second]);
        let refused = ledger.append(&[record(2)], Durability::Synced);
        assert!(matches!(refused, Err(WriteError::NotTakenBack { .. })), "{second:?}");
        poisoned(&mut ledger);
        drop(ledger);
        assert_eq!(scene.open(SHORT).unwrap().1, upto(1));
    }
}

#[test]
fn a_failed_sync_stops_everything_until_reopened() {
    let scene = Scene::with(1, Default::default());
    let (mut ledger, failing) = open(&scene);
    failing.plan(&[Fault::Sync]);
    let refused = ledger.append(&[record(2)], Durability::Synced);
    assert!(matches!(refused, Err(WriteError::NotSynced { .. })));
    poisoned(&mut ledger);
    drop(ledger);
    assert_eq!(scene.open(SHORT).unwrap().1, upto(1), "what was refused is not there");

    let (mut ledger, failing) = open(&scene);
    ledger.append(&[record(2)], Durability::WrittenThrough).unwrap();
    failing.plan(&[Fault::Sync]);
    assert!(matches!(ledger.sync(), Err(WriteError::NotSynced { .. })));
    poisoned(&mut ledger);
}

fn poisoned(ledger: &mut Ledger<Failing>) {
    let append = ledger.append(&[record(9)], Durability::WrittenThrough);
    assert!(matches!(append, Err(WriteError::Poisoned)));
    assert!(matches!(ledger.sync(), Err(WriteError::Poisoned)));
    assert!(matches!(ledger.rotate(&snapshot(&[])), Err(WriteError::Poisoned)));
}

#[test]
fn a_rotation_without_room_leaves_the_old_segment_going() {
    for fault in [Fault::Append(ENOSPC), Fault::Short(0), Fault::Short(100)] {
        let scene = Scene::with(1, Default::default());
        let (mut ledger, failing) = open(&scene);
        failing.plan(&[fault]);
        let refused = ledger.rotate(&snapshot(&[1]));
        assert!(matches!(refused, Err(WriteError::NotWritten { .. })), "{fault:?}");
        assert!(!scene.segment(2).exists());
        ledger.append(&[record(2)], Durability::Synced).unwrap();
        ledger.rotate(&snapshot(&[1, 2])).unwrap();
        drop(ledger);
        assert_eq!(scene.open(SHORT).unwrap().1, upto(2));
    }
}

#[test]
fn a_rotation_that_cannot_be_taken_back_stops_everything_and_reopens_well() {
    let scene = Scene::with(1, Default::default());
    let (mut ledger, failing) = open(&scene);
    failing.plan(&[Fault::Short(100), Fault::SyncDirectory]);
    let refused = ledger.rotate(&snapshot(&[1]));
    assert!(matches!(refused, Err(WriteError::NotTakenBack { .. })));
    poisoned(&mut ledger);
    drop(ledger);
    assert_eq!(scene.open(SHORT).unwrap().1, upto(1));
}

#[test]
fn a_rotation_that_is_not_confirmed_stops_everything_and_reopens_well() {
    for fault in [Fault::Sync, Fault::SyncDirectory] {
        let scene = Scene::with(1, Default::default());
        let (mut ledger, failing) = open(&scene);
        failing.plan(&[fault]);
        let refused = ledger.rotate(&snapshot(&[1]));
        assert!(matches!(refused, Err(WriteError::NotSynced { .. })), "{fault:?}");
        poisoned(&mut ledger);
        drop(ledger);
        assert_eq!(scene.open(SHORT).unwrap().1, upto(1));
        assert_eq!(verify(&scene.directory).unwrap().broken, None);
    }
}
