//! Segments, their snapshots, their modes, and the one writer.

use std::convert::Infallible;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use writ_ledger::{Durability, Ledger, OpenError, Options, WriteError, verify};

use crate::scene::{SHORT, Scene, record, snapshot, upto, write};

#[test]
fn replaying_the_newest_segment_gives_what_all_gave() {
    for count in 0..40 {
        let scene = Scene::with(count, SHORT);
        let (_, events, opened) = scene.open(SHORT).unwrap();
        assert_eq!(events, upto(count));
        assert!(opened.torn.is_none());
        let report = verify(&scene.directory).unwrap();
        assert_eq!(report.broken, None);
        assert_eq!(report.segments, u64::from(opened.head.segment) - u64::from(count == 0));
        if count > 0 {
            assert_eq!(report.head, Some(opened.head));
            assert_eq!(report.lines, opened.head.link.seq);
        }
    }
}

#[test]
fn a_snapshot_longer_than_a_segment_does_not_rotate_for_ever() {
    let scene = Scene::with(2, SHORT);
    let (mut ledger, _, _) = scene.open(SHORT).unwrap();
    ledger.rotate(&snapshot(&upto(1000))).unwrap();
    assert!(!ledger.rotation_due());
    drop(ledger);
    assert!(!scene.open(SHORT).unwrap().0.rotation_due());
}

#[test]
fn the_second_writer_is_told_that_there_is_one() {
    let scene = Scene::with(1, SHORT);
    let (first, _, _) = scene.open(SHORT).unwrap();
    let Err(error @ OpenError::Directory(_)) = scene.open(SHORT) else {
        panic!("two writers");
    };
    assert!(error.to_string().starts_with("another process is writing the ledger in "), "{error}");
    drop(first);
    assert!(scene.open(SHORT).is_ok());
}

#[test]
fn files_have_their_modes_and_group_whatever_the_umask() {
    let scene = Scene::new();
    // A group that an ordinary user may give, too: the one of the process.
    let group = fs::metadata("/proc/self").unwrap().gid();
    let options = Options { group: Some(group), ..SHORT };
    let (mut ledger, _, _) = scene.open(options).unwrap();
    ledger.rotate(&snapshot(&[])).unwrap();
    let mode = |path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!(mode(scene.directory.clone()), 0o750);
    for segment in [1, 2] {
        assert_eq!(mode(scene.segment(segment)), 0o640);
        assert_eq!(fs::metadata(scene.segment(segment)).unwrap().gid(), group);
    }
}

#[test]
fn a_directory_that_others_may_write_is_refused() {
    let scene = Scene::with(1, SHORT);
    for mode in [0o770, 0o757] {
        fs::set_permissions(&scene.directory, fs::Permissions::from_mode(mode)).unwrap();
        assert!(scene.open(SHORT).is_err_and(|error| error.to_string().contains("chmod go-w")));
    }
}

#[test]
fn a_link_or_a_directory_in_the_place_of_a_segment_is_not_followed() {
    let scene = Scene::with(1, SHORT);
    let elsewhere = scene.directory.join("elsewhere");
    fs::rename(scene.segment(1), &elsewhere).unwrap();
    symlink(&elsewhere, scene.segment(1)).unwrap();
    assert!(matches!(scene.open(SHORT), Err(OpenError::File(_))));
    fs::remove_file(scene.segment(1)).unwrap();
    fs::create_dir(scene.segment(1)).unwrap();
    assert!(matches!(scene.open(SHORT), Err(OpenError::File(_))));
}

#[test]
fn a_replay_that_fails_names_the_line() {
    let scene = Scene::with(1, Default::default());
    let error = Ledger::open(&scene.directory, SHORT, |_| Err("no such event")).err().unwrap();
    assert_eq!(
        error.to_string(),
        "segment 00000001.jsonl, line 1: the record cannot be replayed: no such event"
    );
}

#[test]
fn the_chain_may_start_at_a_later_segment() {
    let scene = Scene::with(12, SHORT);
    let newest = scene.open(SHORT).unwrap().2.head.segment;
    for removed in 1..newest {
        fs::remove_file(scene.segment(removed)).unwrap();
        let (_, events, _) = scene.open(SHORT).unwrap();
        assert_eq!(events, upto(12));
        let report = verify(&scene.directory).unwrap();
        assert_eq!(report.broken, None);
        assert_eq!(report.first.unwrap().segment, removed + 1);
        assert!(report.first.unwrap().link.seq > 1);
    }
}

#[test]
fn a_batch_is_one_step_of_the_head() {
    let scene = Scene::new();
    let (mut ledger, _, _) = scene.open(Default::default()).unwrap();
    let batch: Vec<_> = (1..=100).map(record).collect();
    let head = ledger.append(&batch, Durability::WrittenThrough).unwrap();
    assert_eq!((head.link.seq, ledger.needs_sync()), (100, true));
    ledger.sync().unwrap();
    assert!(!ledger.needs_sync());
    assert_eq!(ledger.append(&[], Durability::Synced).unwrap(), head);
    drop(ledger);
    assert_eq!(scene.open(Default::default()).unwrap().1, upto(100));
}

#[test]
fn a_file_that_has_the_next_segments_name_stops_the_rotation_only() {
    let scene = Scene::new();
    let (mut ledger, mut events, _) = scene.open(Default::default()).unwrap();
    scene.write(2, b"not ours");
    let refused = ledger.rotate(&snapshot(&[]));
    assert!(matches!(refused, Err(WriteError::NotWritten { .. })));
    assert_eq!(scene.read(2), b"not ours");
    write(&mut ledger, &mut events, 1).unwrap();
}

#[test]
fn an_empty_directory_and_one_without_a_line_open_the_same() {
    let scene = Scene::new();
    for _ in 0..2 {
        let mut lines = 0;
        let (_, opened) = Ledger::open(&scene.directory, SHORT, |_| {
            lines += 1;
            Ok::<_, Infallible>(())
        })
        .unwrap();
        assert_eq!((lines, opened.head.link.seq, opened.replayed), (0, 0, 0));
    }
}
